"""Writes docs/data-dictionary.md and docs/rules.md from the code, the suites and the fixtures: python -m docs.generate [--check].

What the code does not say stands in docs/columns.yaml and docs/rules.yaml. Of the repository only; no part of the installed package."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from domain import agreement_files, datafiles
from domain.agreement_tables import Column as AgreementColumn
from domain.coverage import coverage_csv
from domain.desk import DEPOSITS
from domain.figures import INDICATOR_COLUMNS, INDICATOR_KEYS, Figures
from domain.findings import Finding
from domain.messages import column_label, sheet_label
from domain.rules import RULES, ever_waivable
from domain.schema import COVER_KEYS, SHEETS, sheet
from domain.schema import Column as SheetColumn
from tasks import evidence
from tasks.phrases import phrases
from tasks.validate import SEVERITY_OF, load_catalogue

DOCS = Path(__file__).parent
ROOT = DOCS.parent
MADE = "<!-- Made by `python -m docs.generate`; what is changed here by hand is lost. -->"
DIMENSION = "<dimension>"
ORIGIN = ("member", "submission", "row", "cycle")
"""Columns of every data file of accepted rows; of the form itself only `member` and the like, which mean the same."""


@cache
def words(name: str) -> dict[str, Any]:
    """docs/columns.yaml or docs/rules.yaml."""
    return dict(yaml.safe_load((DOCS / f"{name}.yaml").read_text(encoding="utf-8")))


# --- columns as the code has them -------------------------------------------------------------------------------------


def _head(csv_file: bytes) -> tuple[str, ...]:
    return tuple(csv_file.decode("utf-8").splitlines()[0].split(","))


def data_files() -> dict[str, tuple[str, ...]]:
    """Every file of reports/<cycle>/v0001/data/ with its columns; the dimensions, which are the logframe's, as one."""
    from tests.builders import small_agreement

    agreement = small_agreement()
    figures = Figures.__new__(Figures)  # of no cycle: only the header rows are asked for
    for name in ("indicators", "sdg", "finance", "cycles"):
        object.__setattr__(figures, name, ())
    found = {
        "indicators.csv": (*INDICATOR_KEYS, DIMENSION, *INDICATOR_COLUMNS),
        "sdg.csv": _head(datafiles.sdg_csv(figures)),
        "finance.csv": _head(datafiles.finance_csv(figures)),
        "activities.csv": _head(datafiles.activities_csv([])),
        "indicator_rows.csv": _head(datafiles.indicator_rows_csv(agreement, [])),
        "expenditure.csv": _head(datafiles.expenditure_csv([])),
        "members.csv": _head(datafiles.members_csv([])),
        "findings.csv": _head(datafiles.findings_csv([], with_cycle=True)),
        "texts.csv": _head(datafiles.texts_csv(agreement, [])),
        "outcomes.csv": _head(datafiles.outcomes_csv([])),
        "exceptions.csv": _head(datafiles.exceptions_csv([])),
        "evidence.csv": evidence.COLUMNS,
        "coverage.csv": _head(coverage_csv([])),
        "restatements.csv": _head(datafiles.restatements_csv([])),
        "lineage.csv": _head(datafiles.lineage_csv(figures)),
    }
    dimensions = set(agreement.dimensions)
    return {name: tuple(dict.fromkeys(DIMENSION if column in dimensions else column for column in columns)) for name, columns in found.items()}


def agreement_tables() -> dict[str, tuple[AgreementColumn, ...]]:
    """Every file that the operator or a form writes, with its columns."""
    files = agreement_files
    tables = {"agreement.yaml, contract": files.CONTRACT, "agreement.yaml, contract.coordinator": files.COORDINATOR, "agreement.yaml, cycles": files.CYCLE}
    csv_files = {**files.REQUIRED, **files.OPTIONAL, **files.DESK, "deposits": DEPOSITS}
    return tables | {f"{name}.csv": columns for name, columns in csv_files.items()}


# --- Markdown ---------------------------------------------------------------------------------------------------------


def _cell(text: object) -> str:
    """A text as a cell of a Markdown table; what looks like markup is meant as it stands."""
    plain = " ".join(str(text).split())
    return plain.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def _code(text: object) -> str:
    """A machine's name in a cell."""
    return f"`{str(text).replace('|', chr(92) + '|')}`" if str(text) else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows), ""]


# --- the data dictionary ----------------------------------------------------------------------------------------------


class Described(NamedTuple):
    """A column in words."""

    means: str
    unit: str
    example: str
    source: str


