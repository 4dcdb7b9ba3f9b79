"""The annex on finance: its sums are those of finance.csv and sdg.csv, what the EU owes keeps to share and ceiling, and nobody is named who may not be."""

from __future__ import annotations

import csv
import io
import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from domain import datafiles
from domain.figures import Figures
from domain.funding import Funding, contribution, funding, member_costs, rates_to_name, rates_used, recipient_costs
from domain.money import CostLine, euros
from domain.report import ReportDocument
from domain.submission import AcceptedRow, Judged
from tasks import steps
from tasks.aggregate import aggregate
from tasks.demo import write_sample
from tasks.editions import document_of
from tasks.finance_view import LONG_RATES, FinanceView
from tasks.profiles import load_profile
from tasks.render import render_html, render_report
from tasks.report_view import ReportView
from tasks.wording import Wording
from tests import verapdf
from tests.builders import AGREEMENT_YAML, CONTRACT, accepted, small_agreement

PROFILE = load_profile("prag-2018")
MEMBERS = (
    "member,name,country,language,decimal,email,role,sensitivity\n"
    'aa,Alpha,BE,en,.,,coordinator,\nbb,Beta,KE,en,.,,beneficiary,\ncc,Gamma,SN,fr,",",,affiliated-entity,eu-only\n'
    "dd,Delta,PE,es,.,,third-party,\nee,Hidden House,MM,en,.,,beneficiary,internal\nff,Silent Refuge,LA,en,.,,beneficiary,internal\n"
    "gg,Quiet Third,PE,es,.,,third-party,internal\nhh,Veiled Third,PE,es,.,,third-party,internal\n"
)
SUBGRANTS = (
    "recipient,name,country,lot,signed,amount_eur,member\n"
    "T1,Dockers & <b>Families</b>,KE,Lot 1,2019-02-01,900.00,bb\nT2,Weavers of the Border,MM,Lot 1,2019-02-01,500.00,ee\nT3,Quiet Third,PE,Lot 2,2019-02-01,400.00,bb\n"
    "T4,Secret Shelter,KE,Lot 2,2019-02-01,300.00,bb\nT5,Not Yet Paid,KE,Lot 2,2019-02-01,200.00,bb\n"
)
RATES = "month,currency,rate\n" + "".join(f"{month},{rate}\n" for month in ("2019-03", "2019-09", "2020-03") for rate in ("KES,110", "XOF,655.957", "MMK,1700"))
AMENDMENTS = "number,signed,from,what,reason\n1,2019-07-01,C2,Travel raised,More of it\n"
ACTIVITIES = [
    accepted("activities", "bb", "C1", 2, activity="A1", country="KE", start=date(2019, 3, 1), end=date(2019, 3, 1), sdg=(("8.8", None), ("5.5", None))),
    accepted("activities", "bb", "C1", 3, activity="A2", country="KE", start=date(2019, 3, 1), end=date(2019, 3, 1), sdg=(("16", None),), sensitivity="internal"),
]
SECRETS = ("Hidden House", "Silent Refuge", "Quiet Third", "Veiled Third", "Weavers of the Border", "Secret Shelter", "Whispered Name", "Unheard Of", "MMK", "Myanmar")


def payment(member: str, cycle: str, row: int, heading: str, amount: str, currency: str = "EUR", **values: Any) -> AcceptedRow:
    paid = {"C1": date(2019, 3, 1), "C2": date(2019, 9, 1), "C3": date(2020, 3, 1)}[cycle]
    given = {"heading": heading, "country": "KE", "payment_date": paid, "currency": currency, "amount": Decimal(amount), "supplier": "S", "document": "D"}
    return accepted("expenditure", member, cycle, row, **given | values)


