"""How long a report takes to become a PDF, beside headless Chromium's print to PDF and Typst, at about 20, 60 and 200 pages; and what four languages cost
beside one: python -m bench.render [members …]

All set the same report: the sample's second one with fewer members, with all, or with copies of all of them, their logframe, plan and money. The program
makes PDF/A-3a and PDF/UA-1 of a document; Chromium prints the program's HTML with its style sheet and typefaces; Typst sets a source made of that HTML
(headings, paragraphs, lists, the same tables, the same charts). Each has processes of its own, by turns."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from math import ceil
from pathlib import Path
from typing import Any

from domain.agreement import Agreement
from domain.coverage import coverage, weighed
from domain.profile import Profile
from domain.report import ReportDocument
from domain.submission import AcceptedRow, Judged, Row, Submission

CYCLE = "2020-H1"
MEMBERS = (2, 12, 58)
"""Make about 20, 60 and 200 pages; the sample has 14, and more are copies."""
LANGUAGES_AT = 1
"""Which of these sizes is rendered in four languages."""
ROUNDS = 3
"""The quickest counts; one more, whose time does not count, is for the memory."""
LANGUAGES = ("en", "fr", "es", "pt")
TEMPLATES = Path("templates/report").resolve()
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HAS_TYPST = importlib.util.find_spec("typst") is not None


# --- made reports -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """The sample, read and judged."""

    agreement: Agreement
    profile: Profile
    submissions: Sequence[Submission]
    judged: Judged
    texts: Mapping[str, Mapping[str, str]]


def sample() -> Sample:
    from domain.completeness import counting_keys
    from tasks import collect, validate
    from tasks.demo import write_sample
    from tasks.profiles import load_profile
    from tasks.report import read_texts
    from tasks.store import DirectoryStore

    with tempfile.TemporaryDirectory() as folder:
        write_sample(folder)
        store = DirectoryStore(Path(folder))
        agreement = collect.load_agreement(store).agreement
        profile = load_profile(agreement.contract.profile)
        submissions = collect.read_inbox(store, agreement, agreement.cycles_to(CYCLE)).submissions
        texts = read_texts(store, CYCLE, LANGUAGES).by_language
    return Sample(agreement, profile, submissions, validate.judge(agreement, submissions, counting_keys(submissions), profile.questions, profile.lines), texts)


class Copy:
    """The sample's codes in its nth copy (from 0, itself): members and grants numbered, results, indicators and plan from another ten on (Op1.1-a, Op11.1-a)."""

    def __init__(self, number: int) -> None:
        self.number = number

    def member(self, code: str) -> str:
        return f"{code}-{self.number + 1}" if self.number and code else code

    def result(self, code: str) -> str:
        return re.sub(r"^(Im|Oc|Op|A)(\d+)(?=[.-]|$)", lambda found: f"{found[1]}{int(found[2]) + 10 * self.number}", code)

    def values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        renamed = {name: self.result(values[name]) for name in ("indicator", "result", "plan", "about") if values.get(name)}
        return {**values, **renamed, **{name: self.member(values[name]) for name in ("joint", "recipient") if values.get(name)}}

    def row(self, row: AcceptedRow) -> AcceptedRow:
        return replace(row, member=self.member(row.member), values=self.values(row.values))

    def submission(self, given: Submission) -> Submission:
        def rows(rows: Sequence[Row]) -> list[Row]:
            return [replace(row, values=self.values(row.values)) for row in rows]

        sheets = {name: replace(sheet, rows=rows(sheet.rows)) for name, sheet in given.sheets.items()}
        findings = [replace(finding, member=self.member(finding.member)) for finding in given.findings]
        key = given.key.replace(f"/{given.member}/", f"/{self.member(given.member)}/")
        return replace(given, member=self.member(given.member), key=key, sheets=sheets, findings=findings)