UNITS = {"text": "text", "code": "code", "number": "number", "date": "date", "yes_no": "yes or no", "sdg": "SDG codes"}


def described(file: str, column: str) -> Described:
    """A column of a data file: by its own line, or that of the sheet it comes from. KeyError where nobody says what it means."""
    known = words("columns")
    entry = known["files"][file]
    line = entry["columns"].get(column)
    if line is None and "sheet" in entry and column in ORIGIN:
        line = known["origin"][column]
    if line is None:
        schema = sheet(entry["sheet"]).column(column)
        return Described(help_of(entry["sheet"], column), UNITS[schema.kind], known["examples"][entry["sheet"]][column], entry["source"])
    means, unit, example, *source = line
    return Described(means, unit, example, source[0] if source else entry["source"])


def help_of(sheet_name: str, column: str) -> str:
    """The workbook's own line of help above the column, in English. KeyError where there is none."""
    text = str(phrases("workbook", "en")["help"][sheet_name][column])
    return text.replace("Filled in: ", "").replace("{limit}", "so many")


def _sheet_rows(name: str, columns: Iterable[SheetColumn]) -> Iterable[tuple[str, ...]]:
    examples = words("columns")["examples"][name]
    for column in columns:
        labels = " · ".join(column.labels[language][0] for language in ("en", "fr", "es", "pt"))
        yield _code(column.name), "yes" if column.required else "", _cell(help_of(name, column.name)), UNITS[column.kind], _cell(labels), _cell(examples[column.name])


def data_dictionary() -> str:
    """docs/data-dictionary.md."""
    known = words("columns")
    lines = [
        MADE, "", "# Data dictionary", "",
        "Every file that goes in or comes out, column by column. Numbers in data files have a point and no grouping; money has two decimals, other figures are exact or have 17 digits.",
        "An empty cell is never a zero.", "",
        "1. [What a report delivers](#what-a-report-delivers) · 2. [What members send](#what-members-send) · 3. [What the operator writes](#what-the-operator-writes)", "",
        "## What a report delivers", "", "`reports/<cycle>/v0001/data/`, CSV in UTF-8.", "",
    ]  # fmt: skip
    for file, columns in data_files().items():
        entry = known["files"][file]
        lines += [f"### {file}", "", _cell(entry["what"]) + f" Source: {_cell(entry['source'])}.", ""]
        rows = []
        for column in columns:
            of = described(file, column)
            rows.append((_code(column), _cell(of.means), _cell(of.unit), _cell(of.example), "" if of.source == entry["source"] else _cell(of.source)))
        lines += _table(("column", "meaning", "unit", "example", "source, where another"), rows)
    lines += ["## What members send", "", "A workbook (.xlsx, .ods) or a .zip of CSV files named after the sheets. Columns are found by their machine name or by a label, in any order.", ""]
    head = ("column", "needed", "meaning", "kind", "label (en · fr · es · pt)", "example")
    lines += ["### cover", "", "Two columns, key and value.", "", *_table(head, _sheet_rows("cover", COVER_KEYS))]
    for schema in SHEETS:
        lines += [f"### {schema.name}", "", f"{'May be left out. ' if schema.optional else ''}Part: {schema.part}.", "", *_table(head, _sheet_rows(schema.name, schema.columns))]
        if schema.name == "indicators":
            example, means = known["examples"]["indicators"]["dimension"], help_of("indicators", "dimension")
            lines += [f"Beside these one column for each dimension of the logframe (`sex`, `age`, …), e.g. `{example}`: {means[0].lower()}{means[1:]}.", ""]
    lines += ["## What the operator writes", "", "`agreement/` and `desk/<cycle>/`; CSV with `,` or `;`, in UTF-8 or Windows-1252. `fpa check` names every fault.", ""]
    for file, columns in agreement_tables().items():
        entry = known["agreement"][file]
        rows = []
        for column in columns:
            means, example = entry["columns"][column.name]
            needed = "may be left out" if column.absent else "may be empty" if column.empty else "yes"
            rows.append((_code(column.name), needed, _cell(means), _cell(column.kind.expected), _cell(example)))
        if file == "agreement.yaml, contract":
            means, example = entry["columns"]["report_languages"]
            rows.append((_code("report_languages"), "yes", _cell(means), "a list of languages", _cell(example)))
        lines += [f"### {file}", "", _cell(entry["what"]), "", *_table(("column", "needed", "meaning", "what may stand there", "example"), rows)]
    return "\n".join(lines).rstrip() + "\n"


# --- the rules --------------------------------------------------------------------------------------------------------