def payments(cycle: str) -> list[AcceptedRow]:
    return [
        payment("aa", cycle, 2, "1.1.1", "100.10"), payment("bb", cycle, 2, "1", "33333.33", "KES", activity="A1"), payment("bb", cycle, 3, "2", "7000.00", activity=" a2 "),
        payment("cc", cycle, 2, "2", "5000.55"), payment("cc", cycle, 3, "3", "-250.25"), payment("cc", cycle, 4, "4", "100000", "XOF"),
        payment("ee", cycle, 2, "2", "170000", "MMK"), payment("ff", cycle, 2, "1", "50.00"),
        payment("bb", cycle, 4, "6", "400.00", recipient="t1", activity="A1"), payment("ee", cycle, 3, "6", "10.00", recipient="T2"), payment("bb", cycle, 5, "6", "20.00", recipient="T3"),
        payment("bb", cycle, 6, "6", "30.00", recipient="T4", activity="A2"), payment("bb", cycle, 7, "6", "40.00", recipient="Choir of the Coast"),
        payment("bb", cycle, 8, "6", "50.00", recipient="Whispered Name", activity="A2"), payment("bb", cycle, 9, "6", "60.00", recipient="Unheard Of", activity="never accepted"),
        payment("aa", cycle, 3, "6", "5.00"), payment("bb", cycle, 10, "5.7", "1.00", recipient="Caterers"),
        payment("dd", cycle, 2, "6", "99.00", recipient="T1"), payment("gg", cycle, 2, "6", "11.00"), payment("hh", cycle, 2, "6", "22.00"),
    ]  # fmt: skip


def made(
    cycle: str = "C1", before: Mapping[str, int] | None = None, rows: Sequence[AcceptedRow] | None = None, texts: Mapping[str, str] | None = None, **files: str
) -> tuple[ReportDocument, list[CostLine]]:
    agreement = small_agreement(**{"members": MEMBERS, "subgrants": SUBGRANTS, "rates": RATES, "amendments": AMENDMENTS} | files)
    paid = [row for code in agreement.cycles_to(cycle) for row in payments(code)] if rows is None else list(rows)
    judged = Judged([], {"activities": ACTIVITIES, "indicators": [], "expenditure": paid})
    figures, lines = aggregate(agreement, PROFILE, judged, [], cycle, before)
    return ReportDocument(agreement, PROFILE, figures, [], {"activities": ACTIVITIES, "expenditure": paid}, [], dict(texts or {}), {}), lines


def view(document: ReportDocument, language: str = "en") -> FinanceView:
    return FinanceView(ReportView(document, Wording(language)))


def annex(document: ReportDocument, language: str = "en") -> str:
    """The annex on finance as text: tags away, spaces as one."""
    html = render_html(document, language, date(2019, 6, 30))
    start = html.index('<h1 id="annex-finance"')
    return " ".join(re.sub(r"<[^>]+>", " ", html[start : html.index("<h1", start + 1)]).split())


def csv_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def heading(figures: Figures, code: str, column: str) -> str:
    return next(row[column] for row in csv_rows(datafiles.finance_csv(figures)) if row["heading"] == code)


def assert_sums(document: ReportDocument) -> None:
    """Every table adds up to the data files."""
    figures, money = document.figures, view(document)
    for parts, code in ((money.by_goal, "7"), (money.by_member, "7"), (money.support_total, "6")):
        if parts.rows:
            assert euros(parts.reporting) == heading(figures, code, "period_eur")
            assert euros(parts.cumulative) == heading(figures, code, "cumulative_eur")
    of_sdg = {(row["scope"], row["kind"], row["sdg"]): row["expenditure_eur"] for row in csv_rows(datafiles.sdg_csv(figures))}
    for row in money.by_goal.rows:
        kind = "goal" if row.goal else "unattributed"
        assert (euros(row.reporting), euros(row.cumulative)) == (of_sdg["reporting", kind, row.goal], of_sdg["cumulative", kind, row.goal])
    assert euros(money.converted[1]) == of_sdg["reporting", "total", ""]
    assert sum(row.cents for row in money.rates) + money.in_euro[1] + money.rates_unnamed[1] == money.converted[1]
    for source in money.sources[:3]:
        _, previous, period, cumulative = source.amounts
        assert previous + period == cumulative
    eu, others, eligible = (source.amounts for source in money.sources[:3])
    assert [one + other for one, other in zip(eu, others, strict=True)] == list(eligible)
    assert [euros(amount) for amount in eligible] == [heading(figures, "11", f"{column}_eur") for column in ("budget", "previous", "period", "cumulative")]


# --- sums -------------------------------------------------------------------------------------------------------------


DELIVERED = {code: cents + 12345 * (code in ("2", "7", "9", "11")) + 864 * (code in ("8", "9", "11")) for code, cents in {
    line.heading: line.previous for line in made("C3")[0].figures.finance}.items()}  # fmt: skip
"""What the last report said: 123.45 EUR more of travel than the rows now give."""


@pytest.mark.parametrize("cycle", ["C1", "C3"])
def test_every_table_adds_up_to_the_data_files(cycle: str) -> None:
    assert_sums(made(cycle)[0])
    assert_sums(made(cycle, yaml=AGREEMENT_YAML.format(number=CONTRACT, sdg_money="weights", due="2099-12-31T18:00"))[0])


