"""Chapters 1 to 5: the chain of results, variances in words, what members said, the action plan, the checklist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from domain.figures import WITHHELD, Figures, IndicatorFigure, MemberState, MissingRate
from domain.report import ReportDocument
from domain.submission import AcceptedRow
from tasks.assessment_view import AssessmentView, checklist, half_years, number_of, parents
from tasks.profiles import load_profile
from tasks.render import render_html, render_report
from tasks.report_view import ReportView, Result
from tasks.wording import Wording
from tests import verapdf
from tests.builders import AGREEMENT_YAML, CONTRACT, LOGFRAME_COLUMNS, accepted, small_agreement
from tests.tasks.test_render import IDENTIFIER, MEMBERS, activity, figure, finance, text_of

PROFILE = load_profile("prag-2018")
DAY = date(2019, 6, 30)
LOGFRAME = f"""{LOGFRAME_COLUMNS}
I1,impact,Im1,Rights hold,Laws,number,laws,up,period,sum,sum,,8.8,0,2018,10,2020,,
P1,output,Op1.1.1,People know,People,people,people,up,period,sum,sum,sex:female|male,5.5,0,2018,100,2020,,
O1,outcome,Oc1,Voices are heard,Meetings,number,meetings,up,cumulative,sum,latest,,16.7,10,2018,110,2020,,
D1,outcome,Oc1,Voices are heard,Days,number,days,down,cumulative,sum,latest,,16.7,50,2018,20,2020,,
S1,outcome,iOc1.1,Members speak,A share,percentage,%,up,period,sum,sum,,16.7,10,2018,60,2020,,
W1,outcome,iOc1.1,Members speak,In words,qualitative,text,up,period,none,latest,,,,,,,,
X1,outcome,Oc2,Nobody asks,Never reported,number,pieces,up,period,sum,sum,,16.7,0,2018,5,2020,,
"""
PLAN = (
    "activity,result,title,start,end,members,countries,sdg\nA1,Op1.1.1,Running on,2019-01-01,2020-03-31,,,8.8\n"
    "A2,Oc1,Closing conference,2020-05-01,2020-05-03,aa;ee,BE,17\nA3,Oc1,Long after,2021-05-01,2022-05-03,bb,KE,17\n"
)
WRITTEN = dict.fromkeys((*PROFILE.texts, "variations"), "Said.")


def to_date(indicator: str, value: Any, expected: Any = None, rating: str | None = None) -> IndicatorFigure:
    return replace(figure(indicator, "cumulative", None), value=value, expected=expected, rating=rating)


def figures_to_date() -> list[IndicatorFigure]:
    women, men = (("sex", "female"),), (("sex", "male"),)
    return [
        to_date("O1", Fraction(38), Fraction(221, 4), "at risk"),
        to_date("D1", Fraction(30), Fraction(83, 2), "on track"),
        to_date("P1", Fraction(112), Fraction(50), "exceeded"),
        to_date("S1", Fraction(45, 2), Fraction(45, 2), "on track"),
        to_date("I1", Fraction(2)),
        figure("P1", "reporting", 70, women), figure("P1", "reporting", 42, men),
    ]  # fmt: skip


def rows() -> dict[str, list[AcceptedRow]]:
    def said(member: str, row: int, indicator: str, comment: str, **more: Any) -> AcceptedRow:
        return accepted("indicators", member, "C1", row, indicator=indicator, country="KE", comment=comment, **more)

    comments = [said("bb", 2, "O1", "Elections came first."), said("bb", 3, "O1", "Elections came first.", sex="female"), said("cc", 2, "O1", "Le ministère a changé.")]
    comments += [said("ee", 2, "O1", "We hide in Yangon"), said("cc", 3, "W1", "Le ton a changé")]
    activities = [
        activity("bb", 2, title="Labour law", result="Op1.1.1", women=Decimal(30), men=Decimal(20)),
        activity("bb", 3, title="Rally", result="op1.1.1", women=Decimal(5)),
        activity("ee", 4, title="Secret meeting", result="Op1.1.1", men=Decimal(7)),
    ]
    risks = [accepted("risks", "bb", "C1", row, risk="Threats", response="Legal aid") for row in (2, 3)] + [accepted("risks", "ee", "C1", 2, risk="Arrest in Yangon")]
    stories = [accepted("stories", "cc", "C1", 2, text="« J’ai osé. »", consent="yes"), accepted("stories", "cc", "C1", 3, text="Not for print", consent="no")]
    stories.append(accepted("stories", "cc", "C1", 4, text="Nobody asked her"))
    return {"indicators": comments, "activities": activities, "risks": risks, "stories": stories}


@cache
def given(cycle: str = "C1", kind: str = "action") -> ReportDocument:
    """A small report in which nothing is left to do but one indicator."""
    terms = AGREEMENT_YAML.format(number=CONTRACT, sdg_money="main", due="2099-12-31T18:00").replace("kind: action", f"kind: {kind}")
    agreement = small_agreement(members=MEMBERS, logframe=LOGFRAME, plan=PLAN, yaml=terms)
    figures = Figures(cycle, agreement.cycles_to(cycle), agreement.reporting_period(cycle), figures_to_date(), [], [], [], [])
    return ReportDocument(agreement, PROFILE, figures, [], rows(), [], WRITTEN, {})


def view(document: ReportDocument | None = None, language: str = "en") -> AssessmentView:
    return AssessmentView(ReportView(document or given(), Wording(language)))


def with_figures(**changes: Any) -> ReportDocument:
    return replace(given(), figures=replace(given().figures, **changes))


def html(document: ReportDocument | None = None) -> str:
    return render_html(document or given(), "en", DAY)


# --- the chain of results ---------------------------------------------------------------------------------------------


def results(*codes: str) -> list[Result]:
    levels = {"Im": "impact", "Oc": "outcome", "iO": "outcome", "Op": "output"}
    return [Result(levels[code[:2]], code, "", ()) for code in codes]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("Oc1", "iOc1.1", "Op1.1.1"), {"iOc1.1": "Oc1", "Op1.1.1": "iOc1.1"}),
        (("Oc1", "Op1.1.1"), {"Op1.1.1": "Oc1"}),
        (("Oc 1", "Op-1.1"), {"Op-1.1": "Oc 1"}),
        (("Im1", "Oc1", "Op1.1"), {"Op1.1": "Oc1"}),
        (("iOc1.1", "Op1.1", "Op1.1.1"), {"Op1.1.1": "Op1.1"}),
        (("Oc1", "Op10.1", "Op2.1"), {}),
        (("Op1", "Oc1.1"), {}),
    ],
)
def test_a_result_stands_under_the_one_whose_number_begins_its_own(codes: Sequence[str], expected: Mapping[str, str]) -> None:
    assert {code: parent.code for code, parent in parents(results(*codes)).items()} == expected


def test_numbers_are_read_part_by_part() -> None:
    assert (number_of("iOc1.10"), number_of("Op 1.1"), number_of("Impact")) == (("1", "10"), ("1", "1"), ())


def test_the_chain_goes_down_from_each_outcome_with_ratings_and_activities() -> None:
    chain = view().chain
    assert [(link.result.code, link.level, link.parent, link.depth) for link in chain] == [
        ("Im1", "Impact", "", 0), ("Oc1", "Outcome", "", 0), ("iOc1.1", "Intermediary outcome", "Oc1", 1), ("Op1.1.1", "Output", "iOc1.1", 2), ("Oc2", "Outcome", "", 0),
    ]  # fmt: skip
    assert [link.ratings for link in chain] == [(0, 0, 0, 0, 1), (0, 1, 0, 1, 0), (0, 1, 0, 0, 1), (1, 0, 0, 0, 0), (0, 0, 0, 0, 1)]
    assert view().total == ((1, 2, 0, 1, 3), 3)


def test_activities_of_a_result_are_added_up_with_those_that_are_not_named() -> None:
    tally = next(link.tally for link in view().chain if link.result.code == "Op1.1.1")
    assert (tally.activities, tally.people) == (3, 62)
    assert tally.participations == {"women": 35, "men": 27, "other": None, "unknown": None}
    text = text_of(render_report(given(), "en", IDENTIFIER))
    assert "All: 3 activities 35 27 62" in text
    assert "Output Op1.1.1: People know (contributes to iOc1.1)" in text
    assert "Secret meeting" not in text


def test_for_everybody_no_participations_of_a_result_are_told() -> None:
    assert "All: 3 activities" in html()
    assert "All: 3 activities" not in html(replace(given(), edition="public"))


# --- variances --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicator", "said"),
    [
        ("O1", "17 below what was expected by now (55). Rating: at risk."),
        ("D1", "12 below what was expected by now (42). Here a lower value is better. Rating: on track."),
        ("P1", "62 above what was expected by now (50). The target is exceeded by 12."),
        ("S1", "As much as was expected by now (22.5%). Rating: on track."),
        ("I1", ""),
        ("X1", ""),
    ],
)
def test_a_figure_is_held_against_what_was_expected_by_now(indicator: str, said: str) -> None:
    assert view().variance(given().agreement.indicators_in("C1")[indicator]) == said


def test_percentages_differ_by_points_and_fractions_keep_their_decimals() -> None:
    document = with_figures(indicators=[to_date("S1", Fraction(20), Fraction(45, 2), "delayed"), to_date("O1", Fraction(81, 2), Fraction(221, 4), "at risk")])
    logframe = given().agreement.indicators_in("C1")
    assert view(document).variance(logframe["S1"]) == "2.5 percentage points below what was expected by now (22.5%). Rating: delayed."
    assert view(document).variance(logframe["O1"]) == "14.75 below what was expected by now (55.25). Rating: at risk."


def test_what_is_withheld_is_not_told_by_its_variance() -> None:
    document = with_figures(indicators=[to_date("P1", WITHHELD, Fraction(50), "at risk")])
    assert view(document).variance(given().agreement.indicators_in("C1")["P1"]) == ""


# --- what members wrote -----------------------------------------------------------------------------------------------


def test_comments_stand_under_their_indicator_once_and_in_their_own_language() -> None:
    page = html()
    assert page.count("Elections came first.") == 1
    assert '<span lang="fr">Le ministère a changé.</span>' in page
    assert page.count("Le ton a changé") == 1  # what a qualitative indicator says is its figure
    assert "Yangon" not in page


def test_many_comments_are_cut_and_counted() -> None:
    many = [accepted("indicators", "bb", "C1", row, indicator="O1", country="KE", comment=f"Remark {row}") for row in range(2, 9)]
    page = html(replace(given(), accepted={**rows(), "indicators": many}))
    assert ("Remark 5" in page, "Remark 6" in page, "and 3 more" in page) == (True, False, True)


def test_risks_and_comments_are_not_for_everybody() -> None:
    assert [row.values["response"] for row in view().risks] == ["Legal aid"]
    assert "Legal aid" in html()
    public = html(replace(given(), edition="public"))
    assert ("Legal aid" in public, "Elections came first." in public) == (False, False)


def test_a_story_needs_the_consent_of_whom_it_is_about() -> None:
    page = html()
    assert "J’ai osé." in page
    assert ("Not for print" in page, "Nobody asked her" in page) == (False, False)


def test_people_reached_are_told_by_women_and_men() -> None:
    assert [(entry.indicator, women, men) for entry, women, men in view().women_and_men("reporting")] == [("P1", "70", "42")]
    assert "P1, People: 70 women, 42 men" in html()


# --- the final report -------------------------------------------------------------------------------------------------


def test_a_final_report_asks_for_what_an_interim_one_does_not() -> None:
    empty = replace(given("C3"), texts={})
    final, interim = set(empty.missing_texts), set(replace(given(), texts={}).missing_texts)
    assert final - interim == {"problems", "sustainability", "cross-cutting", "monitoring", "contracts", "records", "transfer"}
    assert interim - final == {"action-plan"}
    page = html(empty)
    for section in final - {"variations"}:
        assert f"{PROFILE.texts[section].title['en']}: to be completed by the coordinator" in page
    assert "Assessment of the results" not in page


def test_a_text_that_nobody_asks_for_is_printed_where_it_is_written() -> None:
    page = html(replace(given(), texts={"problems": "A **strike**.", "results": "We did well."}))
    assert "A <strong>strike</strong>." in page
    assert "We did well." in page
    assert "Cross-cutting issues" not in page


@pytest.mark.parametrize("name", ["prag-2018", "ndici-2021"])
def test_both_profiles_ask_for_the_same_texts(name: str) -> None:
    assert {section: (text.mandatory, text.reports, text.words) for section, text in load_profile(name).texts.items()} == {
        section: (text.mandatory, text.reports, text.words) for section, text in PROFILE.texts.items()
    }


# --- the action plan --------------------------------------------------------------------------------------------------


def test_half_years_follow_the_calendar() -> None:
    assert half_years(date(2019, 6, 30), date(2020, 1, 1)) == [
        (date(2019, 1, 1), date(2019, 6, 30)), (date(2019, 7, 1), date(2019, 12, 31)), (date(2020, 1, 1), date(2020, 6, 30)),
    ]  # fmt: skip
    assert half_years(date(2020, 1, 1), date(2019, 12, 31)) == []


def test_the_action_plan_marks_when_and_says_by_whom() -> None:
    assessment = view()
    assert [half.label for half in assessment.half_years] == ["2nd half of 2019", "1st half of 2020", "2nd half of 2020", "1st half of 2021", "later"]
    marks = {row.activity: [assessment.takes_place(row, half) for half in assessment.half_years] for row in assessment.view.plan_ahead()}
    assert marks == {"A1": [True, True, False, False, False], "A2": [False, True, False, False, False], "A3": [False, False, False, True, True]}
    bodies = [assessment.bodies(row) for row in assessment.view.plan_ahead()]
    assert bodies == ["all members", "Alpha, a member not named for reasons of safety", "Beta"]


# --- the checklist ----------------------------------------------------------------------------------------------------


def test_the_checklist_says_what_is_left_and_where_to_mend_it() -> None:
    agreement = given().agreement
    nobody = agreement.contract.coordinator.model_copy(update={"contact": "TBD"})
    unready = replace(
        given(),
        agreement=agreement.model_copy(update={"contract": agreement.contract.model_copy(update={"coordinator": nobody})}),
        texts={section: text for section, text in WRITTEN.items() if section not in ("visibility", "variations")} | {"summary": "word " * 251},
        members=[MemberState("dd", "C1", "missing", "", "", 0, 0, 0), MemberState("ee", "C1", "rejected", "", "", 0, 0, 0), MemberState("bb", "C1", "on time", "", "", 1, 0, 0)],
        figures=replace(given().figures, finance=finance(), missing_rates=[MissingRate("PEN", "2019-04", Decimal("1500.5"), 2)]),
    )
    lines = checklist(unready, "en")
    for expected in (
        "Texts to be completed by the coordinator: Visibility, and any objection to publication: texts/C1/en/visibility.md",
        "Texts that are too long for the form: Executive summary: 251 words, where the form has room for about 250: texts/C1/en/summary.md",
        "Contact data of the coordinator: Contact person: agreement/agreement.yaml, contract.coordinator.contact",
        "Money left out of every figure for want of an exchange rate: 1,500.50 PEN paid in April\u00a02019 (2 rows): agreement/rates.csv",
        "Headings above their budget without an explanation: Heading 2, Travel, is 30.0% above its budget: texts/C1/en/variations.md",
        "Submissions that are not in this report: Delta, C1: missing (inbox/C1/dd)",
        "Submissions that are not in this report: a member not named for reasons of safety, C1: rejected",
        "Indicators with a target and without any value: X1, Never reported: in the workbooks of members, else without its target in agreement/logframe.csv",
    ):
        assert expected in lines
    page = html(unready)
    assert all(line.rpartition(": ")[2] in page for line in lines)
    assert "Before this report is sent" not in html(replace(unready, edition="public"))


def test_nothing_is_left_where_everything_is_said() -> None:
    reported = with_figures(indicators=[*figures_to_date(), to_date("X1", Fraction(1))], finance=finance())
    assert checklist(reported, "en") == []
    assert len(checklist(replace(reported, texts={**WRITTEN, "variations": " "}), "en")) >= 1


# --- large, small and sound -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["action", "operating"])
@pytest.mark.parametrize("cycle", ["C1", "C3"])
def test_a_report_of_nothing_is_printed(kind: str, cycle: str) -> None:
    page = html(replace(given(cycle, kind), figures=replace(given(cycle, kind).figures, indicators=[]), accepted={}, texts={}))
    assert "Results at a glance" in page
    assert "Risks and what was done" not in page
    assert "In the words of those concerned" not in page


def test_a_long_logframe_with_many_activities_is_laid_out_in_seconds() -> None:
    lines = [f"N{number},output,Op{number % 15}.1,Result {number % 15},Indicator,number,pieces,up,period,sum,sum,,8.8,0,2018,10,2020,," for number in range(150)]
    agreement = small_agreement(members=MEMBERS, logframe="\n".join([LOGFRAME_COLUMNS, *lines]) + "\n")
    figures = replace(given().figures, indicators=[to_date(f"N{number}", Fraction(4), Fraction(3), "on track") for number in range(150)])
    activities = [activity("bb", number, result=f"Op{number % 15}.1", women=Decimal(1)) for number in range(2, 4502)]
    comments = [accepted("indicators", "bb", "C1", number, indicator=f"N{number % 150}", country="KE", comment=f"Remark {number}") for number in range(3000)]
    started = process_time()
    page = html(replace(given(), agreement=agreement, figures=figures, accepted={"activities": activities, "indicators": comments}))
    assert process_time() - started < 20
    assert page.count("All: 300 activities") == 15


@pytest.mark.parametrize(("cycle", "texts"), [("C1", WRITTEN), ("C3", {})])
def test_it_conforms_to_pdf_ua_1(cycle: str, texts: Mapping[str, str], tmp_path: Path) -> None:
    if reason := verapdf.missing():
        pytest.skip(reason)
    path = tmp_path / "report.pdf"
    path.write_bytes(render_report(replace(given(cycle), texts=texts), "en", IDENTIFIER))
    assert verapdf.failures(path, "ua1") == []
    assert verapdf.failures(path, "3a") == []
