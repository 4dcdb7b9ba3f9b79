"""The steps that flows are told in: Prefect tasks around the functions of the other modules.

A step passes on what it made in memory (no caching of results by Prefect: members' data stay out of its database). The store retries by itself;
what it then reports is the operator's to mend, so steps are not retried on top.
"""

from __future__ import annotations

import functools
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.agreement import Agreement
from domain.completeness import counting_keys, cycles_to_report, is_due, member_states, open_cycles, open_rejections, unsettled_cycles
from domain.coverage import coverage, weighed
from domain.exceptions import MET
from domain.figures import MemberState
from domain.prefill import by_member
from domain.profile import Profile
from domain.reminders import reminded_cycles
from domain.report import Edition, ReportDocument, asked_texts
from domain.submission import AcceptedRow, Judged
from tasks import (
    approval,
    board,
    collect,
    deliver,
    drafts,
    editions,
    feedback,
    guide,
    letters,
    mail,
    progress,
    quality,
    reconcile,
    render,
    report,
    runs,
    unchanged,
    validate,
    workbooks,
)
from tasks.aggregate import aggregate, missing_rates
from tasks.assessment_view import checklist
from tasks.collect import Inbox, InputFile
from tasks.drafts import Draft
from tasks.earlier import DeliveredReport, cumulative_before, delivered_reports, restatements
from tasks.faults import OperatorFault
from tasks.outcome import Outcome
from tasks.profiles import load_profile
from tasks.settings import read_settings
from tasks.signing import signing_key
from tasks.store import Store, open_store

log = logging.getLogger("fpa")

Function = TypeVar("Function", bound=Callable[..., Any])