@cache
def suite_severities() -> Mapping[str, frozenset[str]]:
    """The severities of each rule that a suite of expectations/ judges."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "expectations").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for entry in content.get("expectations", ()) if isinstance(content, dict) else ():
            found.setdefault(entry["meta"]["rule"], set()).add(SEVERITY_OF[entry["severity"]])
    return {rule: frozenset(severities) for rule, severities in found.items()}


def severities(rule: str) -> tuple[str, ...]:
    """Those of the suites, and of the reader where docs/rules.yaml names one."""
    said = words("rules")[rule].get("severity")
    return tuple(sorted(suite_severities().get(rule, frozenset()) | ({said} if said else set())))


@cache
def fixture_findings() -> Mapping[str, tuple[str, Finding]]:
    """For each rule that a file of tests/fixtures/should_fail breaks the first such file (where there is one, one that breaks nothing else) and what is found there, in English."""
    from tasks.validate import judge
    from tests.domain.test_fixtures import AGREEMENT, PROFILE, SHOULD_FAIL, read

    files = [(path.name, read(path)) for path in SHOULD_FAIL]
    names = {submission.submission: name for name, submission in files}
    in_order = sorted((submission for _, submission in files), key=lambda s: (s.cycle, s.member, s.received_at, s.key))
    judged = judge(AGREEMENT, in_order, {}, PROFILE.questions, PROFILE.lines)
    found: dict[str, tuple[str, Finding]] = {}
    for finding in sorted(judged.findings, key=lambda f: ("+" in names[f.submission], names[f.submission], f.row or 0, f.column)):
        found.setdefault(finding.rule, (names[finding.submission], load_catalogue().with_message(finding, "en")))
    return found


def example_of(rule: str) -> tuple[str, Finding]:
    """A file and what is found in it; "" for the file where docs/rules.yaml says the example. KeyError where nobody does."""
    if rule in fixture_findings():
        return fixture_findings()[rule]
    said = words("rules")[rule]["example"]
    finding = Finding("bb", "C1", "", rule, "info", said.get("sheet", ""), None, said.get("column", ""), "", said.get("value", ""), said.get("details", {}))
    return "", load_catalogue().with_message(finding, "en")


def rules_page() -> str:
    """docs/rules.md."""
    lines = [
        MADE, "", "# Rules", "",
        f"The {len(RULES)} rules by which members' files are judged, in the order of `findings.csv`. What a member reads is in its own language; here it is in English.",
        "`expectations/README.md` says how a rule is changed.", "",
        *_table(("severity", "effect"), [("reject", "nothing of the submission is used"), ("error", "the row is not used"), ("warning", "the row is used; the report's annex lists it"), ("info", "for the record")]),
        "“May be waived”: the coordination can accept the error in `agreement/waivers.csv`, where the row can be counted all the same. Everything else that is wrong in a cell is mended by the "
        "member, or in `agreement/corrections.csv`.", "",
    ]  # fmt: skip
    for rule in RULES:
        said = words("rules")[rule]
        file, finding = example_of(rule)
        where = " / ".join(part for part in (sheet_label(finding.sheet, "en"), column_label(finding.sheet, finding.column, "en")) if part)
        place = " ".join(part for part in (where, f"({finding.cell})" if finding.cell else "") if part)
        waivable = ""
        if rule.startswith("cell.") and "error" in severities(rule):
            waivable = " · may be waived in a column by which nothing is counted"
        elif ever_waivable(rule) and not rule.startswith("cell."):
            waivable = " · may be waived"
        lines += [f"## {rule}", "", f"**{' or '.join(severities(rule))}**{waivable}", "", _cell(said["when"]), ""]
        lines += [f"* What the member reads: {_cell(finding.message)}", f"* Example: {place or 'the file as a whole'}" + (f": {_code(finding.value)}" if finding.value else "")]
        lines += ([f"* File: `tests/fixtures/should_fail/{file}`"] if file else []) + [""]
    return "\n".join(lines).rstrip() + "\n"


# --- writing ----------------------------------------------------------------------------------------------------------


def pages() -> dict[str, str]:
    """The generated pages by file name."""
    return {"data-dictionary.md": data_dictionary(), "rules.md": rules_page()}


def main() -> int:
    """Writes the pages; with --check writes nothing and ends with 1 where one is not up to date."""
    stale = [name for name, text in pages().items() if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != text]
    for name in stale:
        if "--check" in sys.argv[1:]:
            print(f"docs/{name} is not up to date: run python -m docs.generate", file=sys.stderr)
        else:
            (DOCS / name).write_text(pages()[name], encoding="utf-8")
            print(f"docs/{name} written")
    return 1 if stale and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
