"""The workbook a member fills in: what it lists, what it guards, and its words in four languages."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
import yaml

from domain.agreement import Agreement
from domain.prefill import indicator_lines, planned_activities
from domain.schema import COVER_KEYS, SHEETS
from tasks.profiles import load_profile
from tasks.workbooks import PARTS, member_workbook
from tests.builders import accepted, small_agreement
from tests.filling import FIRST, Form

LANGUAGES = ("en", "fr", "es", "pt")
PROFILE = load_profile("prag-2018")
PLAN = """activity,result,title,start,end,members,countries,sdg
P1,Op1,Training cycle,2019-01-01,2019-12-31,,,8.8
P2,Op1,Only of aa,2019-01-01,2019-12-31,aa,BE,8.8
P3,Op1,Later,2020-02-01,2020-03-31,,,8.10; 4.4
P4,Op1,Early,2019-01-01,2019-02-28,bb,KE,5
"""


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return small_agreement(plan=PLAN)


def form(agreement: Agreement, member: str = "bb", cycle: str = "C1", earlier: Any = (), part: Any = None) -> Form:
    found = agreement.member(member)
    assert found is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the library leaves out what Excel would refuse, and warns
        return Form(member_workbook(agreement, PROFILE, found, cycle, earlier, part))


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Every set of words in a tree, with its place."""
    if isinstance(tree, dict) and set(tree) & set(LANGUAGES) and all(isinstance(text, str) for text in tree.values()):
        yield path, tree
    elif isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, f"{path}/{key}")


@pytest.mark.parametrize("folder", ["workbook", "feedback"])
def test_every_word_is_there_in_four_languages_with_the_same_places_to_fill(folder: str) -> None:
    tree = yaml.safe_load(resources.files("templates").joinpath(folder, "words.yaml").read_text(encoding="utf-8"))
    found = list(leaves(tree))
    assert len(found) > 50
    for path, texts in found:
        assert set(texts) == set(LANGUAGES), path
        assert all(texts[language] for language in LANGUAGES), path
        assert len({frozenset(re.findall(r"{(\w+)}", text)) for text in texts.values()}) == 1, path
        assert not (path.startswith("/checks") and any('"' in text for text in texts.values())), path


def test_every_column_and_key_has_its_line_of_help(agreement: Agreement) -> None:
    helps = yaml.safe_load(resources.files("templates").joinpath("workbook", "words.yaml").read_text(encoding="utf-8"))["help"]
    assert set(helps["cover"]) == {key.name for key in COVER_KEYS}
    for schema in SHEETS:
        assert {column.name for column in schema.columns} == set(helps[schema.name]) - {"dimension"}, schema.name


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", PARTS)
def test_a_workbook_is_written_in_every_language_and_part(agreement: Agreement, language: str, part: Any) -> None:
    member = agreement.members[1].model_copy(update={"language": language})
    changed = agreement.model_copy(update={"members": (member,)})
    book = form(changed, member.member, part=part)
    labels = [schema.labels[language][0] for schema in SHEETS if part in (None, schema.part)]
    assert book.book.sheetnames[2:] == [*labels, "lists"]
    assert [sheet.title for sheet in book.book.worksheets if sheet.sheet_state != "visible"] == ["lists"]
    assert all(sheet.protection.sheet for sheet in book.book.worksheets)
    for schema in SHEETS:
        if part in (None, schema.part):
            sheet = book.sheet(schema.name)
            assert sheet.row_dimensions[FIRST - 1].hidden
            assert {column.name for column in schema.columns} <= set(book.columns(sheet))
            assert all(sheet.cell(FIRST - 2, column).value for column in range(1, len(schema.columns) + 1))