def test_corrections_of_earlier_periods_stand_apart_and_belong_to_no_member() -> None:
    document, _ = made("C3", DELIVERED)
    assert_sums(document)
    money = view(document)
    assert (money.by_goal.corrections, money.by_member.corrections, money.support_total.corrections) == (-12345, -12345, 0)
    assert "Corrections of earlier periods -123.45" in annex(document)
    assert {row.label: (row.reporting, row.cumulative) for row in money.by_member.rows}["Alpha"] == (21020, 31530)
    assert view(made("C3")[0]).by_member.corrections == 0


def test_the_sample_adds_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sample(str(tmp_path))
    monkeypatch.setenv("FPA_STORAGE", str(tmp_path))
    desk = steps.load.fn("2020-H1")
    inbox = steps.read_all.fn(desk, False)
    judged = steps.judge_all.fn(desk, inbox)
    totals = steps.add_up.fn(desk, inbox, judged, steps.describe_basis.fn(desk, inbox, ["en"], False))
    document = ReportDocument(desk.agreement, desk.profile, totals.figures, [], judged.accepted, [], {}, {})
    assert_sums(document)
    money = view(document)
    by_member: dict[str, int] = {}
    for row in csv_rows(datafiles.expenditure_csv(totals.lines)):
        if row["cost"]:
            by_member[row["member"]] = by_member.get(row["member"], 0) + round(Decimal(row["amount_eur"]) * 100)
    names = {member.name: member.member for member in desk.agreement.members}
    assert {names[row.label]: row.cumulative for row in money.by_member.rows} == by_member
    assert [row.code for row in money.third_parties] == [grant.recipient for grant in desk.agreement.subgrants]
    assert money.rates_are_long and len(money.rates) == len({rate.currency for rate in totals.figures.rates} - {"EUR"})
    assert "above the budget by more than 25%" in annex(document)


# --- what the EU owes -------------------------------------------------------------------------------------------------


def test_the_eu_owes_its_share_up_to_its_contribution() -> None:
    contract = small_agreement().contract  # 75 %, at most 75 000.00
    assert contribution(contract) == 7500000
    assert funding(contract, 1001) == Funding(1001, 751, 751)  # 750.75, a half and more away from zero
    assert funding(contract, -1001).share == -751
    assert funding(contract, 10000000) == Funding(10000000, 7500000, 7500000)
    above = funding(contract, 10000002)
    assert (above.share, above.eu, above.others) == (7500002, 7500000, 2500002)
    assert (funding(contract, 0).eu, funding(contract, 0).others) == (0, 0)


def test_the_ceiling_is_one_of_the_whole_contract() -> None:
    rows = [payment("aa", "C1", 2, "1", "60000.00"), payment("aa", "C3", 2, "1", "60000.00")]
    money = view(made("C3", rows=rows)[0])
    eu = money.sources[0].amounts
    assert eu[1:] == (4815000, 2685000, 7500000), "64 200.00 twice; the second time only what is left of the contribution"
    assert money.ceiling_reached and money.eu_left == 0
    assert money.eu_shares[1:] == ["75.0%", "41.8%", "58.4%"]
    assert "The contribution is used up" in annex(made("C3", rows=rows)[0])


def test_what_exceeds_the_flexibility_is_named_as_not_eligible() -> None:
    rows = [payment("aa", "C1", 2, "2", "12500.00")]
    assert view(made(rows=rows)[0]).excess == 0, "25 % of 10 000.00 are allowed"
    over = made(rows=[*rows, payment("aa", "C1", 3, "2", "0.01")])[0]
    assert view(over).excess == 1
    assert "include €0.01 of direct costs by which headings exceed their budget beyond the 25% allowed" in annex(over)


# --- explanation of variations ----------------------------------------------------------------------------------------


def test_an_explanation_is_asked_for_only_where_a_heading_is_over_its_flexibility() -> None:
    over = [payment("aa", "C1", 2, "2", "12500.01")]
    asked = "Explanation of variations from the budget: to be completed by the coordinator"
    assert asked in annex(made(rows=over)[0])
    assert "Explanation of variations" not in annex(made(rows=[payment("aa", "C1", 2, "2", "12500.00")])[0])
    for rows in (over, [payment("aa", "C1", 2, "2", "1.00")]):
        page = annex(made(rows=rows, texts={"variations": "Fares **doubled** <i>so</i>."})[0])
        assert "Fares doubled" in page and asked not in page
        assert "&lt;i&gt;so" in page, "HTML in it is text"


