"""The page a member reads of its file: whether it counts, what to do next, the totals that were understood, and what was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from domain.agreement import Agreement
from domain.codes import NOT_TAKEN_PLACE
from domain.completeness import due_dates
from domain.findings import Finding
from domain.messages import sheet_label
from domain.money import euros, in_cents, rate_for
from domain.submission import AcceptedRow, Submission
from tasks.phrases import phrases

MAX_FINDINGS = 40
"""On the page; the marked workbook lists them all."""
_GRAVITY = ("reject", "error", "warning", "info")
_SEXES = ("women", "men", "other", "unknown")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said of one file. `counts`: it is (part of) its member's submission; `good_one`: the member has one that counts;
    `other_part`: the part that has not arrived, "" for none. `findings` carry their messages in the member's language."""

    submission: Submission
    findings: Sequence[Finding]
    accepted: Sequence[AcceptedRow]
    counts: bool
    good_one: bool
    other_part: str
    language: str


def summary_page(agreement: Agreement, answer: Answer, program: str) -> bytes:
    """One page of HTML without script, link or picture; whatever a member typed is text in it."""
    s, language = answer.submission, answer.language
    words = phrases("feedback", language)
    state, tone = _state(answer)
    by_severity = [(severity, sum(f.severity == severity for f in answer.findings)) for severity in _GRAVITY]
    ordered = sorted(answer.findings, key=lambda f: _GRAVITY.index(f.severity))
    left = len({(f.sheet, f.row) for f in answer.findings if f.severity == "error" and f.row})
    used = len({(row.sheet, row.row) for row in answer.accepted if row.row})
    show = answer.counts and not s.nil
    html = _template().render(
        language=language,
        generator=f"fpa-reporting {program}",
        words=words,
        title=words["page"]["title"].format(cycle=s.cycle) + _named(agreement, s.member),
        state=words["states"][state],
        tone=tone,
        file=s.key.rpartition("/")[2],
        received=_moment(s.received_at.astimezone(ZoneInfo(agreement.timezone)), language),
        submission=s.submission,
        steps=next_steps(answer),
        due=_due(agreement, s, language, words["page"]["due"]),
        counts=[(severity, number) for severity, number in by_severity if number],
        rows=words["rows"].format(used=_number(Decimal(used), language), left=_number(Decimal(left), language)),
        totals=_totals(agreement, answer.accepted, words["totals"], language) if show else [],
        indicators=_indicators(agreement, answer, words["totals"]["derived"]) if show else [],
        findings=[(finding, _place(finding, language)) for finding in ordered[:MAX_FINDINGS]],
        more=words["page"]["more"].format(number=len(ordered) - MAX_FINDINGS) if len(ordered) > MAX_FINDINGS else "",
    )
    return html.encode()


@cache
def _template() -> Any:
    from importlib import resources

    from jinja2 import Environment, StrictUndefined

    source = resources.files("templates").joinpath("feedback", "summary.html.j2").read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(source)


def _named(agreement: Agreement, member: str) -> str:
    known = agreement.member(member)
    return f" – {known.name}" if known else ""


def _state(answer: Answer) -> tuple[str, str]:
    """The state's name and its tone."""
    if answer.submission.rejected:
        return "rejected", "bad"
    if not answer.counts:
        return "replaced", "quiet"
    if answer.submission.nil:
        return "nil", "good"
    return ("partly", "part") if any(f.severity == "error" for f in answer.findings) else ("accepted", "good")


def state_in_words(answer: Answer) -> str:
    """Whether the file counts, in the member's language."""
    return str(phrases("feedback", answer.language)["states"][_state(answer)[0]])


def next_steps(answer: Answer) -> list[str]:
    """What the member is to do next, in its language."""
    words = phrases("feedback", answer.language)
    return [text.format(part=answer.other_part) for text in _steps(answer, _state(answer)[0], words["steps"])]


def _steps(answer: Answer, state: str, words: Mapping[str, str]) -> list[str]:
    severities = {finding.severity for finding in answer.findings}
    read = not any(finding.rule in ("submission.unreadable", "submission.unknown-member") for finding in answer.findings)
    steps = []
    if state == "rejected":
        steps += [words["mend-rejected"], *([words["kept"]] if answer.good_one else [])]
    elif state == "replaced":
        return [words["newer"]]
    elif "error" in severities:
        steps.append(words["mend"])
    if read and severities - {"info"}:
        steps.append(words["marked"])
    if state != "rejected" and "warning" in severities:
        steps.append(words["check"])
    if answer.counts and answer.other_part:
        steps.append(words["other-part"])
    return steps or [words["nothing"]]