def test_lists_offer_the_members_own_countries_and_currencies_first(agreement: Agreement) -> None:
    book = form(agreement)
    sheet = book.sheet("expenditure")
    columns = book.columns(sheet)
    countries, currencies = (book.offered(sheet, FIRST + 3, columns[name]) or [] for name in ("country", "currency"))
    assert countries[0] == "KE – Kenya" and len(countries) > 240 and "XK – Kosovo" in countries and "298 – Africa" in countries
    assert currencies[0].startswith("KES – ") and currencies[1].startswith("EUR – ")
    headings = [entry.split(" – ")[0] for entry in book.offered(sheet, FIRST, columns["heading"]) or []]
    assert {"1", "2", "5.7", "6"} <= set(headings) and not any(heading.startswith("10") for heading in headings)
    sdgs = book.offered(book.sheet("activities"), FIRST, book.columns(book.sheet("activities"))["sdg"]) or []
    assert "8.10 – Decent work and economic growth" in sdgs and len(sdgs) == 17 + 169
    assert sheet.cell(FIRST, columns["amount"]).number_format == "General"


def test_codes_stay_text(agreement: Agreement) -> None:
    book = form(agreement, cycle="C3")
    sheet = book.sheet("activities")
    columns = book.columns(sheet)
    at = {sheet.cell(row, columns["activity"]).value: row for row in range(FIRST, FIRST + 4)}
    cell = sheet.cell(at["P3"], columns["sdg"])
    assert (cell.value, cell.data_type, cell.number_format) == ("8.10; 4.4", "s", "@")


def test_what_is_to_be_reported_is_assigned_or_was_reported_or_is_everybodys(agreement: Agreement) -> None:
    member = agreement.member("bb")
    assert member is not None
    everybodys = indicator_lines(agreement, member, "C1", [])
    assert {line.indicator.indicator for line in everybodys} == set(agreement.indicators_in("C1"))
    people = [line.slice for line in everybodys if line.indicator.indicator == "P1"]
    assert people == [(), (("sex", "female"),), (("sex", "male"),), (("sex", "unknown"),), (("age", "young"),), (("age", "old"),)]
    some = small_agreement(assignments="member,indicator,country,from,to,baseline,target\nbb,N1,UG,,,,\nbb,K1,KE,C2,,3,9\naa,M1,BE,,,,\n")
    assert {(line.indicator.indicator, line.country) for line in indicator_lines(some, member, "C1", [])} >= {("N1", "UG"), ("P1", "KE")}
    assert not {"K1", "M1"} & {line.indicator.indicator for line in indicator_lines(some, member, "C1", [])}
    reported = [accepted("indicators", "bb", "C1", 5, indicator="P1", country="TZ", value=7, sex="female", age="old")]
    lines = indicator_lines(some, member, "C2", reported)
    assert {(line.indicator.indicator, line.country) for line in lines} == {("N1", "UG"), ("K1", "KE"), ("P1", "TZ")}
    crossing = next(line for line in lines if line.slice == (("sex", "female"), ("age", "old")))
    assert crossing.last is not None and (crossing.last.value, crossing.last.cycle) == (7, "C1")


def test_planned_activities_stand_there_until_they_are_reported(agreement: Agreement) -> None:
    member = agreement.member("bb")
    assert member is not None

    def codes(cycle: str, *statuses: tuple[str, str]) -> list[str]:
        rows = [accepted("activities", "bb", "C1", 5 + i, activity=f"X{i}", plan=plan, status=status) for i, (plan, status) in enumerate(statuses)]
        return [activity.activity for activity in planned_activities(agreement, member, cycle, rows)]

    assert codes("C1") == ["P1", "P4"]
    assert codes("C2") == ["P1", "P4"]  # P4 should have ended and nobody said what became of it
    assert codes("C2", ("p4", "postponed")) == ["P1", "P4"]
    assert codes("C2", ("P4", "done"), ("P1", "done")) == ["P1"]
    assert codes("C2", ("P4", "cancelled"), ("P1", "cancelled")) == []
    assert codes("C3") == ["P1", "P3", "P4"]
