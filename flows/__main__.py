"""The command line: fpa open, collect, report (Prefect flows), and check, status, trace, verify, link, policy (which only read and start fast).

Exit status: 0 done; 1 done, but something needs a person; 2 it could not be done. Errors go to standard error, one clear line each.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
CycleCode = Annotated[str, typer.Argument(metavar="CYCLE", help="Code of the cycle as agreement.yaml lists it.")]
IncludeLate = Annotated[bool, typer.Option("--include-late", help="Let submissions in that arrived after the grace days.")]


def run_flow(call: Callable[[], Any]) -> int:
    """Runs a flow and says how it ended; gives the exit status."""
    _quiet_prefect()
    state = call()
    if not state.is_completed():
        print(state.message or "The run did not complete; run it again.", file=sys.stderr)
        return 2
    outcome = state.result()
    for line in outcome.done:
        print(line)
    for line in outcome.needs_person:
        print(f"needs a person: {line}")
    return 1 if outcome.needs_person else 0


def _quiet_prefect() -> None:
    """Our own lines of progress on the terminal instead of Prefect's; its records go to its server all the same."""
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "fpa")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_SERVER_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    log = logging.getLogger("fpa")
    for handler in [handler for handler in log.handlers if type(handler) is logging.StreamHandler]:
        log.removeHandler(handler)  # of an earlier command of the demo
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("  %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    if "PREFECT_API_URL" not in os.environ and "prefect" not in sys.modules:
        print("  starting Prefect …", file=sys.stderr)


@app.command("open")
def open_command(cycle: CycleCode) -> None:
    """A workbook for every member, in workbooks/CYCLE/."""

    def call() -> Any:
        from flows.open_cycle import open_cycle

        return open_cycle(cycle, return_state=True)

    raise typer.Exit(run_flow(call))


@app.command()
def collect(cycle: CycleCode, include_late: IncludeLate = False) -> None:
    """Read, validate, give feedback; again at any time."""

    def call() -> Any:
        from flows.collect_submissions import collect_submissions

        return collect_submissions(cycle, include_late, return_state=True)

    raise typer.Exit(run_flow(call))


@app.command()
def report(
    cycle: CycleCode,
    language: Annotated[list[str] | None, typer.Option("--language", help="Language of the report; may be repeated.")] = None,
    edition: Annotated[list[str] | None, typer.Option("--edition", help="Beside the contractual edition: internal or public; may be repeated.")] = None,
    include_late: IncludeLate = False,
    approve: Annotated[bool, typer.Option("--approve", help="Wait for a person to approve it in Prefect's UI before it is delivered.")] = False,
) -> None:
    """Aggregate, render, deliver, as a new version in reports/CYCLE/."""

    def call() -> Any:
        from flows.report_cycle import report_cycle

        return report_cycle(cycle, language or None, edition or None, include_late, approve, return_state=True)

    raise typer.Exit(run_flow(call))


@app.command()
def demo(folder: Annotated[Path, typer.Option(help="Where the demo's files go.")] = Path("demo")) -> None:
    """The whole main job on a sample agreement: open, collect and report two cycles in four languages, in ./demo."""
    from tasks.demo import CYCLES, REPORT_OPTIONS, write_sample

    url = os.environ.get("FPA_STORAGE") if os.environ.get("FPA_STORAGE", "").startswith("s3://") else str(folder / "storage")
    os.environ["FPA_STORAGE"] = str(url)
    print(f"Sample agreement and submissions: {write_sample(str(url))} files in {url}")
    statuses = []
    for cycle in CYCLES:
        statuses += [_demo_step(f"Open {cycle}", "open", cycle), _demo_step(f"Collect {cycle}", "collect", cycle), _demo_step(f"Report {cycle}", "report", cycle, *REPORT_OPTIONS)]
    if max(statuses) == 2:
        raise typer.Exit(2)
    from tasks.store import open_store

    store = open_store(str(url))
    print("\nThe reports lie here, in French, Spanish and Portuguese too (the demo's files have mistakes in them as people make them, hence what “needs a person”):")
    for cycle in CYCLES:
        from tasks.deliver import versions

        print(f"  {store.locate(f'reports/{cycle}/{versions(store, cycle)[-1]}/report.en.pdf')}")


def _demo_step(title: str, *arguments: str) -> int:
    print(f"\n{title}")
    try:
        app(list(arguments), standalone_mode=False)
    except typer.Exit as ended:
        return ended.exit_code
    return 0


@app.command()
def check() -> None:
    """The agreement and the store: every fault in one list."""
    from tasks.collect import check_agreement, stray_folders
    from tasks.settings import read_settings
    from tasks.store import open_store

    store = open_store(read_settings().storage)
    agreement, problems, files = check_agreement(store)
    for problem in problems:
        stream = sys.stderr if problem.severity == "error" else sys.stdout
        print(("" if problem.severity == "error" else "to look at: ") + str(problem), file=stream)
    errors = sum(problem.severity == "error" for problem in problems)
    if agreement is None:
        print(f"{errors} fault(s) in the agreement at {store.url}.", file=sys.stderr)
        raise typer.Exit(2)
    for stray in stray_folders(store, agreement):
        print(f"to look at: {stray}")
    print(f"The agreement at {store.url} is in order: {len(files)} files, {len(agreement.members)} members, {len(agreement.cycles)} cycles.")


@app.command()
def status(cycle: CycleCode) -> None:
    """Who has submitted what, by the inbox and the feedback as they lie there; nothing is read or judged anew."""
    from tasks.collect import known_cycle, load_agreement
    from tasks.settings import read_settings
    from tasks.status import status_lines
    from tasks.store import open_store

    store = open_store(read_settings().storage)
    agreement = load_agreement(store).agreement
    lines, complete = status_lines(store, agreement, known_cycle(agreement, cycle))
    print("\n".join(lines))
    raise typer.Exit(0 if complete else 1)


@app.command()
def trace(figure: Annotated[str, typer.Argument(help="As in data/lineage.csv, e.g. sdg/reporting/goal/8/women.")], cycle: Annotated[str | None, typer.Option(help="The report's cycle; else the last reported.")] = None) -> None:
    """Back from a figure to the rows it was made of."""
    from tasks.settings import read_settings
    from tasks.store import open_store
    from tasks.trace import trace_lines

    print("\n".join(trace_lines(open_store(read_settings().storage), figure, cycle)))


@app.command()
def verify(path: Annotated[str, typer.Argument(help="reports/<cycle>/v0001")]) -> None:
    """A delivered report against its manifest and its inputs; then its figures recomputed from them, its PDFs by the standards."""
    from tasks.inspection import verify_deeply
    from tasks.settings import read_settings
    from tasks.signing import known_keys
    from tasks.store import open_store

    settings = read_settings()
    found = verify_deeply(open_store(settings.storage), path, known_keys(settings), settings.verapdf)
    for line in found.lines:
        print(line, file=sys.stderr)
    for note in found.notes:
        print(f"{found.path}: {note}")
    if not found.lines:
        print(f"{found.path}: every file and every input is as its manifest says.")
    raise typer.Exit(1 if found.lines else 0)


@app.command()
def sign(path: Annotated[str, typer.Argument(help="reports/<cycle>/v0001")]) -> None:
    """Sign a report that was delivered before there was a key (FPA_SIGNING_KEY)."""
    from tasks.faults import OperatorFault
    from tasks.inspection import sign_delivered
    from tasks.settings import read_settings
    from tasks.signing import signing_key
    from tasks.store import open_store

    settings = read_settings()
    key = signing_key(settings)
    if key is None:
        raise OperatorFault("There is no key to sign with; give it as FPA_SIGNING_KEY.")
    sign_delivered(open_store(settings.storage), path, key)
    print(f"{path.strip('/')}: signed with the key {key.fingerprint[:12]}.")


@app.command()
def link(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file of the store, e.g. reports/2019-H1/v0001/report.en.pdf.")],
    hours: Annotated[int, typer.Option(min=1, max=168, help="How long the address holds.")] = 24,
) -> None:
    """An address at which anybody who has it reads one file of an S3 store, for so many hours."""
    from tasks.settings import read_settings
    from tasks.store import open_store

    print(open_store(read_settings().storage).link(file.strip("/"), hours * 3600))


@app.command()
def policy(
    principal: Annotated[str, typer.Option(help="A member's account as the server names it, with {member} for its code, e.g. arn:aws:iam::123456789012:user/fpa-{member}.")] = "",
    operator: Annotated[list[str] | None, typer.Option(help="An account that runs this program; may be repeated.")] = None,
    cycle: Annotated[list[str] | None, typer.Option(help="Cycles that members have rights in; all where none is named; may be repeated.")] = None,
    member: Annotated[str, typer.Option(help="Only this member's rights, to be attached to its account.")] = "",
) -> None:
    """Each member's rights in the store's bucket, as a policy to give to the S3 server."""
    from tasks.collect import known_cycle, load_agreement
    from tasks.faults import OperatorFault
    from tasks.policy import as_text, bucket_policy, member_policy
    from tasks.settings import read_settings
    from tasks.store import open_store

    store = open_store(read_settings().storage)
    agreement = load_agreement(store).agreement
    cycles = [known_cycle(agreement, code) for code in cycle or [known.code for known in agreement.cycles]]
    if member and member not in {known.member for known in agreement.members}:
        raise OperatorFault(f"There is no member {member!r} in agreement/members.csv.")
    if not member and not principal:
        raise OperatorFault("Say what members' accounts are called (--principal), or whose rights are asked for (--member); fpa policy --help shows how.")
    print(as_text(member_policy(store.url, member, cycles) if member else bucket_policy(store.url, agreement, principal, operator or (), cycles)))


def main() -> None:
    """Runs the command line; a fault that the operator has to mend is a line, never a trace."""
    from tasks.faults import OperatorFault

    try:
        app()
    except OperatorFault as fault:
        print(fault, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
