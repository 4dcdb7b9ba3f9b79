"""The spread of each goal: what it prints is what data/sdg.csv and data/indicators.csv say, and what must be withheld stays so."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from domain.agreement import Agreement
from domain.codes import REGIONS, SDG_TARGETS, countries
from domain.datafiles import sdg_csv
from domain.report import Edition, ReportDocument
from domain.submission import AcceptedRow, Judged
from tasks.aggregate import aggregate
from tasks.editions import document_of
from tasks.goals_view import HIGHLIGHTS, IN_A_LINE, LINES, GoalsView
from tasks.render import render_html, render_report
from tasks.report_view import ReportView, goals_named
from tasks.wording import Wording
from tests import verapdf
from tests.builders import LOGFRAME, LOGFRAME_COLUMNS, accepted, small_agreement
from tests.tasks.test_render import IDENTIFIER, MEMBERS, PROFILE, structure, text_of

DAYS = {"C1": date(2019, 2, 1), "C2": date(2019, 8, 1), "C3": date(2020, 2, 1)}
Rows = Mapping[str, Sequence[AcceptedRow]]


def activity(member: str, number: int, sdg: str, cycle: str = "C1", **values: Any) -> AcceptedRow:
    given = {"activity": f"A{number}", "title": f"Training {number}", "type": "training", "start": DAYS[cycle], "end": DAYS[cycle], "country": "KE", "result": "Op1"}
    return accepted("activities", member, cycle, number, **given | {"sdg": tuple((code, None) for code in sdg.split("; "))} | values)


def cost(member: str, number: int, activity_code: str | None, euros: str, cycle: str = "C1") -> AcceptedRow:
    day = DAYS[cycle]
    return accepted("expenditure", member, cycle, number, heading="2", country="KE", payment_date=day, currency="EUR", amount=Decimal(euros), activity=activity_code)


def outcome(member: str, number: int, sdg: str | None, cycle: str = "C1", **values: Any) -> AcceptedRow:
    return accepted("outcomes", member, cycle, number, **{"what_changed": f"Change {number}", "country": "KE", "date": DAYS[cycle], "sdg": sdg} | values)


def document(rows: Rows, cycle: str = "C1", agreement: Agreement | None = None, edition: Edition = "contractual") -> ReportDocument:
    """A report whose figures are made of these rows."""
    agreement = agreement or small_agreement(members=MEMBERS)
    sheets = {sheet: list(rows.get(sheet, ())) for sheet in ("activities", "indicators", "expenditure", "outcomes", "narrative", "visibility", "risks", "stories")}
    figures, _ = aggregate(agreement, PROFILE, Judged([], sheets), [], cycle, None)
    return document_of(edition, ReportDocument(agreement, PROFILE, figures, [], sheets, [], {}, {}))


def goals(given: ReportDocument, language: str = "en") -> GoalsView:
    return GoalsView(ReportView(given, Wording(language)))


def page_of(given: ReportDocument, goal: str) -> Any:
    """The section of a goal as printed."""
    tree = html.fromstring(render_html(given, "en", date(2019, 6, 30)))
    (heading,) = tree.xpath(f'//h2[@id="goal-{goal}"]')
    return next(heading.iterancestors("section"))


def words(element: Any) -> str:
    return re.sub(r" ([;:,])", r"\1", " ".join(" ".join(element.itertext()).split()))


@cache
def mixed() -> ReportDocument:
    """Three goals with activities, one with money alone, one with an indicator alone, one with a result of advocacy alone."""
    activities = [
        activity("bb", 2, "8.8; 5.5; 8.5", women=Decimal(30), men=Decimal(10), outcome="The union was recognised"),
        activity("bb", 3, "8; 16.7", women=Decimal(1), men=Decimal(2), unknown=Decimal(1), country="TZ"),
        activity("cc", 2, "5.5", joint="J", lead="yes", women=Decimal(9), outcome="Elles se sont organisées", country="SN"),
        activity("aa", 2, "5.5", joint="J", women=Decimal(9), country="SN"),
        activity("bb", 4, "13.2", status="cancelled", start=None, end=None),
        activity("ee", 2, "8.8", women=Decimal(7), country="MM", outcome="The secret was kept"),
        activity("bb", 5, "8.8", sensitivity="internal", country="UG", outcome="Nobody may know"),
    ]
    expenditure = [cost("bb", 2, "A2", "1234.56"), cost("bb", 3, "A3", "100"), cost("bb", 4, "A4", "77.70"), cost("bb", 5, None, "50"), cost("bb", 6, "A3", "-20.05")]
    indicators = [
        accepted("indicators", "bb", "C1", 2, indicator="N1", country="KE", value=Decimal(41)),
        accepted("indicators", "bb", "C1", 3, indicator="P1", country="KE", value=Decimal(100)),
        accepted("indicators", "bb", "C1", 4, indicator="P1", country="KE", value=Decimal(60), sex="female"),
        accepted("indicators", "cc", "C1", 2, indicator="S1", country="SN", value=Decimal(3)),
        accepted("indicators", "ee", "C1", 2, indicator="S1", country="MM", value=Decimal(4)),
        accepted("indicators", "cc", "C1", 3, indicator="Y1", country="SN", value="yes"),
    ]
    outcomes = [
        outcome("cc", 2, "SDG 8.8=60; 3.8=40", what_changed="La loi est votée", country="SN", date=date(2019, 5, 1)),
        outcome("ee", 2, "8.8", what_changed="Hidden House won"),
        outcome("bb", 2, None),
    ]
    logframe = LOGFRAME.replace(",5.5,0,2018", ",5.5; 8.5,0,2018") + "S1,output,Op1,A result,By member,number,pieces,up,period,none,sum,,8.8,,,,,,\n"
    agreement = small_agreement(members=MEMBERS, logframe=logframe)
    return document({"activities": activities, "expenditure": expenditure, "indicators": indicators, "outcomes": outcomes}, agreement=agreement)


@cache
def final() -> ReportDocument:
    """An activity in the first cycle under another goal than in the last, and one in each cycle."""
    activities = [
        activity("bb", 2, "8.8", women=Decimal(10), outcome="Old news"), activity("cc", 2, "5.5; 8.5", "C2", women=Decimal(5), country="SN"),
        activity("bb", 2, "16.7; 8.8", "C3", women=Decimal(3), outcome="Late news"), activity("bb", 3, "8.8", "C3", men=Decimal(4)),
    ]  # fmt: skip
    return document({"activities": activities, "expenditure": [cost("bb", 2, "A2", "500")], "outcomes": [outcome("bb", 2, "8.8", what_changed="Won in 2019")]}, "C3")


@cache
def crowd() -> ReportDocument:
    """Sixty members in forty countries under all seventeen goals, each with long texts."""
    members, places = 60, sorted(countries() - set(REGIONS))[:40]
    listed = MEMBERS.splitlines()[0] + "\naa,Alpha,BE,en,.,,coordinator,\n"
    listed += "".join(f"m{n},Federation of associations number {n} for dignity,{places[n % len(places)]},fr,\",\",,beneficiary,\n" for n in range(members))
    activities = [
        activity(f"m{n}", number, "; ".join(SDG_TARGETS[(n * 3 + number * 17 + k * 11) % 169] for k in range(3)), country=places[n % len(places)], women=Decimal(n), men=Decimal(number), outcome="Quelque chose a changé " * 12)
        for n in range(members) for number in range(2, 7)
    ]  # fmt: skip
    spent = [cost(f"m{n}", number, f"A{number}", f"{n * 100 + number}.25") for n in range(members) for number in range(2, 7)]
    outcomes = [outcome(f"m{n}", 2, f"{n % 17 + 1}") for n in range(members)]
    targets = "; ".join(SDG_TARGETS[::19])
    more = [f"T{n},output,Op1,A result,A title with many words that goes on {n},people,people,up,period,{'none' if n == 2 else 'sum'},sum,sex:female|male,{targets},0,2018,100,2020,," for n in range(6)]
    indicators = [accepted("indicators", f"m{n}", "C1", 2 + 3 * i + k, indicator=f"T{i}", country=places[n % len(places)], value=Decimal(n + k), sex=sex)
                  for n in range(members) for i in range(6) for k, sex in enumerate((None, "female", "male")) if n or not sex]  # fmt: skip
    agreement = small_agreement(members=listed, logframe=f"{LOGFRAME_COLUMNS}\n" + "\n".join(more) + "\n")
    return document({"activities": activities, "expenditure": spent, "outcomes": outcomes, "indicators": indicators}, agreement=agreement)


# --- the figures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [mixed, final, crowd])
def test_targets_and_goals_are_printed_as_in_sdg_csv(made: Any) -> None:
    given = made()
    wording, view = Wording("en"), ReportView(given, Wording("en"))
    scopes = [scope for scope, _ in view.scopes()]
    rows = [row for row in csv.DictReader(io.StringIO(sdg_csv(given.figures).decode())) if row["scope"] in scopes]
    tree = html.fromstring(render_html(given, "en", date(2019, 6, 30)))
    printed = []
    for table in tree.xpath('//section[@class="goal"]//table[caption[starts-with(., "Targets of goal")]]'):
        goal, when = re.fullmatch(r"Targets of goal (\d+) in (.*)", words(table.find("caption"))).groups()  # type: ignore[union-attr]
        scope = next(scope for scope, name in view.scopes() if name == when)
        body = [[words(cell) for cell in row] for row in table.xpath("tbody/tr")]
        printed += [(scope, goal if line[0].startswith(("the goal", "Goal")) else line[0], line[0].startswith("Goal"), *line[1:]) for line in body]
        parts = [row for row in rows if row["scope"] == scope and row["kind"] in ("target", "bare") and row["sdg"].partition(".")[0] == goal]
        assert len(body) == len(parts) + (len(parts) > 1)
    expected = {
        (row["scope"], row["sdg"], row["kind"] == "goal", *(wording.number(int(row[name])) for name in ("activities_main", "activities_significant", "women", "men")),
         wording.number(int(row["other"]) + int(row["unknown"])), wording.amount(Decimal(row["expenditure_eur"])))
        for row in rows if row["kind"] in ("goal", "target", "bare")
    }  # fmt: skip
    assert set(printed) <= expected
    assert {line for line in expected if not line[2]} <= set(printed)


@pytest.mark.parametrize("made", [mixed, final, crowd])
def test_countries_and_what_is_not_named_add_up_to_the_goal(made: Any) -> None:
    given = made()
    view = goals(given)
    for spread in view.spreads:
        figure = view.view.sdg(spread.targets[-1].scope, "goal", spread.goal)
        assert sum(tally.main for tally in spread.countries) == figure.activities_main
        assert sum(tally.significant for tally in spread.countries) == figure.activities_significant


def test_the_facts_of_a_goal_stand_in_a_sentence() -> None:
    given = mixed()
    facts = {spread.goal: spread.facts for spread in goals(given).spreads}
    assert facts["8"] == (
        "In this reporting period: 4 activities with this goal as their main one, in 4 countries, by 2 members; 51 participations, 75% of them of women; direct costs of €1,314.51.",
    )
    assert facts["5"] == (
        "In this reporting period: 1 activity with this goal as its main one, 1 more that names it as significant, in 2 countries, by 3 members; "
        "9 participations, 100% of them of women; no direct costs.",
    )
    assert facts["16"] == ("In this reporting period: 1 activity that names it as significant, in 1 country, by 1 member; no direct costs.",)
    assert facts["13"] == ("In this reporting period: no activity; direct costs of €77.70.",)  # its activity was cancelled, its money was spent
    assert facts["3"] == ()
    assert "No activity and no money of this reporting period was reported under this goal." in words(page_of(given, "3"))


def test_a_goal_of_a_single_part_has_no_sum_and_no_chart() -> None:
    page = page_of(mixed(), "5")
    assert page.xpath('.//tr[@class="sum"]') == []
    assert page.xpath(".//figure") == []


# --- indicators -------------------------------------------------------------------------------------------------------


def test_an_indicator_stands_whole_under_each_goal_with_its_groups_and_says_where_else() -> None:
    for goal, code, other in (("5", "5.5", "8"), ("8", "8.5", "5")):
        text = words(page_of(mixed(), goal))
        assert f"P1 People (people) SDG {code}; also counted under goal {other} 0 2018 100 2020 100 100 100.0%" in text
        assert "Sex: women 60 60 Sex: not disaggregated 40 40" in text
    assert "N1 A number (pieces) SDG 8.8 10 2018 110 2020 41 41 31.0%" in words(page_of(mixed(), "8"))
    assert "P1" not in words(page_of(mixed(), "16"))


def test_one_that_is_never_combined_shows_its_members_and_names_no_internal_one() -> None:
    text = words(page_of(mixed(), "8"))
    assert "S1 By member (pieces) SDG 8.8; by member, below – – – – – Gamma 3 3 a member not named for reasons of safety 4 4" in text


def test_many_lines_under_an_indicator_are_cut_and_lead_to_the_logframe() -> None:
    (mapped,) = [mapped for mapped in goals(crowd()).spreads[0].indicators if mapped.indicator.indicator == "T2"]
    assert (len(mapped.lines), mapped.more_lines) == (LINES, 60 - LINES)
    assert "40 more: see 2.3" in words(page_of(crowd(), "1"))


def test_an_indicator_that_nobody_reported_makes_no_goal() -> None:
    assert [spread.goal for spread in goals(document({})).spreads] == []
    assert "Nothing was reported under a goal." in render_html(document({}), "en", date(2019, 6, 30))


# --- who worked where -------------------------------------------------------------------------------------------------


def test_members_and_countries_have_their_activities_and_whoever_is_internal_is_counted() -> None:
    spread = next(spread for spread in goals(mixed()).spreads if spread.goal == "8")
    assert spread.countries == (("Kenya", 1, 0), ("Tanzania", 1, 0), ("not named for reasons of safety", 2, 0))
    assert spread.members == (("Beta", 2, 0), ("not named for reasons of safety", 2, 0))
    text = words(page_of(mixed(), "8"))
    assert "Countries: Kenya: 1; Tanzania: 1; not named for reasons of safety: 2" in text
    for secret in ("Hidden House", "Myanmar", "Uganda", "secret", "Nobody may know"):
        assert secret not in text


def test_a_joint_activity_counts_once_in_its_country_and_stands_under_each_member() -> None:
    spread = next(spread for spread in goals(mixed()).spreads if spread.goal == "5")
    assert spread.countries == (("Kenya", 0, 1), ("Senegal", 1, 0))
    assert spread.members == (("Alpha", 1, 0), ("Beta", 0, 1), ("Gamma", 1, 0))


def test_a_member_whose_part_of_a_joint_activity_is_internal_is_not_named() -> None:
    rows = [activity("cc", 2, "5.5", joint="J", lead="yes"), activity("aa", 2, "5.5", joint="J", sensitivity="internal")]
    (spread,) = goals(document({"activities": rows})).spreads
    assert spread.members == (("Gamma", 1, 0), ("not named for reasons of safety", 1, 0))


def test_many_countries_and_members_stand_in_tables_that_name_all_of_them() -> None:
    given = crowd()
    page = page_of(given, "8")
    spread = next(spread for spread in goals(given).spreads if spread.goal == "8")
    assert min(len(spread.countries), len(spread.members)) > IN_A_LINE
    tables = page.xpath('.//table[contains(@class, "tallies")]')
    assert [{words(cell) for cell in table.xpath("tbody/tr/th")} for table in tables] == [{t.name for t in spread.countries}, {t.name for t in spread.members}]


# --- what came of it --------------------------------------------------------------------------------------------------


def test_results_of_advocacy_stand_under_each_goal_they_name_in_their_own_language() -> None:
    for goal in ("3", "8"):
        page = page_of(mixed(), goal)
        (said,) = page.xpath('.//*[@lang="fr" and text()="La loi est votée"]')
        assert words(next(said.iterancestors("p"))) == "La loi est votée Result of advocacy: Gamma, Senegal, 1 May 2019, SDG SDG 8.8=60; 3.8=40"
        assert "Change 2" not in words(page)


@pytest.mark.parametrize(
    ("written", "named"),
    [("8.8; 16.7", ["8", "16"]), ("ODS 8,8; 8.5", ["8"]), ("1.3=60; 3.8=20", ["1", "3"]), ("8.8, 16.7", ["8", "16"]), ("8.99; 5", ["5"]), ("labour", []), ("", [])],
)
def test_goals_are_read_from_what_a_member_wrote(written: str, named: list[str]) -> None:
    assert goals_named(written) == named


def test_what_an_activity_led_to_stands_under_its_main_goal() -> None:
    assert "The union was recognised A2 Training 2; Beta, Kenya, 1 Feb 2019" in words(page_of(mixed(), "8"))
    assert "The union was recognised" not in words(page_of(mixed(), "5"))
    (said,) = page_of(mixed(), "5").xpath('.//*[text()="Elles se sont organisées"]')
    assert said.get("lang") == "fr"


def test_each_member_is_heard_once_before_anyone_twice_and_the_rest_is_counted() -> None:
    rows = [activity("bb", number, "8.8", outcome=f"Beta {number}", start=date(2019, 3, number), end=date(2019, 3, number)) for number in range(2, 9)]
    rows += [activity("cc", 2, "8.8", outcome="Gamma", start=date(2019, 2, 1), end=date(2019, 2, 1))]
    (spread,) = goals(document({"activities": rows})).spreads
    assert [row.values["outcome"] for row in spread.changes.rows] == ["Beta 8", "Gamma", "Beta 7"]
    assert spread.changes.more == len(rows) - HIGHLIGHTS


def test_what_members_wrote_is_text() -> None:
    hostile = "<b>{{ 7*7 }}</b>"
    given = document({"activities": [activity("bb", 2, "8.8", outcome=hostile, title=hostile)], "outcomes": [outcome("bb", 2, "8.8", what_changed=hostile)]})
    page = page_of(given, "8")
    assert words(page).count(hostile) == 3
    assert page.xpath(".//b") == []


# --- reports and editions ---------------------------------------------------------------------------------------------


def test_a_final_report_says_both_and_looks_back_on_the_whole_action() -> None:
    spread = next(spread for spread in goals(final()).spreads if spread.goal == "8")
    assert spread.facts == (
        "In this reporting period: 1 activity with this goal as its main one, 2 more that name it as significant, in 2 countries, by 2 members; 4 participations, 0% of them of women; no direct costs.",
        "In the whole action: 1 activity with this goal as its main one, 2 more that name it as significant, in 2 countries, by 2 members; 14 participations, 71% of them of women; direct costs of €500.00.",
    )
    assert [row.values["what_changed"] for row in spread.advocacy.rows] == ["Won in 2019"]
    text = words(page_of(final(), "8"))
    assert "Targets of goal 8 in this reporting period" in text
    assert "Targets of goal 8 in the whole action" in text
    late = next(spread for spread in goals(final()).spreads if spread.goal == "16")
    assert [row.values["outcome"] for row in late.changes.rows] == ["Late news"]  # as last reported


def test_what_lies_before_the_reporting_period_is_in_the_final_report_only() -> None:
    rows = {"activities": [activity("cc", 2, "8.8", outcome="Then"), activity("bb", 2, "8.8", "C2", outcome="Now")], "outcomes": [outcome("cc", 2, "8.8; 3")]}
    (spread,) = goals(document(rows, "C2")).spreads
    assert (spread.members, spread.advocacy.rows) == ((("Beta", 1, 0),), ())
    assert [row.values["outcome"] for row in spread.changes.rows] == ["Now"]
    assert [spread.goal for spread in goals(document(rows, "C3")).spreads] == ["3", "8"]


def test_a_public_edition_tells_no_small_number_and_nobody_for_the_eu_only() -> None:
    members = MEMBERS.replace("cc,Gamma,SN,fr,\",\",,affiliated-entity,", "cc,Gamma,SN,fr,\",\",,affiliated-entity,eu-only")
    rows = [activity("bb", 2, "8.8", women=Decimal(40), men=Decimal(3)), activity("cc", 2, "8.5", women=Decimal(30), men=Decimal(20), country="SN", outcome="Dit")]
    rows.append(activity("bb", 3, "5.5", women=Decimal(50), men=Decimal(60)))
    given = document({"activities": rows, "outcomes": [outcome("cc", 2, "8")]}, agreement=small_agreement(members=members), edition="public")
    spread = next(spread for spread in goals(given).spreads if spread.goal == "8")
    assert spread.members == (("Beta", 1, 0), ("not named for reasons of safety", 1, 0))
    assert (spread.changes.rows, spread.advocacy.rows) == ((), ())
    withheld = next(bar for bar in spread.bars if bar.figure.sdg == "8.8")
    assert (withheld.groups, "%" in withheld.people) == ((0, 0, 0), False)
    text = words(page_of(given, "8"))
    assert "•" in text
    assert "Senegal" not in text
    assert not re.search(r"\b3\b", words(page_of(given, "8").xpath(".//table")[0]))


# --- the chart --------------------------------------------------------------------------------------------------------


def test_the_chart_tells_in_words_what_it_shows_and_its_bars_are_outlined() -> None:
    page = page_of(mixed(), "8")
    (title,) = page.xpath(".//title")
    assert words(title) == (
        "Bar chart. the goal, no target named: participations of women 1, of men 2, of others and unknown 1; direct costs €80. "
        "8.8: participations of women 37, of men 10, of others and unknown 0; direct costs €1,235."
    )
    bars = page.xpath(".//rect[not(ancestor::pattern)]")
    assert all(bar.get("stroke") for bar in bars)
    assert {bar.get("fill") for bar in bars} == {PROFILE.goals["8"].colour, "#ffffff", "url(#hatched-8)"}
    assert len(page.xpath('.//*[@id="hatched-8"]')) == 1


def test_the_bars_of_a_target_are_as_long_as_its_numbers() -> None:
    bare, target = next(spread for spread in goals(mixed()).spreads if spread.goal == "8").bars
    assert bare.groups == pytest.approx((1 / 47, 2 / 47, 1 / 47))
    assert target.groups == pytest.approx((37 / 47, 10 / 47, 0))
    assert (bare.cost, target.cost) == pytest.approx((7995 / 123456, 1))


def test_money_that_went_back_has_no_bar() -> None:
    given = document({"activities": [activity("bb", 2, "8.8"), activity("bb", 3, "8.5")], "expenditure": [cost("bb", 2, "A2", "-10"), cost("bb", 3, "A3", "-20")]})
    assert [bar.cost for bar in goals(given).spreads[0].bars] == [0, 0]
    assert "-€10" in words(page_of(given, "8"))


# --- the file ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("standard", ["3a", "ua1"])
@pytest.mark.parametrize(("made", "language"), [(mixed, "fr"), (final, "en")])
def test_spreads_conform_to_pdf_a_3a_and_pdf_ua_1(made: Any, language: str, standard: str, tmp_path: Path) -> None:
    if reason := verapdf.missing():
        pytest.skip(reason)
    path = tmp_path / "report.pdf"
    path.write_bytes(rendered(made, language))
    assert verapdf.failures(path, standard) == []


@cache
def rendered(made: Any, language: str) -> bytes:
    return render_report(made(), language, IDENTIFIER)


def test_the_pdf_has_the_language_of_a_highlight_and_the_words_of_a_chart() -> None:
    content = rendered(mixed, "en")
    assert "Elles se sont organisées" in text_of(content)
    languages, described = set(), []
    for element in structure(content):
        if "/Lang" in element:
            languages.add(str(element.Lang))
        if element.get("/S") == "/Figure":
            described.append(str(element.Alt))
    assert "fr" in languages
    assert any("8.8: participations of women 37" in alt for alt in described)
