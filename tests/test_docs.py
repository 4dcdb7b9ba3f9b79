"""The documentation says what the program does: every column and rule has its line, generated pages are up to date, links and commands exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
import yaml

from docs import generate
from domain.codes import LANGUAGES
from domain.rules import RULES
from domain.schema import COVER_KEYS, SHEETS
from tasks.validate import load_catalogue

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)\s]*)?\)")
COMMAND = re.compile(r"(?<![\w/.-])fpa ([a-z]+)\b")
CODE_FILE = re.compile(r"`((?:flows|tasks|domain|expectations|templates|tests|deploy|docs|bench)/[\w./-]+\.(?:py|yaml|md|j2|sql|css))(?:::?(\w+))?`")


# --- columns ----------------------------------------------------------------------------------------------------------


def test_every_data_file_of_a_report_has_its_columns_described() -> None:
    known = generate.words("columns")["files"]
    assert list(known) == list(generate.data_files())
    for file, columns in generate.data_files().items():
        for column in columns:
            described = generate.described(file, column)
            assert described.means and described.unit and described.source, f"{file}: {column}"
        stale = set(known[file]["columns"]) - set(columns)
        assert not stale, f"{file} has no column {stale}"


def test_the_data_files_described_are_those_that_a_report_writes() -> None:
    written = set(re.findall(r'"(\w+\.csv)":', (ROOT / "tasks" / "report.py").read_text(encoding="utf-8")))
    assert written == set(generate.data_files())


def test_every_column_of_the_agreement_is_described_and_no_other() -> None:
    known = generate.words("columns")["agreement"]
    assert set(known) == set(generate.agreement_tables())
    for file, columns in generate.agreement_tables().items():
        beside = {"report_languages"} if file == "agreement.yaml, contract" else set()
        assert set(known[file]["columns"]) == {column.name for column in columns} | beside, file


def test_every_column_of_a_submission_has_a_line_of_help_and_an_example() -> None:
    examples = generate.words("columns")["examples"]
    sheets = {"cover": COVER_KEYS} | {schema.name: schema.columns for schema in SHEETS}
    assert set(examples) == set(sheets)
    for name, columns in sheets.items():
        assert set(examples[name]) - {"dimension"} == {column.name for column in columns}, name
        for column in columns:
            assert generate.help_of(name, column.name), f"{name}: {column.name}"


# --- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_when_it_is_broken_how_to_mend_it_and_shows_an_example(rule: str) -> None:
    assert generate.words("rules")[rule]["when"].endswith(".")
    assert generate.severities(rule), "neither a suite nor docs/rules.yaml says how grave it is"
    assert all(load_catalogue().messages[rule][language] for language in LANGUAGES)
    file, finding = generate.example_of(rule)
    assert len(finding.message) > 20 and "{" not in finding.message
    if not file:
        named = set(re.findall(r"\{(\w+)\}", load_catalogue().messages[rule]["en"])) - {"value", "sheet", "column", "note", "hint"}
        assert named <= set(finding.details), f"docs/rules.yaml: the example of {rule} leaves blanks in its message"


def test_only_rules_are_described() -> None:
    assert list(generate.words("rules")) == list(RULES)


def test_the_severities_described_are_those_that_files_are_given() -> None:
    found = {rule: finding.severity for rule, (_, finding) in generate.fixture_findings().items()}
    assert {rule: severity for rule, severity in found.items() if severity not in generate.severities(rule)} == {}


def test_no_rule_has_two_sources_of_its_severity_that_differ() -> None:
    for rule, severities in generate.suite_severities().items():
        said = generate.words("rules")[rule].get("severity")
        assert said is None or said in severities, rule


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["data-dictionary.md", "rules.md"])
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == generate.pages()[name], "run python -m docs.generate"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_to_files(page: Path) -> None:
    lost = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / target).exists()]
    assert lost == []


def _commands() -> Iterator[tuple[str, str]]:
    for page in (*PAGES, ROOT / "README.md"):
        for code in re.findall(r"```.*?```|`[^`\n]+`|^ {4}.+$", page.read_text(encoding="utf-8"), re.S | re.M):
            for command in COMMAND.findall(code):
                yield page.name, command


def test_commands_that_are_named_exist() -> None:
    from flows.__main__ import app

    there = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert {(page, command) for page, command in _commands() if command not in there} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_files_and_functions_of_the_code_that_are_named_exist(page: Path) -> None:
    for file, name in CODE_FILE.findall(page.read_text(encoding="utf-8")):
        assert (ROOT / file).exists(), file
        if name:
            assert re.search(rf"^\s*(?:def|class|@cache\ndef)\s+{name}\b|^{name}\b", (ROOT / file).read_text(encoding="utf-8"), re.M), f"{file}:{name}"


def test_deployments_that_the_handbook_names_exist() -> None:
    deployments = {entry["name"] for entry in yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]}
    named = set(re.findall(r"\*\*([a-z]+(?:-[a-z]+)+)\*\*", (DOCS / "handbook.md").read_text(encoding="utf-8")))
    assert named and named <= deployments
    assert deployments <= named, "a deployment that the handbook leaves out"


def test_messages_of_failed_runs_that_the_handbook_explains_are_those_of_the_program() -> None:
    table = (DOCS / "handbook.md").read_text(encoding="utf-8").partition("## When a run failed")[2].partition("\n## ")[0]
    explained = re.findall(r"^\| `([^`]+)`", table, re.M)
    program = "\n".join(path.read_text(encoding="utf-8") for room in ("tasks", "flows", "domain") for path in sorted((ROOT / room).rglob("*.py")))
    assert len(explained) > 10
    assert [message for message in explained if message not in program] == []


def test_sections_that_pages_point_to_exist() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", text, re.M)}
        assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors, page.name