@pytest.mark.parametrize("name", ["prag-2018", "ndici-2021"])
def test_both_profiles_name_the_explanation(name: str) -> None:
    text = load_profile(name).texts["variations"]
    assert not text.mandatory and set(text.title) == {"en", "fr", "es", "pt"}


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cycle", ["C1", "C3"])
@pytest.mark.parametrize("edition", ["contractual", "internal", "public"])
def test_nobody_is_named_who_must_not_be(edition: Any, cycle: str) -> None:
    document = document_of(edition, made(cycle)[0])
    page = annex(document)
    assert not [word for word in SECRETS if word in page]
    assert ("Gamma" in page, "XOF" in page) == ((False, False) if edition == "public" else (True, True)), "for the EU only"
    assert "Choir of the Coast" in page and "Dockers &amp; &lt;b&gt;Families&lt;/b&gt;" in page
    assert_sums(document)


def test_members_that_are_not_named_are_one_line() -> None:
    money = view(made()[0])
    assert [row.label for row in money.by_member.rows] == ["Alpha", "Beta", "Gamma", "2 members not named for reasons of safety"]
    assert (money.by_member.rows[-1].reporting, money.rates_unnamed) == (10000 + 1000 + 5000, (3, 16000))
    assert [(name, line.heading, line.cumulative) for name, line in money.use_of_support] == [("Delta", "6", 9900), ("2 members not named for reasons of safety", "6", 3300)]


# --- third parties ----------------------------------------------------------------------------------------------------


def test_third_parties_stand_with_grant_payments_and_what_the_ceiling_leaves() -> None:
    rows = view(made("C3")[0]).third_parties  # the report covers C2 and C3; the ceiling is 1 000.00
    assert [(row.code, row.name, row.amount, row.reporting, row.cumulative, row.left) for row in rows] == [
        ("T1", "Dockers & <b>Families</b>", 90000, 80000, 120000, -20000),
        ("T5", "Not Yet Paid", 20000, 0, 0, 100000),
        ("", "Choir of the Coast", None, 8000, 12000, 88000),
        ("", "5 third parties not named for reasons of safety", 120000, 34000, 51000, None),
        ("", "Other costs under heading 6, without a third party", None, 1000, 1500, None),
    ]
    assert "above the ceiling" in annex(made("C3")[0])
    assert "above the ceiling" not in annex(made("C1")[0])


def test_a_third_party_is_not_named_for_the_member_that_granted_or_paid_it() -> None:
    granted = view(made(rows=[payment("bb", "C1", 2, "6", "1.00", recipient="T2")])[0]).third_parties
    assert not [row for row in granted if row.code == "T2"], "granted by one that is internal"
    paid = [payment("bb", "C1", 2, "6", "1.00", recipient="T1"), payment("ee", "C1", 2, "6", "1.00", recipient="t1"), payment("ee", "C1", 3, "6", "2.00", recipient="Small Circle")]
    assert not {"Dockers & <b>Families</b>", "Small Circle"} & {row.name for row in view(made(rows=paid)[0]).third_parties}, "paid by one that is internal"
    assert "Small Circle" in [row.name for row in view(made(rows=[payment("bb", "C1", 3, "6", "2.00", recipient="Small Circle")])[0]).third_parties]


def test_a_grant_signed_after_the_report_is_not_in_it_unless_it_was_paid() -> None:
    later = SUBGRANTS.splitlines()[0] + "\nT1,Dockers,KE,Lot 1,2019-07-01,900.00,bb\nT5,Later,KE,Lot 2,2019-07-01,200.00,bb\n"
    rows = [payment("bb", "C1", 2, "6", "1.00", recipient="T1")]
    assert [row.code for row in view(made(rows=rows, subgrants=later)[0]).third_parties] == ["T1"]
    assert [row.code for row in view(made("C3", rows=rows, subgrants=later)[0]).third_parties] == ["T1", "T5"]


def test_a_third_party_is_one_however_it_is_written() -> None:
    paid = [payment("bb", "C1", 2, "6", "1.00", recipient="Small Circle"), payment("aa", "C1", 3, "6", "2.00", recipient="SMALL CIRCLE")]
    assert [row.cumulative for row in view(made(rows=paid)[0]).third_parties if row.name.casefold() == "small circle"] == [300]


