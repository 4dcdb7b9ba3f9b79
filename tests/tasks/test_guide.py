"""The guide beside a member's workbook: in its language, with its own dates and folders, small, and one page when printed."""

from __future__ import annotations

import re

import pytest
from lxml import html

from domain.agreement import Agreement, Member
from domain.codes import LANGUAGES
from tasks.guide import guide_key, member_guide
from tests.builders import MEMBERS, small_agreement

AGREEMENT = small_agreement(due="2019-07-31T18:00")


def in_language(language: str) -> Member:
    member = AGREEMENT.member("bb")
    assert member is not None
    return member.model_copy(update={"language": language})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_guide_says_when_and_where_and_fetches_nothing(language: str) -> None:
    page = member_guide(AGREEMENT, in_language(language), "C1")
    text = page.decode("utf-8")
    assert len(page) < 20_000
    assert f'<html lang="{language}">' in text
    assert all(said in text for said in ("Beta", "bb.xlsx", "inbox/C1/bb/", "feedback/C1/bb/", "2019, 18:00", "Europe/Brussels"))
    assert not re.search(r"<script|<img|<link|https?:|url\(|\{\w+\}", text)
    assert member_guide(AGREEMENT, in_language(language), "C1") == page


def test_guides_of_all_languages_have_the_same_parts() -> None:
    def parts(language: str) -> list[str]:
        tree = html.fromstring(member_guide(AGREEMENT, in_language(language), "C1"))
        return [element.tag for element in tree.body.iter() if element.tag in ("h1", "h2", "p", "li", "tr", "code")]

    first = parts("en")
    assert first.count("h2") == 3 and first.count("li") == 10 and first.count("tr") == 4
    assert [parts(language) for language in LANGUAGES] == [first] * 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_guide_prints_on_one_page(language: str) -> None:
    weasyprint = pytest.importorskip("weasyprint")
    document = weasyprint.HTML(string=member_guide(AGREEMENT, in_language(language), "C1").decode("utf-8")).render()
    assert len(document.pages) == 1


def test_a_guide_follows_a_longer_deadline() -> None:
    from domain.agreement_files import read_agreement
    from tests.builders import agreement_files

    files = agreement_files(due="2019-07-31T18:00") | {"desk/C1/extensions.csv": b"member,due,reason,by\nbb,2019-08-20,Flood,Ann\n"}
    longer, problems = read_agreement(files)
    assert isinstance(longer, Agreement), problems
    assert b"20 August 2019, 23:59" in member_guide(longer, in_language("en"), "C1")
    assert b"20 August 2019" not in member_guide(AGREEMENT, in_language("en"), "C1")


def test_nothing_of_the_agreement_becomes_markup() -> None:
    hostile = small_agreement(members=MEMBERS.replace("Beta", "<b onclick=x>{cycle}&")).member("bb")
    assert hostile is not None
    assert b"&lt;b onclick=x&gt;{cycle}&amp;" in member_guide(AGREEMENT, hostile, "C1")


def test_a_guide_lies_beside_its_workbook() -> None:
    from tasks.workbooks import workbook_key

    assert guide_key("C1", "bb").removesuffix(".guide.html") == workbook_key("C1", "bb", None).removesuffix(".xlsx")