def _due(agreement: Agreement, submission: Submission, language: str, words: str) -> str:
    due, last = due_dates(agreement, submission.member, submission.cycle)
    return words.format(due=_moment(due, language), last=_moment(last, language), timezone=agreement.timezone.replace("_", " "))


def _moment(moment: datetime, language: str) -> str:
    from babel.dates import format_datetime

    return format_datetime(moment.replace(tzinfo=None), "d MMMM y, HH:mm", locale=language)


def _number(number: Decimal, language: str) -> str:
    from babel.numbers import format_decimal

    return format_decimal(number, "#,##0.######", locale=language, decimal_quantization=False)


def _place(finding: Finding, language: str) -> str:
    """ "Activities, B7"."""
    return ", ".join(filter(None, (sheet_label(finding.sheet, language), finding.cell or (str(finding.row) if finding.row else ""))))


def _totals(agreement: Agreement, accepted: Sequence[AcceptedRow], words: Mapping[str, str], language: str) -> list[tuple[str, str]]:
    """(what, how much) of the rows in use, as the reader's language writes numbers; nothing that was not reported."""
    activities = [row.values for row in accepted if row.sheet == "activities"]
    held = [values for values in activities if values["status"] not in NOT_TAKEN_PLACE]
    totals = []
    if activities:
        totals.append((words["activities"], _number(Decimal(len(held)), language)))
        if len(held) < len(activities):
            totals.append((words["not_done"], _number(Decimal(len(activities) - len(held)), language)))
        for sex in _SEXES:
            given = [values[sex] for values in held if values[sex] is not None]
            if given:
                totals.append((words[sex], _number(sum(given, Decimal(0)), language)))
    payments = [row.values for row in accepted if row.sheet == "expenditure"]
    by_currency: dict[str, Decimal] = defaultdict(Decimal)
    cents = 0
    for values in payments:
        by_currency[values["currency"]] += values["amount"]
        rate = rate_for(agreement, values["currency"], values["payment_date"])
        cents += in_cents(values["amount"], rate) if rate is not None else 0
    totals += [(words["expenditure"], f"{_money(amount, language)} {currency}") for currency, amount in sorted(by_currency.items())]
    if payments:
        totals.append((words["in_euro"], f"{_money(Decimal(euros(cents)), language)} EUR"))
    answers = sum(row.sheet in ("narrative", "stories", "outcomes") for row in accepted)
    return [*totals, (words["answers"], _number(Decimal(answers), language))] if answers else totals


def _money(amount: Decimal, language: str) -> str:
    from babel.numbers import format_decimal

    return format_decimal(amount, "#,##0.00##", locale=language, decimal_quantization=False)


def _indicators(agreement: Agreement, answer: Answer, derived: str) -> list[tuple[str, str, str, str]]:
    """(code, title, country, figure) of each total, in the order of the logframe."""
    rows = agreement.indicators_in(answer.submission.cycle)
    order = {code: i for i, code in enumerate(rows)}
    found = []
    for row in answer.accepted:
        values = row.values
        if row.sheet == "indicators" and values["indicator"] in rows and not any(values.get(name) for name in agreement.dimensions):
            figure = _figure(values, answer.language)
            if figure:
                found.append((values["indicator"], rows[values["indicator"]].title, values["country"], f"{figure} {derived}" if row.derived_from else figure))
    return sorted(found, key=lambda entry: (order[entry[0]], entry[2]))


def _figure(values: Mapping[str, Any], language: str) -> str:
    """A percentage as its value and pair, a truth value in the reader's words, a text by its beginning."""
    if values["denominator"] is not None and values["numerator"] is not None:
        pair = f"{_number(values['numerator'], language)} / {_number(values['denominator'], language)}"
        if not values["denominator"]:
            return pair
        return f"{_number((100 * values['numerator'] / values['denominator']).quantize(Decimal('0.1')), language)} % ({pair})"
    value = values["value"]
    if isinstance(value, Decimal):
        return _number(value, language)
    if value in ("yes", "no"):
        return str(phrases("workbook", language)["codes"]["yes_no"][value])
    text = value or values["comment"] or ""
    return text if len(text) <= 60 else text[:59] + "…"