def test_a_ceiling_exceeded_by_one_that_is_not_named_is_told_all_the_same() -> None:
    rows = [payment("ee", "C1", 2, "6", "1000.01", recipient="T2")]
    unnamed = view(made(rows=rows)[0]).third_parties[-1]
    assert (unnamed.code, unnamed.left) == ("", -1)


def test_without_third_parties_there_is_no_table_of_them() -> None:
    document = made(rows=[payment("aa", "C1", 2, "6", "5.00")], subgrants=SUBGRANTS.splitlines()[0] + "\n")[0]
    assert view(document).third_parties == []
    assert "Financial support to third parties" not in annex(document)


# --- rates ------------------------------------------------------------------------------------------------------------


def test_rates_are_those_of_the_reporting_period_by_currency_and_month() -> None:
    rows = view(made("C3")[0]).rates
    assert [(row.currency, row.months, row.lowest, row.payments, row.cents) for row in rows] == [
        ("KES Kenyan Shilling", "September\u00a02019", "110.0000", 1, 30303), ("KES Kenyan Shilling", "March\u00a02020", "110.0000", 1, 30303),
        ("XOF West African CFA Franc", "September\u00a02019", "655.9570", 1, 15245), ("XOF West African CFA Franc", "March\u00a02020", "655.9570", 1, 15245),
    ]  # fmt: skip


def test_a_period_of_euro_only_needs_no_table_of_rates() -> None:
    assert "All costs of this reporting period were paid in euro." in annex(made(rows=[payment("aa", "C1", 2, "1", "5.00")])[0])
    for row in (payment("bb", "C1", 2, "1", "5.00", "KES"), payment("ee", "C1", 2, "1", "5.00")):
        assert "All payments of this reporting period" in annex(made(rows=[row])[0])


def test_many_rates_are_a_line_for_each_currency() -> None:
    months = [(year, month) for year in (2019, 2020) for month in range(1, 13)][:18]
    table = "month,currency,rate\n" + "".join(f"{year}-{month:02d},{code},{rate + month}.5\n" for year, month in months for code, rate in (("KES", 100), ("XOF", 650), ("UGX", 4000)))
    rows = [payment("bb", "C3", n, "1", "1000", code, payment_date=date(year, month, 5)) for n, (year, month) in enumerate(months, 2) for code in ("KES", "XOF", "UGX")]
    money = view(made("C3", rows=rows, rates=table)[0], "fr")
    assert len(rows) > LONG_RATES and money.rates_are_long
    assert [(row.currency[:3], row.months, row.lowest, row.highest, row.payments) for row in money.rates] == [
        (code, "janvier\u00a02019\u00a0– juin\u00a02020", low, high, 18)
        for code, low, high in (("KES", "101,5000", "112,5000"), ("UGX", "4\u202f001,5000", "4\u202f012,5000"), ("XOF", "651,5000", "662,5000"))
    ]
    assert len(view(made("C3", rows=rows[:LONG_RATES], rates=table)[0]).rates) == LONG_RATES


def test_rates_of_two_sensitivities_are_one_row_where_both_may_be_named() -> None:
    document, lines = made(rows=[payment("bb", "C1", 2, "1", "110", "KES"), payment("cc", "C1", 2, "1", "220", "KES"), payment("ee", "C1", 2, "1", "330", "KES")])
    used = rates_used(document.agreement, lines, ["C1"])
    assert [(rate.sensitivity, rate.payments, rate.cents) for rate in used] == [("eu-only", 1, 200), ("internal", 1, 300), ("public", 1, 100)]
    assert [(rate.payments, rate.cents) for rate in rates_to_name(used, ["internal"])] == [(2, 300)]
    assert [(rate.payments, rate.cents) for rate in rates_to_name(used, ["internal", "eu-only"])] == [(1, 100)]


# --- the edges --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt"])
def test_without_costs_and_without_a_budget_it_says_so(language: str) -> None:
    nothing = made(rows=[], budget="heading,amount_eur\n1,0\n", subgrants=SUBGRANTS.splitlines()[0] + "\n")[0]
    money = view(nothing, language)
    assert (money.bars, money.by_goal.rows, money.by_member.rows, money.rates, money.third_parties) == ([], [], [], [], [])
    assert money.eu_shares == ["–"] * 4
    page = annex(nothing, language)
    assert "Exchange rates" not in page
    assert language != "en" or "No costs were reported." in page
    bare = replace(nothing, figures=replace(nothing.figures, finance=[], sdg=[]))
    assert view(bare).sources == [] and annex(bare, language)