def step(function: Function) -> Function:
    """A Prefect task that caches nothing and keeps its result in memory, and says in the UI how far the run is then."""

    @functools.wraps(function)
    def said(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        progress.reached(function.__name__)
        return result

    return task(said, cache_policy=NO_CACHE, persist_result=False, log_prints=False)  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every step needs: the store, the agreement in force, its profile, and the cycle in hand."""

    store: Store
    agreement: Agreement
    profile: Profile
    cycle: str
    inputs: tuple[InputFile, ...]


@step
def cycles_in_hand(cycle: str | None, unsettled: bool = False) -> list[str]:
    """The cycle asked for, else those that are open now, with `unsettled` also those on whose report the EU has not decided. Raises OperatorFault for a
    broken agreement or an unknown cycle."""
    agreement = collect.load_agreement(open_store(read_settings().storage)).agreement
    if cycle:
        return [collect.known_cycle(agreement, cycle)]
    return (unsettled_cycles if unsettled else open_cycles)(agreement, datetime.now(UTC))


@step
def start_due_reports() -> Outcome:
    """Starts a run of report-cycle, which waits for approval, for each cycle whose report is to be made and is not being made already."""
    store = open_store(read_settings().storage)
    agreement = collect.load_agreement(store).agreement
    reported = [cycle.code for cycle in agreement.cycles if deliver.versions(store, cycle.code)]
    due = cycles_to_report(agreement, load_profile(agreement.contract.profile), datetime.now(UTC), reported)
    if not due:
        return Outcome(done=["no report is to be made today"])
    return Outcome(done=[f"{code}: {runs.start_report(code)}" for code in due])


@step
def load(cycle: str) -> Desk:
    """The agreement, checked. Raises OperatorFault for a broken one or an unknown cycle."""
    store = open_store(read_settings().storage)
    loaded = collect.load_agreement(store)
    code = collect.known_cycle(loaded.agreement, cycle)
    log.info("agreement %s: %d members, %d indicators", loaded.agreement.contract.number, len(loaded.agreement.members), len(loaded.agreement.indicators_in(code)))
    return Desk(store, loaded.agreement, load_profile(loaded.agreement.contract.profile), code, loaded.inputs)


@step
def look_for_changes(desk: Desk, include_late: bool) -> unchanged.Seen:
    """The store as it lies there, with what the last collection came to where nothing has changed since, the day included: the board is of a day."""
    settings = read_settings()
    today = datetime.now(ZoneInfo(desk.agreement.timezone)).date()
    mails = hashlib.sha256(settings.smtp.get_secret_value().encode()).hexdigest() if settings.smtp else ""
    given = ("agreement/", "desk/", "reports/", "texts/", "workbooks/", *(f"inbox/{cycle}/" for cycle in desk.agreement.cycles_to(desk.cycle)))
    made = tuple(f"{place}/{desk.cycle}/" for place in ("feedback", "mail", "quality"))
    return unchanged.look(desk.store, f"quality/{desk.cycle}/collected.json", given, made, [include_late, today.isoformat(), mails, settings.mail_from])


@step
def look_for_report(desk: Desk, languages: Sequence[str] | None, include_late: bool, further_editions: Sequence[str] | None) -> unchanged.Seen:
    """The store as it lies there, with what the last run of this report came to where nothing it is made of has changed since."""
    cycles = desk.agreement.cycles_to(desk.cycle)
    given = ("agreement/", "desk/", "texts/", *(f"inbox/{cycle}/" for cycle in cycles), *(f"reports/{cycle}/" for cycle in cycles[:-1]))
    made = (f"reports/{desk.cycle}/", *(f"feedback/{cycle}/" for cycle in cycles))
    about = [include_late, list(languages or ()), list(further_editions or ())]
    return unchanged.look(desk.store, f"quality/{desk.cycle}/reported.json", given, made, about, lambda key: not key.startswith("feedback/") or key.endswith("/receipt.json"))


@step
def nothing_new(desk: Desk, found: Outcome) -> Outcome:
    """What the last run came to; what it showed is shown again."""
    log.info("nothing has changed since the last run")
    board.show_again(desk.cycle)
    return found


@step
def read_all(desk: Desk, include_late: bool) -> Inbox:
    """Every file of all cycles up to this one: an earlier cycle is reference for this one's rules and part of its cumulative figures."""
    inbox = collect.read_inbox(desk.store, desk.agreement, desk.agreement.cycles_to(desk.cycle), include_late)
    log.info("read %d files of %d cycles", len(inbox.submissions), len(desk.agreement.cycles_to(desk.cycle)))
    return inbox


@step
def judge_all(desk: Desk, inbox: Inbox) -> Judged:
    """All rules over all rows."""
    judged = validate.judge(desk.agreement, inbox.submissions, counting_keys(inbox.submissions), desk.profile.questions, desk.profile.lines)
    rows = sum(len(accepted) for accepted in judged.accepted.values())
    log.info("validated: %d rows accepted, %d in error, %d findings", rows, sum(judged.left_out.values()), len(judged.findings))
    idle = [entry for entry in judged.exceptions if entry.effect not in MET]
    if idle:
        log.warning("%d waivers and corrections, %d that meet nothing:", len(judged.exceptions), len(idle))
        for entry in idle:
            log.warning("%s of %s in %s, %s %s: %s", entry.kind, entry.member, entry.cycle, entry.rule or entry.sheet, entry.cell or entry.row or entry.column, entry.effect)
    return judged


@step
def give_feedback(desk: Desk, inbox: Inbox, judged: Judged) -> int:
    """An answer to every file of the cycle; the number of files written (what has not changed is not written again)."""
    written = feedback.write_feedback(desk.store, desk.agreement, desk.cycle, inbox.submissions, judged)
    log.info("feedback: %d files written", len(written))
    return len(written)


def mail_step(function: Function) -> Function:
    """A step that is tried again where the mail server does not answer, each time a little later."""
    return task(  # type: ignore[call-overload]
        function, cache_policy=NO_CACHE, persist_result=False, log_prints=False,
        retries=3, retry_delay_seconds=[5, 30, 120], retry_jitter_factor=0.5, retry_condition_fn=_server_did_not_answer,
    )  # fmt: skip


def _server_did_not_answer(_task: Any, _run: Any, state: Any) -> bool:
    return isinstance(state.data, mail.MailServerFault)


@mail_step
def mail_feedback(desk: Desk, inbox: Inbox, judged: Judged) -> int:
    """Each member's answer by mail, once a file; the number of mails."""
    said = list(feedback.answers_of(desk.agreement, desk.cycle, inbox.submissions, judged))
    return len(letters.send(desk.store, desk.agreement, letters.answers(desk.store, desk.agreement, desk.cycle, said)))


@mail_step
def mail_reminders(desk: Desk, inbox: Inbox) -> Outcome:
    """A mail to each member that owes something today is the day to remind it of."""
    today = datetime.now(ZoneInfo(desk.agreement.timezone)).date()
    sent = letters.send(desk.store, desk.agreement, letters.reminders(desk.store, desk.agreement, desk.cycle, inbox, today))
    members = ", ".join(key.split("/")[2] for key in sent)
    return Outcome(done=[f"{desk.cycle}: {len(sent)} reminded{f': {members}' if members else ''}"])


@mail_step
def mail_question(desk: Desk, member: str, question: str, reply_by: date, outcome: Outcome) -> Outcome:
    """The question goes to the member; the outcome with whether it did."""
    code = member.strip().casefold()
    sent = letters.send(desk.store, desk.agreement, letters.question(desk.store, desk.agreement, code, desk.cycle, " ".join(question.split()), reply_by))
    said = f"{code} was written to: {desk.store.locate(sent[0])}" if sent else f"no mail was sent: {code} has no address in members.csv, or was asked this before"
    return Outcome(done=[*outcome.done, said], needs_person=outcome.needs_person)


@step
def cycles_to_remind(cycle: str | None) -> list[str]:
    """The cycle asked for, else those in which somebody may have to be reminded today."""
    agreement = collect.load_agreement(open_store(read_settings().storage)).agreement
    today = datetime.now(ZoneInfo(agreement.timezone)).date()
    return [collect.known_cycle(agreement, cycle)] if cycle else reminded_cycles(agreement, today)


@step
def publish_board(desk: Desk, inbox: Inbox, judged: Judged) -> int:
    """The board of the cycle as a page, with the Data Docs, and what Prefect's UI shows of it; the number of files written."""
    today = datetime.now(ZoneInfo(desk.agreement.timezone)).date()
    situation = quality.situation_of(desk.store, desk.agreement, desk.cycle, today)
    seen = quality.quality_of(desk.agreement, desk.profile, desk.cycle, inbox.submissions, judged, situation)
    written = quality.write_quality(desk.store, seen, judged.validations)
    board.show_board(seen, f"quality/{desk.cycle}/index.html")
    log.info("board: %d files written", len(written))
    return len(written)


# --- the report -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Basis:
    """What a report is a function of, and what of it has been read already."""

    content: Mapping[str, Any]
    languages: tuple[str, ...]
    editions: tuple[Edition, ...]
    texts: report.Texts
    earlier: Sequence[DeliveredReport]
    """The latest delivered reports of the cycles before."""

    @property
    def identifier(self) -> str:
        return deliver.identifier_of(self.content)


@step
def describe_basis(desk: Desk, inbox: Inbox, languages: Sequence[str] | None, include_late: bool, further_editions: Sequence[str] | None = None) -> Basis:
    """Everything the report depends on, with its hash. Raises OperatorFault for a language or an edition that cannot be had, and for a key that cannot
    sign, before the work rather than after it."""
    signing_key(read_settings())
    language = desk.agreement.contract.language
    wanted = tuple(dict.fromkeys(languages or [language if language in render.LANGUAGES else "en"]))
    render.check_languages(wanted)
    asked = editions.editions_asked(further_editions)
    texts = report.read_texts(desk.store, desk.cycle, wanted)
    earlier = delivered_reports(desk.store, desk.agreement.cycles_to(desk.cycle)[:-1])
    inputs = [*desk.inputs, *inbox.inputs, *texts.inputs, *(report.input for report in earlier)]
    parameters = {"languages": list(wanted), "editions": list(asked), "include_late": include_late}
    return Basis(deliver.basis_of(desk.cycle, parameters, desk.profile, inputs), wanted, asked, texts, earlier)


@step
def find_delivered(desk: Desk, basis: Basis) -> deliver.Delivery | None:
    """The version that was made of just this already, if the newest one was."""
    return deliver.already_delivered(desk.store, basis.content)


@step
def add_up(desk: Desk, inbox: Inbox, judged: Judged, basis: Basis) -> report.Totals:
    """Indicators, SDGs and money."""
    before = cumulative_before(desk.agreement, basis.earlier, desk.cycle)
    figures, lines = aggregate(desk.agreement, desk.profile, judged, inbox.submissions, desk.cycle, before)
    states = report.states_of_report(desk.agreement, figures, inbox.submissions, judged)
    restated = restatements(desk.agreement, desk.profile, judged, inbox.submissions, basis.earlier, basis.content["inputs"])
    log.info("aggregated: %d indicator figures, %d SDG figures, %d cost lines", len(figures.indicators), len(figures.sdg), len(lines))
    board.show_targets(desk.agreement, figures)
    for cycle, number in Counter(entry.cycle for entry in restated).items():
        log.info("restated: %d figures of the report of %s are others now", number, cycle)
    covered = coverage(desk.agreement, figures, judged, inbox.submissions)
    findings = report.findings_of_report(figures, inbox.submissions, judged)
    return report.Totals(figures, lines, before, states, findings, restated, covered, weighed(covered, figures, judged))


@step
def write_data_files(desk: Desk, inbox: Inbox, totals: report.Totals, judged: Judged) -> dict[str, bytes]:
    evidence = [file for file in inbox.evidence if file.cycle in totals.figures.reporting]
    return report.data_files(desk.agreement, totals.figures, totals.lines, judged, totals.states, totals.findings, evidence, totals.restatements, totals.coverage)


@step
def reconcile_figures(desk: Desk, totals: report.Totals, data: Mapping[str, bytes]) -> Mapping[str, Any]:
    """Every figure a second time, in plain SQL from the rows used; what it came to, for the manifest. Raises OperatorFault for a difference: such
    a report is not delivered."""
    figures = totals.figures
    result = reconcile.reconcile(desk.agreement, data, figures.cycles, figures.reporting, totals.before)
    if result.differences:
        named = [f"{d.figure}, {d.column}: {d.delivered or 'none'} in the report, {d.recomputed or 'none'} recomputed" for d in result.differences[:20]]
        raise OperatorFault(f"The report was not delivered: {len(result.differences)} figures differ from their independent recomputation. Amounts beyond 10^18 cannot be recomputed; else it is a fault of the program: report it.", *named)
    log.info("reconciled: %d figures agree with their independent recomputation", sum(result.compared.values()))
    return result.as_dict()


@step
def write_annexes(desk: Desk, totals: report.Totals, judged: Judged) -> dict[str, bytes]:
    """financial-report.xlsx, logframe.xlsx and iati.xml."""
    return report.annexes(desk.agreement, desk.profile, totals.figures, totals.lines, judged)


Documents = Mapping[str, tuple[ReportDocument, str]]
"""What a PDF is rendered from and its language, by the name of the file."""


@step
def compose_documents(
    desk: Desk, totals: report.Totals, judged: Judged, data: Mapping[str, bytes], annexes: Mapping[str, bytes], reconciled: Mapping[str, Any], basis: Basis
) -> Documents:
    """The report in each edition and language asked for, before it is set."""
    documents = {}
    for edition in basis.editions:
        attached = editions.attachments(edition, desk.agreement, desk.profile, totals, judged.accepted["activities"], data, annexes)
        for language in basis.languages:
            document = report.document(desk.agreement, desk.profile, totals, judged, basis.texts.by_language[language], attached, reconciled)
            documents[editions.file_name(edition, language)] = (editions.document_of(edition, document), language)
    return documents


@step
def render_reports(documents: Documents, basis: Basis) -> dict[str, bytes]:
    """report.<lang>.pdf for each language asked for, the like of further editions, and narrative.<lang>.docx for colleagues to comment on."""
    from tasks.narrative import narrative_document

    log.info("rendering %s", ", ".join(documents))
    narratives = {f"narrative.{language}.docx": (document, language) for document, language in documents.values() if document.edition == "contractual"}
    return render.render_reports(documents, basis.identifier) | render.side_by_side(narrative_document, narratives)


@step
def finish_draft(basis: Basis, data: Mapping[str, bytes], annexes: Mapping[str, bytes], pdfs: Mapping[str, bytes], reconciled: Mapping[str, Any], found: Outcome) -> Draft:
    """All files of the report, with what its manifest will say."""
    files = {**pdfs, **annexes, **{f"data/{name}": content for name, content in data.items()}}
    return Draft(basis.content, files, {"reconciliation": reconciled}, found)


@step
def check_ready(desk: Desk, totals: report.Totals, basis: Basis) -> None:
    """Raises OperatorFault where nobody can be asked to approve the report, or where nobody may."""
    approval.must_be_asked_for()
    if reasons := approval.blocking(totals.figures, totals.findings, _texts_to_write(desk, basis)):
        raise OperatorFault("The report cannot be approved: " + "; ".join(reasons) + ".")


@step
def submit_draft(desk: Desk, draft: Draft, totals: report.Totals, documents: Documents) -> None:
    """Puts the draft where the approving person finds it, with what that person is told."""
    folder = approval.draft_folder(desk.cycle)
    first, language = next(iter(documents.values()))
    where = desk.store.locate(folder)
    links = [board.link(f"{folder}/{path}", path) for path in sorted(draft.files, key=lambda path: (not path.endswith(".pdf"), path)) if "/" not in path]
    summary = approval.description(desk.cycle, where, links, totals.states, totals.findings, totals.weighed, checklist(first, language))
    drafts.keep(desk.store, folder, draft, summary)
    board.show_draft(desk.cycle, summary)
    log.info("the draft lies in %s", where)
    letters.tell_of_draft(desk.store, desk.agreement, desk.cycle, where)


@step
def find_draft(desk: Desk) -> Draft | None:
    """The draft that this run made before it was suspended for approval."""
    return drafts.find(desk.store, approval.draft_folder(desk.cycle))


@step
def deliver_report(desk: Desk, draft: Draft, approved: bytes | None) -> deliver.Delivery:
    """All files, then the manifest, signed where there is a key, then latest.json."""
    files = {**draft.files, **({"approval.json": approved} if approved else {})}
    delivery = deliver.deliver(desk.store, draft.basis, files, draft.besides, signing_key(read_settings()))
    board.show_report(desk.cycle, delivery.key, {path: len(content) for path, content in files.items()}, desk.store.locate(delivery.key))
    return delivery


# --- open -------------------------------------------------------------------------------------------------------------


@step
def read_earlier(desk: Desk) -> dict[str, list[AcceptedRow]]:
    """What each member reported in the cycles before this one: its accepted rows."""
    cycles = desk.agreement.cycles_to(desk.cycle)[:-1]
    inbox = collect.read_inbox(desk.store, desk.agreement, cycles)
    if not inbox.submissions:
        return {}
    judged = validate.judge(desk.agreement, inbox.submissions, counting_keys(inbox.submissions), desk.profile.questions, desk.profile.lines)
    return by_member(judged.accepted)


@step
def publish_workbooks(desk: Desk, earlier: Mapping[str, Sequence[AcceptedRow]]) -> Outcome:
    """For each member that owes a submission in the cycle its workbook, whole and in two parts, and a page on how to fill it in; written only where it changed."""
    owing = [member for member in desk.agreement.members if is_due(desk.agreement, member, desk.cycle)]
    kept = desk.store.read_many([info.key for info in desk.store.list(f"workbooks/{desk.cycle}/")])
    written = 0
    for number, member in enumerate(owing, start=1):
        made = {
            workbooks.workbook_key(desk.cycle, member.member, part): workbooks.member_workbook(
                desk.agreement, desk.profile, member, desk.cycle, earlier.get(member.member, ()), part
            )
            for part in workbooks.PARTS
        }
        made[guide.guide_key(desk.cycle, member.member)] = guide.member_guide(desk.agreement, member, desk.cycle)
        for key, content in made.items():
            if kept.get(key) != content:
                desk.store.write(key, content)
                written += 1
        if number % 25 == 0:
            log.info("workbooks of %d of %d members", number, len(owing))
    log.info("workbooks of %d members, %d files written", len(owing), written)
    return Outcome(done=[f"workbooks of {len(owing)} members lie in {desk.store.locate(f'workbooks/{desk.cycle}')} ({written} files written now)"])


# --- what was done, and what needs a person ---------------------------------------------------------------------------


def _needs(states: Sequence[MemberState], errors: int, rejected: int) -> list[str]:
    """What needs a person: missing, rejected and late members, rows in error."""
    counts = Counter(state.state for state in states)
    needs = [f"{counts[state]} {state}" for state in ("missing", "rejected", "too late") if counts[state]]
    if rejected:
        needs.append(f"{rejected} {'file' if rejected == 1 else 'files'} rejected")
    if errors:
        needs.append(f"{errors} {'finding' if errors == 1 else 'findings'} of severity error")
    return needs


@step
def summarise_collection(desk: Desk, inbox: Inbox, judged: Judged, seen: unchanged.Seen) -> Outcome:
    """The cycle's own files only. It is kept for a run that finds the store as this one saw it."""
    states = member_states(desk.agreement, [desk.cycle], inbox.submissions, judged)
    of_cycle = [finding for finding in judged.findings if finding.cycle == desk.cycle]
    files = [submission for submission in inbox.submissions if submission.cycle == desk.cycle]
    counts = Counter(state.state for state in states)
    done = [
        f"{len(files)} files read; " + ", ".join(f"{number} {state}" for state, number in counts.items()),
        f"the board is {desk.store.locate(f'quality/{desk.cycle}/index.html')}",
        f"feedback lies in {desk.store.locate(f'feedback/{desk.cycle}')}",
    ]
    rejected = len(open_rejections(files))
    outcome = Outcome(done=done, needs_person=_needs(states, sum(f.severity == "error" for f in of_cycle), rejected))
    unchanged.keep(seen, Outcome(done=[*done, "nothing has changed since the last collection"], needs_person=outcome.needs_person))
    return outcome


@step
def find_needs(desk: Desk, inbox: Inbox, judged: Judged, basis: Basis) -> Outcome:
    """What of the reporting period needs a person, money without a rate by name; and the texts that are still to be written."""
    reporting = desk.agreement.reporting_period(desk.cycle)
    states = member_states(desk.agreement, reporting, inbox.submissions, judged)
    errors = sum(finding.severity == "error" and finding.cycle in reporting for finding in judged.findings)
    rejected = len(open_rejections(s for s in inbox.submissions if s.cycle in reporting))
    missing = _texts_to_write(desk, basis)
    done = [f"to be completed by the coordinator: {', '.join(missing)}"] if missing else []
    return Outcome(done=done, needs_person=[*_needs(states, errors, rejected), *_missing_rates(judged, inbox)])


@step
def summarise_report(desk: Desk, delivery: deliver.Delivery, found: Outcome, seen: unchanged.Seen | None) -> Outcome:
    """What was delivered, which texts it lacks, and what needs a person. Where the report was made of the store as `seen`, this is kept for one that finds
    it unchanged."""
    where = f"{delivery.version} of the report of {desk.cycle}: {desk.store.locate(delivery.key)}"
    if seen:
        unchanged.keep(seen, Outcome(done=[f"nothing has changed since {where}", *found.done], needs_person=found.needs_person))
    return Outcome(done=[f"{'delivered' if delivery.new else 'nothing has changed since'} {where}", *found.done], needs_person=found.needs_person)


def _texts_to_write(desk: Desk, basis: Basis) -> list[str]:
    """Texts of the network that the form asks for and that are not there."""
    sections = [section for section in asked_texts(desk.profile, desk.agreement.cycle(desk.cycle).report) if desk.profile.texts[section].mandatory]
    written = basis.texts.by_language
    return [f"texts/{desk.cycle}/{language}/{section}.md" for language in basis.languages for section in sections if not written[language].get(section, "").strip()]


def _missing_rates(judged: Judged, inbox: Inbox) -> list[str]:
    return [
        f"no rate for {missing.currency} in {missing.month}: {missing.amount:f} {missing.currency} ({missing.rows} rows) left out of the report"
        for missing in missing_rates(judged, inbox.submissions)
    ]