def narrowed(given: Sample, share: float) -> Sample:
    """With the first of its results only, for a network that is a share of it."""
    results = list(dict.fromkeys(i.result for i in given.agreement.logframe))
    kept = set(results[: ceil(len(results) * share)])
    logframe = tuple(i for i in given.agreement.logframe if i.result in kept)
    codes = {"result": kept, "indicator": {i.indicator for i in logframe}}
    agreement = given.agreement.model_copy(
        update={
            "logframe": logframe, "plan": tuple(a for a in given.agreement.plan if a.result in kept),
            "assignments": tuple(a for a in given.agreement.assignments if a.indicator in codes["indicator"]),
        }
    )  # fmt: skip
    accepted = {sheet: [row for row in rows if all(row.values[c] in codes[c] for c in codes if row.values.get(c))] for sheet, rows in given.judged.accepted.items()}
    return replace(given, agreement=agreement, judged=replace(given.judged, accepted=accepted))


def scaled(given: Sample, members: int) -> ReportDocument:
    """The report of a network of so many members, made as tasks.steps makes it; whatever a member reported goes with it."""
    from tasks import editions, reconcile, report
    from tasks.aggregate import aggregate

    of = len(given.agreement.members)
    given = narrowed(given, members / of)
    copies = [(Copy(n), {member.member for member in given.agreement.members[: members - n * of]}) for n in range(-(-members // of))]
    agreement = scaled_agreement(given.agreement, copies)
    submissions = [copy.submission(s) for copy, kept in copies for s in given.submissions if s.member in kept]
    accepted = {sheet: [copy.row(row) for copy, kept in copies for row in rows if row.member in kept] for sheet, rows in given.judged.accepted.items()}
    findings = [replace(f, member=copy.member(f.member)) for copy, kept in copies for f in given.judged.findings if f.member in kept]
    judged = Judged(findings, accepted, {(copy.member(member), *rest): n for copy, kept in copies for (member, *rest), n in given.judged.left_out.items() if member in kept})  # type: ignore[misc]
    figures, lines = aggregate(agreement, given.profile, judged, submissions, CYCLE, None)
    states = report.states_of_report(agreement, figures, submissions, judged)
    covered = coverage(agreement, figures, judged, submissions)
    shown = report.findings_of_report(figures, submissions, judged)
    totals = report.Totals(figures, lines, None, states, shown, [], covered, weighed(covered, figures, judged))
    data = report.data_files(agreement, figures, lines, judged, states, shown, [], [], covered)
    compared = reconcile.reconcile(agreement, data, figures.cycles, figures.reporting, None)
    if compared.differences:
        raise SystemExit(f"The made report does not add up: {compared.differences[:3]}")
    attached = editions.attachments("contractual", agreement, given.profile, totals, accepted["activities"], data, report.annexes(agreement, given.profile, figures, lines, judged))
    return report.document(agreement, given.profile, totals, judged, given.texts["en"], attached, compared.as_dict())


def scaled_agreement(given: Agreement, copies: Sequence[tuple[Copy, set[str]]]) -> Agreement:
    def changed(row: Any, **update: Any) -> Any:
        return row.model_copy(update=update)

    return given.model_copy(
        update={
            "members": tuple(
                changed(m, member=copy.member(m.member), name=f"{m.name} {copy.number + 1}" if copy.number else m.name, role="beneficiary" if copy.number and m.role == "coordinator" else m.role)
                for copy, kept in copies for m in given.members if m.member in kept
            ),
            "logframe": tuple(changed(i, indicator=copy.result(i.indicator), result=copy.result(i.result)) for copy, _ in copies for i in given.logframe),
            "budget": tuple(changed(line, amount_eur=line.amount_eur * len(copies)) for line in given.budget),
            "plan": tuple(
                changed(a, activity=copy.result(a.activity), result=copy.result(a.result), members=tuple(copy.member(code) for code in a.members if code in kept)) for copy, kept in copies for a in given.plan
            ),
            "assignments": tuple(changed(a, member=copy.member(a.member), indicator=copy.result(a.indicator)) for copy, kept in copies for a in given.assignments if a.member in kept),
            "subgrants": tuple(changed(g, recipient=copy.member(g.recipient), member=copy.member(g.member)) for copy, kept in copies for g in given.subgrants if g.member in kept),
        }
    )  # fmt: skip


# --- Typst ------------------------------------------------------------------------------------------------------------

PREAMBLE = """\
#set document(title: "Report")
#set text(font: ("Noto Sans", "Noto Sans Math", "Noto Sans Symbols2"), size: 9.5pt, lang: "en")
#set par(leading: 0.6em, spacing: 0.9em)
#set page(paper: "a4", margin: (top: 26mm, x: 20mm, bottom: 22mm), footer: context align(right, text(7.5pt, counter(page).display("1 / 1", both: true))))
#set table(stroke: (bottom: 0.4pt + luma(210)), inset: (x: 3pt, y: 2.5pt))
#show table: set text(size: 8.5pt)
#show heading: set text(fill: rgb("#003399"))
"""


def typst_source(html: str, folder: Path) -> str:
    """The report's HTML as Typst's markup; its charts become files in that folder."""
    import lxml.html

    def as_image(found: re.Match[str]) -> str:
        name = f"chart-{len(list(folder.glob('chart-*.svg')))}.svg"
        (folder / name).write_text(found[0].replace('font-family="Report"', 'font-family="Noto Sans"'), encoding="utf-8")
        return f'<img src="{name}">'

    shutil.copy(TEMPLATES / "emblem.svg", folder)
    body = lxml.html.document_fromstring(re.sub(r"<svg.*?</svg>", as_image, html, flags=re.DOTALL)).find("body")
    return PREAMBLE + _inner(body)


def _text(text: str | None) -> str:
    """A string of Typst's, which is never markup."""
    words = re.sub(r"[ \t\r\n]+", " ", text or "")
    return "#" + json.dumps(words, ensure_ascii=False) + ";" if words.strip() else " " if words else ""


def _inner(element: Any) -> str:
    return _text(element.text) + "".join(_typst(child) + _text(child.tail) for child in element)


def _typst(element: Any) -> str:
    tag, classes = element.tag, (element.get("class") or "").split()
    if not isinstance(tag, str):
        return ""
    fresh = "#pagebreak(weak: true)\n" if "new" in classes else ""
    match tag:
        case "h1" | "h2" | "h3" | "h4":
            return f"\n{fresh}#heading(level: {tag[1]})[{_inner(element)}]\n"
        case "p" | "figcaption" | "dt" | "dd":
            return f"\n#par[{_inner(element)}]\n"
        case "strong" | "em":
            return f"#{'strong' if tag == 'strong' else 'emph'}[{_inner(element)}];"
        case "br":
            return "#linebreak();"
        case "img":
            return f"#image({json.dumps(element.get('src'))}, {'height: 20mm' if element.get('src') == 'emblem.svg' else 'width: 170mm'}, alt: \"A figure\");"
        case "nav":
            return "\n#outline(title: none)\n"
        case "ul" | "ol":
            items = ", ".join(f"[{_inner(item)}]" for item in element.iter("li"))
            return f"\n#{'list' if tag == 'ul' else 'enum'}({items})\n"
        case "dl":
            cells = ", ".join(f"[{_inner(item)}]" for item in element)
            return f"\n#grid(columns: (66mm, 1fr), row-gutter: 6pt, {cells})\n"
        case "table":
            return _table(element)
    return f"\n#page(flipped: true)[{_inner(element)}]\n" if "wide" in classes else fresh + _inner(element)


def _table(table: Any) -> str:
    caption = "".join(f"\n#block(sticky: true)[#strong[{_inner(found)}]]\n" for found in table.iter("caption"))
    columns = [found[1] if (found := re.search(r"width: ([\d.]+mm)", col.get("style") or "")) else "1fr" for col in table.iter("col")]
    if not columns:
        columns = ["1fr"] * max(sum(int(cell.get("colspan", 1)) for cell in row) for row in table.iter("tr"))

    def cells(part: Any) -> Iterator[str]:
        for cell in part.iter("th", "td"):
            right = "right" if "n" in (cell.get("class") or "").split() else "left"
            spans = f"colspan: {cell.get('colspan', 1)}, rowspan: {cell.get('rowspan', 1)}, "
            yield f"table.cell({spans}align: {right})[{_inner(cell)}]"

    head = "".join(f"table.header({', '.join(cells(part))}), " for part in table.iter("thead"))
    return f"{caption}\n#table(columns: ({', '.join(columns)},), {head}{', '.join(cell for part in table.iter('tbody') for cell in cells(part))})\n"


# --- a contestant, in a process of its own ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Took:
    """Seconds on the clock, and of processors (which hardly depend on what else the machine does), all processes together."""

    seconds: float
    cpu: float

    @classmethod
    def since(cls, start: float, cpu: float) -> Took:
        return cls(time.perf_counter() - start, cpu_seconds() - cpu)


def cpu_seconds() -> float:
    """Of this process and those it started that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def contest(who: str, folder: Path) -> Took:
    """What one PDF took; what a process imports once is no part of it. Of "language" and "languages" (one and four) it is, as in a run, which imports nothing
    of it before."""
    if who == "typst":
        import typst

        start, cpu = time.perf_counter(), cpu_seconds()
        typst.compile(folder / "report.typ", folder / "typst.pdf", font_paths=[TEMPLATES / "fonts"], ignore_system_fonts=True)
        return Took.since(start, cpu)
    if who == "program":
        import jinja2  # noqa: F401
        import pikepdf  # noqa: F401
        import weasyprint  # noqa: F401

        from tasks import assessment_view, finance_view, goals_view, report_view, wording  # noqa: F401
    from tasks.render import render_reports

    document = pickle.loads((folder / "document").read_bytes())  # noqa: S301 (just written by this program)
    languages = LANGUAGES if who == "languages" else LANGUAGES[:1]
    start, cpu = time.perf_counter(), cpu_seconds()
    made = render_reports({f"{language}.pdf": (document, language) for language in languages}, "0" * 32)
    took = Took.since(start, cpu)
    (folder / f"{who}.pdf").write_bytes(made["en.pdf"])
    return took


# --- the measurement --------------------------------------------------------------------------------------------------


def command_of(who: str, folder: Path) -> list[str]:
    if who == "chromium":
        return [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={folder / 'profile'}", "--no-pdf-header-footer", f"--print-to-pdf={folder / 'chromium.pdf'}", (folder / "report.html").as_uri(),
        ]  # fmt: skip
    return [sys.executable, "-m", "bench.render", "--only", who, "--folder", str(folder)]


def took_by(who: str, folder: Path) -> Took:
    """What one PDF took: as the contestant's process says; Chromium, which starts for each, from start to end."""
    start, cpu = time.perf_counter(), cpu_seconds()
    said = subprocess.run(command_of(who, folder), capture_output=True, text=True, check=True).stdout  # noqa: S603
    return Took.since(start, cpu) if who == "chromium" else Took(*map(float, said.split()[-2:]))


def quickest(who: str, folder: Path, rounds: int) -> Took:
    rows = [took_by(who, folder) for _ in range(rounds)]
    return Took(min(took.seconds for took in rows), min(took.cpu for took in rows))


def peak_of(who: str, folder: Path) -> int:
    """MB that the contestant's process and those it starts take together at their peak; memory they share counts once (PSS)."""
    process, peak = subprocess.Popen(command_of(who, folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), 0  # noqa: S603
    while process.poll() is None:
        peak = max(peak, sum(map(share_of, family(process.pid))))
        time.sleep(0.05)
    return peak // 1024


def family(pid: int) -> Iterator[int]:
    """A process and all it started that still run; one may end while it is looked at."""
    yield pid
    children: list[str] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            children += task.read_text().split()
    for child in children:
        yield from family(int(child))


def share_of(pid: int) -> int:
    """KB of a process, of shared memory its part."""
    try:
        return int(re.findall(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)[0])
    except (OSError, IndexError):
        return 0


def line_of(who: str, members: int, folder: Path, took: Took, ours: Took) -> str:
    """A line of the table; the program's own seconds are what the others' are compared with. Of Chromium's processes most cannot be timed: it ends them
    itself, and what they took is lost."""
    from pypdf import PdfReader

    file = folder / f"{who}.pdf"
    peak, pages = peak_of(who, folder), len(PdfReader(file).pages)
    cpu = "– | –" if who == "chromium" else f"{took.cpu:.2f} | {took.cpu / pages:.3f}"
    return f"| {members} | {NAMES[who]} | {pages} | {took.seconds:.2f} | {pages / took.seconds:.0f} | {cpu} | {took.seconds / ours.seconds:.2f} | {peak:,} | {file.stat().st_size / 1e6:.1f} |"


def prepare(given: Sample, members: int, folder: Path) -> None:
    """The document, its HTML and its Typst source, in a folder of their own."""
    from tasks.render import _characters, printable, render_html

    document = scaled(given, members)
    html = printable(render_html(document, "en", date(2020, 6, 30)), _characters(TEMPLATES))
    folder.mkdir()
    (folder / "document").write_bytes(pickle.dumps(document))
    (folder / "report.html").write_text(html.replace("<head>", f'<head><base href="{TEMPLATES.as_uri()}/">', 1), encoding="utf-8")
    (folder / "report.typ").write_text(typst_source(html, folder), encoding="utf-8")


NAMES = {"program": "program", "chromium": "Chromium", "typst": "Typst"}


def start_of_chromium(rounds: int) -> Took:
    """What Chromium needs to print an empty page."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "report.html").write_text("<!DOCTYPE html><title>Empty</title>")
        return quickest("chromium", Path(name), rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("members", nargs="*", type=int, default=MEMBERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", choices=("program", "language", "languages", "typst"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        took = contest(arguments.only, arguments.folder)
        print(took.seconds, took.cpu)
        return
    present = ["program"] + (["chromium"] if CHROMIUM else []) + (["typst"] if HAS_TYPST else [])
    for name, there in (("Chromium", CHROMIUM), ("Typst", HAS_TYPST)):
        if not there:
            print(f"{name} is not installed: not measured")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before, the quickest of {arguments.rounds} rounds\n")
    with tempfile.TemporaryDirectory() as name:
        given = sample()
        print("| members | by | pages | seconds | pages/s | CPU, s | CPU, s/page | times the program | MB, peak | MB, file |\n|---:|---|" + "---:|" * 8, flush=True)
        for members in arguments.members:
            folder = Path(name) / str(members)
            prepare(given, members, folder)
            results = {who: quickest(who, folder, arguments.rounds) for who in present}
            for who, took in results.items():
                print(line_of(who, members, folder, took, results["program"]), flush=True)
        folder = Path(name) / str(arguments.members[min(LANGUAGES_AT, len(arguments.members) - 1)])
        warm, one, four = (quickest(who, folder, arguments.rounds) for who in ("program", "language", "languages"))
        print(f"\nFour languages side by side {four.seconds:.2f} s ({four.cpu:.2f} of CPU), what their processes import counted: {four.seconds / warm.seconds:.2f} times one whose imports are not counted ({warm.seconds:.2f} s), "
              f"{four.seconds / one.seconds:.2f} times one whose imports are ({one.seconds:.2f} s); {peak_of('languages', folder):,} MB at their peak")
    if CHROMIUM:
        start = start_of_chromium(arguments.rounds)
        print(f"Of Chromium's seconds {start.seconds:.2f} are its start")
    print(f"Load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