def test_negative_costs_have_no_length_and_keep_their_sign() -> None:
    document = made(rows=[payment("cc", "C1", 2, "3", "-250.25"), payment("aa", "C1", 2, "1", "100.00")], budget="heading,amount_eur\n1,1000.00\n3,500.00\n")[0]
    bars = {bar.heading: bar for bar in view(document).bars}
    assert (bars["3"].cumulative_length, bars["3"].spent) == (0, Fraction(-2002, 40))
    assert (bars["1"].budget_length, bars["1"].cumulative_length) == (1, 0.1)
    assert "-250.25" in annex(document) and "-€250 of a budget of €500 (-50.1%)" in annex(document)
    assert view(made(rows=[payment("cc", "C1", 2, "3", "-250.25")])[0]).eu_left == 7500000, "the contribution does not grow"
    assert_sums(document)


def test_the_chart_says_in_words_what_it_shows() -> None:
    html = render_html(made("C3")[0], "en", date(2020, 6, 30))
    title = html[html.index("Bar chart. Heading 1") :].partition("</title>")[0]
    assert "Heading 2, Travel: €36,302 of a budget of €10,000 (363.0%)." in title
    assert title.count("Heading ") == 8, "1 to 6, 8 and 10"


def test_the_small_tables_travel_to_another_process() -> None:
    figures = made("C3")[0].figures
    again = pickle.loads(pickle.dumps(figures))  # noqa: S301 (our own)
    assert (again.costs, again.recipients, again.rates) == (figures.costs, figures.recipients, figures.rates)
    assert len(figures.costs) == 5 and len(figures.rates) < 20


def test_use_of_support_is_no_cost_of_anybody() -> None:
    _, lines = made()
    assert not {"dd", "gg", "hh"} & {entry.member for entry in member_costs(lines, ["C1"])}
    assert not {"dd", "gg", "hh"} & {entry.member for entry in recipient_costs(lines, ACTIVITIES, ["C1"])}


# --- the page ---------------------------------------------------------------------------------------------------------


def many() -> ReportDocument:
    """60 members, 30 lines of the budget, 60 third parties."""
    members = MEMBERS.splitlines()[0] + "\n" + "".join(f"m{n:02d},Federation of Associations for Decent Work number {n},{'KE' if n % 2 else 'BO'},en,.,,beneficiary,{'internal' if n == 9 else ''}\n" for n in range(60))
    members = members.replace(",beneficiary,\n", ",coordinator,\n", 1)
    budget = "heading,amount_eur\n" + "".join(f"{n // 6 + 1}.{n % 6 + 1},123456.78\n" for n in range(30)) + "6,1000000.00\n10,5000.00\n"
    grants = SUBGRANTS.splitlines()[0] + "\n" + "".join(f"G{n:02d},Grassroots group {n},KE,Lot 1,2019-02-01,50000.00,m{n:02d}\n" for n in range(60))
    rows = [payment(f"m{n:02d}", "C1", k, f"{k // 6 + 1}.{k % 6 + 1}", "1234.56", "KES" if n % 2 else "EUR") for n in range(60) for k in range(30)]
    rows += [payment(f"m{n:02d}", "C1", 99, "6", "750.00", recipient=f"g{n:02d}") for n in range(60)]
    return made(rows=rows, members=members, budget=budget, subgrants=grants)[0]


@pytest.mark.parametrize("standard", list(verapdf.PROFILES))
@pytest.mark.parametrize("which", ["interim", "final", "many", "nothing"])
def test_it_keeps_the_standards(which: str, standard: str, tmp_path: Path) -> None:
    if reason := verapdf.missing():
        pytest.skip(reason)
    documents = {
        "interim": lambda: made("C1", texts={"variations": "As said:\n\n| a | b |\n|---|---|\n| 1 | 2 |"})[0], "final": lambda: made("C3", DELIVERED)[0], "many": many,
        "nothing": lambda: made(rows=[], budget="heading,amount_eur\n1,0\n", amendments=AMENDMENTS.splitlines()[0] + "\n")[0],
    }  # fmt: skip
    path = tmp_path / "report.pdf"
    path.write_bytes(render_report(documents[which](), "en", "0" * 32))
    assert verapdf.failures(path, standard) == []


def test_many_members_and_third_parties_add_up_too() -> None:
    document = many()
    assert_sums(document)
    assert len(view(document).by_member.rows) == 60 and len(view(document).third_parties) == 60
