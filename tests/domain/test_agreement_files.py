"""Contract section 2: the agreement is read whole or not at all, and every fault of it is named at its file, row and column."""

from __future__ import annotations

import csv
import io
import pickle
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.agreement import Agreement
from domain.agreement_files import Problem, read_agreement

YAML = """\
contract:
  number: CSO-LA/2018/402-777
  title: Organising International Solidarity
  framework: EuropeAid/150-053/C/ACT/Multi   # the framework partnership agreement
  kind: action
  profile: prag-2018
  granting_authority: European Commission, DG INTPA
  coordinator: {name: SOLIDAR, contact: The officer, role: Head of programmes, country: BE}
  start: 2018-12-15
  end: 2020-12-14
  eu_contribution: 1500000.00
  eu_share: 75.00
  indirect_rate: 7.00
  language: en
  report_languages: [en, fr]
  funding: co-funded
  third_party_ceiling: 60000.00
  sdg_money: main
timezone: Europe/Brussels
cycles:
  - {code: 2019-H1, start: 2018-12-15, end: 2019-06-30, opens: 2019-06-15, due: "2019-07-31T18:00", grace_days: 10, report: none}
  - {code: 2019-H2, start: 2019-07-01, end: 2019-12-31, opens: 2019-12-15, due: 2020-01-31 18:00, grace_days: 10, report: interim}
  - {code: 2020-H1, start: 2020-01-01, end: 2020-06-30, opens: 2020-06-15, due: 2020-07-31T18:00:00, grace_days: 0, report: final}
"""
TABLES: dict[str, str] = {
    "agreement/members.csv": """\
member|name|country|language|decimal|email|role|from|to|sensitivity
haki-ke|Haki na Kazi, Nairobi|KE|en|.|office@example.org|beneficiary|||
faso-bf|Réseau « Justice » Côte|BF|fr|,||coordinator|2019-01-01|2020-12-14|eu-only
""",
    "agreement/logframe.csv": """\
indicator|level|result|statement|title|measure|unit|direction|value_kind|across_members|across_periods|disaggregation|sdg|baseline|baseline_year|target|target_year|milestones|source|from|to
Op1.1-a|output|Op1.1|People are trained|People trained|people|people|up|period|sum|sum|sex:female|male|unknown; age:0-14|15+|8.8; 16.7; 5|0|2018|100.5|2020|2019:40; 2020:80.5|Lists||2019-H1
Op1.1-a|output|Op1.1|People are trained|People trained|people|people|up|period|sum|sum|sex:female|male|unknown; age:0-14|15+|8.8|0|2018|120|2020||Lists|2019-H2|
Oc1-a|outcome|Oc1|Members monitor|Organisations to date|number|organisations|up|cumulative|sum|latest||17.17|-1.5|2018||||||
Oc1-b|outcome|Oc1|Members monitor|Share of women|percentage|%|up|period|sum|sum||5.5|||||||||
""",
    "agreement/budget.csv": """\
heading|amount_eur|description|unit|units|unit_value_eur|from|to
1.1.2|1500.50|Technical staff|month|24|62.52||
2|0|Travel|||||
10|74000.00|Contingency reserve|||||
""",
    "agreement/rates.csv": """\
month|currency|rate
2019-03|KES|115.4
2019-03|XOF|655.957
2019-04|KES|115.7
""",
    "agreement/plan.csv": """\
activity|result|title|start|end|members|countries|sdg
A1.1|Op1.1|Training|2019-01-01|2020-06-30|haki-ke; faso-bf|KE; BF|8.8
""",
    "agreement/assignments.csv": """\
member|indicator|country|from|to|baseline|target
haki-ke|Oc1-a|KE|||2.5|25
faso-bf|Oc1-a|298|2019-H2|2020-H1||
""",
    "agreement/subgrants.csv": """\
recipient|name|country|lot|signed|amount_eur|member
SG-01|Tisserandes de Kaya|BF|Lot 2|2019-03-01|30000.00|faso-bf
""",
    "agreement/amendments.csv": """\
number|signed|from|what|reason
1|2019-06-01|2019-H2|Target of Op1.1-a raised|More demand
""",
    "agreement/waivers.csv": """\
rule|member|cycle|cell|row|reason|by|until
cell.required|haki-ke|2019-H1|B7||Lost in a fire|The officer|2020-12-31
""",
    "agreement/corrections.csv": """\
member|cycle|sheet|row|column|expect|value|reason|by
haki-ke|2019-H1|indicators|Op1.1-a|value|1000|100|A typing error|The officer
""",
    "desk/2019-H1/extensions.csv": """\
member|due|reason|by
haki-ke|2019-08-15T12:00|Elections|The officer
""",
    "desk/2019-H1/reviews.csv": """\
member|submission|decision|question|reply_by|by
haki-ke|0123456789ab|returned|Which women?|2019-09-01|The officer
""",
    "desk/2019-H2/exchange.csv": """\
version|date|event|note
v0001|2020-03-01|sent|
""",
}
"""A sound agreement. The cells of disaggregation hold | too: `records` below knows it."""
MEMBERS, LOGFRAME, BUDGET, RATES = (f"agreement/{name}.csv" for name in ("members", "logframe", "budget", "rates"))


def records(file: str) -> list[list[str]]:
    text = TABLES[file].replace("female|male|unknown", "female¦male¦unknown").replace("0-14|15+", "0-14¦15+")
    return [[cell.replace("¦", "|") for cell in line.split("|")] for line in text.splitlines()]


def as_csv(rows: Sequence[Sequence[str]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def sample() -> dict[str, bytes]:
    return {"agreement/agreement.yaml": YAML.encode(), **{file: as_csv(records(file)) for file in TABLES}}


def with_cell(file: str, row: int, column: str, text: str) -> dict[str, bytes]:
    """The sample with another text in one cell; `row` as problems count it."""
    rows = records(file)
    rows[row - 1][rows[0].index(column)] = text
    return sample() | {file: as_csv(rows)}


def with_row(file: str, *cells: str) -> dict[str, bytes]:
    """The sample with one more row, which ends with empty cells."""
    rows = records(file)
    return sample() | {file: as_csv([*rows, [*cells, *[""] * (len(rows[0]) - len(cells))]])}


def with_yaml(old: str, new: str) -> dict[str, bytes]:
    assert YAML.count(old) == 1
    return sample() | {"agreement/agreement.yaml": YAML.replace(old, new).encode()}


def problems_of(files: dict[str, bytes]) -> list[Problem]:
    agreement, problems = read_agreement(files, profiles=["prag-2018"])
    assert (agreement is None) == any(problem.severity == "error" for problem in problems)
    return problems


def sound(files: dict[str, bytes]) -> Agreement:
    agreement, problems = read_agreement(files, profiles=["prag-2018"])
    assert agreement is not None and problems == []
    return agreement


def place(problem: Problem) -> tuple[str, int | None, str]:
    return problem.file, problem.row, problem.column


# --- what is sound ----------------------------------------------------------------------------------------------------


def test_sample_is_read_as_it_stands() -> None:
    agreement = sound(sample())
    assert agreement.contract.eu_contribution == Decimal("1500000.00")
    assert str(agreement.contract.eu_contribution) == "1500000.00"
    assert agreement.contract.coordinator.country == "BE"
    assert agreement.contract.report_languages == ("en", "fr")
    assert [cycle.due for cycle in agreement.cycles] == [datetime(2019, 7, 31, 18), datetime(2020, 1, 31, 18), datetime(2020, 7, 31, 18)]
    haki, faso = agreement.members
    assert (haki.name, haki.decimal, haki.sensitivity, haki.from_) == ("Haki na Kazi, Nairobi", ".", "public", None)
    assert (faso.decimal, faso.email, faso.from_, faso.to, faso.sensitivity) == (",", "", date(2019, 1, 1), date(2020, 12, 14), "eu-only")
    first = agreement.logframe[0]
    assert first.disaggregation == {"sex": ("female", "male", "unknown"), "age": ("0-14", "15+")}
    assert first.sdg == ("8.8", "16.7", "5")
    assert (first.baseline, first.baseline_year, first.target, first.to) == (Decimal(0), 2018, Decimal("100.5"), "2019-H1")
    assert first.milestones == {2019: Decimal(40), 2020: Decimal("80.5")}
    assert agreement.budget[0].amount_eur == Decimal("1500.50")
    assert agreement.rates["2019-03", "XOF"] == Decimal("655.957")
    assert agreement.plan[0].members == ("haki-ke", "faso-bf") and agreement.plan[0].countries == ("KE", "BF")
    assert agreement.assignments[1].country == "298" and agreement.assignments[0].baseline == Decimal("2.5")
    assert agreement.subgrants[0].signed == date(2019, 3, 1)
    assert agreement.extensions["2019-H1"][0].due == datetime(2019, 8, 15, 12)
    assert agreement.waivers[0].until == date(2020, 12, 31) and agreement.corrections[0].expect == "1000"
    assert agreement.reviews["2019-H1"][0].reply_by == date(2019, 9, 1) and agreement.exchange["2019-H2"][0].event == "sent"
    assert agreement.extensions["2020-H1"] == ()


def test_optional_files_may_be_missing() -> None:
    required = ("agreement.yaml", "members.csv", "logframe.csv", "budget.csv", "rates.csv")
    agreement, problems = read_agreement({file: data for file, data in sample().items() if file.endswith(required)})
    assert agreement is not None
    assert [(problem.column, problem.severity) for problem in problems] == [("target", "notice")]  # nobody says who agreed to it
    assert agreement.plan == () and agreement.extensions == {"2019-H1": (), "2019-H2": (), "2020-H1": ()}


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_spreadsheets_csv_reads_the_same(delimiter: str, encoding: str) -> None:
    files = sample() | {file: as_csv(records(file), delimiter, encoding) for file in TABLES}
    assert sound(files) == sound(sample())


def test_what_excel_writes_into_a_semicolon_file_reads_the_same() -> None:
    """Decimal commas, days first, a line sep=; above the header, capitals in it, blank and short rows."""
    rows = {file: records(file) for file in TABLES}
    rows[BUDGET][1][1] = "1500,50"
    rows[LOGFRAME][1][15:18] = ["100,5", "2020", "2019:40; 2020:80,5"]
    rows[LOGFRAME][3][13] = "-1,5"
    rows[RATES][2][2] = "655,957"
    rows[MEMBERS][2][7:9] = ["01/01/2019", "14/12/2020"]
    rows[MEMBERS][0] = [f" {name.upper()} " for name in rows[MEMBERS][0]]
    rows[MEMBERS][1] = rows[MEMBERS][1][:7]
    rows[RATES] = [rows[RATES][0], [], ["", "", ""], *rows[RATES][1:], [" "]]
    rows["desk/2019-H1/extensions.csv"][1][1] = "15/08/2019 12:00"
    files = sample() | {file: as_csv(rows[file], ";", "cp1252") for file in TABLES}
    files[BUDGET] = b"sep=;\r\n" + files[BUDGET]
    assert sound(files) == sound(sample())


def test_unknown_columns_and_keys_are_ignored() -> None:
    rows = [[*row, "a note"] for row in records(MEMBERS)]
    assert sound(sample() | {MEMBERS: as_csv(rows)}) == sound(sample())
    assert sound(with_yaml("  kind: action\n", "  kind: action\n  colour: [blue, {a: b}]\n")) == sound(sample())


def test_codes_take_the_spelling_of_their_definition() -> None:
    files = with_cell("agreement/assignments.csv", 2, "indicator", "OC1-A") | {
        file: with_cell(file, row, column, text)[file]
        for file, row, column, text in [
            (LOGFRAME, 3, "indicator", "OP1.1-A"), (BUDGET, 2, "from", "2019-h1"), ("agreement/plan.csv", 2, "members", "HAKI-KE; faso-bf"),
        ]
    }  # fmt: skip
    agreement = sound(files)
    assert agreement.assignments[0].indicator == "Oc1-a"
    assert [row.indicator for row in agreement.logframe[:2]] == ["Op1.1-a", "Op1.1-a"]
    assert agreement.budget[0].from_ == "2019-H1"
    assert agreement.plan[0].members == ("haki-ke", "faso-bf")


def test_dimensions_take_the_spelling_of_their_first_row() -> None:
    agreement = sound(with_cell(LOGFRAME, 4, "disaggregation", "SEX:Female|male; reach:direct|indirect"))
    assert agreement.logframe[2].disaggregation == {"sex": ("female", "male"), "reach": ("direct", "indirect")}
    assert agreement.dimensions == ("sex", "age", "reach")


@pytest.mark.parametrize(("row", "given"), [(4, "sum"), (4, "max"), (5, "latest")])
def test_across_periods_is_latest_where_the_contract_fixes_it(row: int, given: str) -> None:
    assert sound(with_cell(LOGFRAME, row, "across_periods", given)).logframe[row - 2].across_periods == "latest"


@pytest.mark.parametrize("measure", ["yes_no", "qualitative"])
def test_yes_no_and_qualitative_are_latest(measure: str) -> None:
    assert sound(with_cell(LOGFRAME, 5, "measure", measure)).logframe[3].across_periods == "latest"


@pytest.mark.parametrize(
    ("due", "read"),
    [
        ("2019-07-31", datetime(2019, 7, 31, 23, 59, 59, 999999)),
        ("2019-07-31T18:00+01:00", datetime(2019, 7, 31, 19)),
        ("2019-07-31T16:00Z", datetime(2019, 7, 31, 18)),
        ("31/07/2019 8:30", datetime(2019, 7, 31, 8, 30)),
    ],
)
def test_due_is_local_time_of_the_agreements_zone(due: str, read: datetime) -> None:
    assert sound(with_yaml('"2019-07-31T18:00"', f'"{due}"')).cycles[0].due == read


def test_cycles_need_not_reach_the_end() -> None:
    last = next(line for line in YAML.splitlines(keepends=True) if "2020-H1" in line)
    assert len(sound(with_yaml(last, "") | {"agreement/assignments.csv": b"member,indicator,country,from,to,baseline,target\n"}).cycles) == 2


# --- addenda ----------------------------------------------------------------------------------------------------------


def test_an_addendum_ends_the_open_row_above_it() -> None:
    agreement, problems = read_agreement(with_cell(LOGFRAME, 2, "to", ""))
    assert agreement is not None
    assert [(place(problem), problem.severity) for problem in problems] == [((LOGFRAME, 2, "to"), "notice")]
    assert [agreement.indicators_in(cycle.code)["Op1.1-a"].target for cycle in agreement.cycles] == [Decimal("100.5"), Decimal(120), Decimal(120)]


def test_an_addendum_of_the_budget_replaces_its_line() -> None:
    agreement, problems = read_agreement(with_row(BUDGET, "2", "500", "Travel", "", "", "", "2020-H1"))
    assert agreement is not None and [problem.severity for problem in problems] == ["notice"]
    assert [sum(line.amount_eur for line in agreement.budget_in(cycle.code) if line.heading == "2") for cycle in agreement.cycles] == [0, 0, 500]


@pytest.mark.parametrize(("from_", "to"), [("2019-H1", ""), ("", ""), ("", "2020-H1"), ("2019-H1", "2019-H2"), ("2020-H1", "2020-H1")])
def test_rows_of_one_code_are_not_valid_in_one_cycle(from_: str, to: str) -> None:
    row = records(LOGFRAME)[2]
    problems = problems_of(with_row(LOGFRAME, *row[:-2], from_, to))
    assert [place(problem) for problem in problems] == [(LOGFRAME, 6, "indicator")]
    assert "row 2" in problems[0].message or "row 3" in problems[0].message


# --- one fault at a time ----------------------------------------------------------------------------------------------

CELL_FAULTS = [
    (MEMBERS, 2, "member", "Haki KE"), (MEMBERS, 2, "member", ""), (MEMBERS, 2, "name", ""), (MEMBERS, 2, "country", "KEN"),
    (MEMBERS, 2, "country", "298"), (MEMBERS, 2, "language", "sw"), (MEMBERS, 2, "decimal", ";"), (MEMBERS, 2, "decimal", ""), (MEMBERS, 2, "role", "partner"),
    (MEMBERS, 3, "from", "13/13/2019"), (MEMBERS, 3, "to", "2018-12-31"), (MEMBERS, 3, "sensitivity", "secret"), (MEMBERS, 2, "name", "#REF!"),
    (LOGFRAME, 4, "indicator", ""), (LOGFRAME, 4, "level", "impacts"), (LOGFRAME, 4, "result", ""), (LOGFRAME, 4, "statement", ""), (LOGFRAME, 4, "title", " "),
    (LOGFRAME, 4, "measure", "persons"), (LOGFRAME, 4, "unit", ""), (LOGFRAME, 4, "direction", "sideways"), (LOGFRAME, 4, "value_kind", "total"),
    (LOGFRAME, 4, "across_members", "latest"), (LOGFRAME, 4, "across_periods", "none"), (LOGFRAME, 4, "across_periods", ""), (LOGFRAME, 5, "across_periods", "mean"),
    (LOGFRAME, 5, "across_periods", "max"), (LOGFRAME, 4, "baseline", "approx. 5"), (LOGFRAME, 4, "baseline", "1,5"), (LOGFRAME, 4, "baseline", "1 500"),
    (LOGFRAME, 4, "baseline", "9" * 40), (LOGFRAME, 4, "baseline", "1e5"), (LOGFRAME, 4, "baseline", "NaN"), (LOGFRAME, 4, "baseline_year", ""),
    (LOGFRAME, 4, "baseline_year", "18"), (LOGFRAME, 2, "target_year", ""), (LOGFRAME, 2, "target", "100%"), (LOGFRAME, 2, "milestones", "2019=40"),
    (LOGFRAME, 2, "milestones", "40"), (LOGFRAME, 2, "milestones", "2019:40; 2019:50"), (LOGFRAME, 2, "milestones", "2019:many"),
    (LOGFRAME, 2, "from", "2018-H2"), (LOGFRAME, 2, "to", "2021-H1"), (LOGFRAME, 2, "from", "01/07/2019"),
    (LOGFRAME, 4, "sdg", "8.11"), (LOGFRAME, 4, "sdg", "18"), (LOGFRAME, 4, "sdg", "8.8; 8.8"), (LOGFRAME, 4, "sdg", "8.A; 8.a"), (LOGFRAME, 4, "sdg", "8,8"),
    (LOGFRAME, 4, "sdg", "1; 2; 3; 4; 5; 6; 7; 8; 9; 10; 11"), (LOGFRAME, 4, "sdg", "8.8=60; 5.5=40"),
    (LOGFRAME, 4, "disaggregation", "sex"), (LOGFRAME, 4, "disaggregation", "sex:"), (LOGFRAME, 4, "disaggregation", ":female|male"),
    (LOGFRAME, 4, "disaggregation", "sex:female||male"), (LOGFRAME, 4, "disaggregation", "sex:female|Female"), (LOGFRAME, 4, "disaggregation", "sex:f|m; Sex:a|b"),
    (LOGFRAME, 4, "disaggregation", "country:KE|BF"), (LOGFRAME, 4, "disaggregation", "Area:urban|rural"), (LOGFRAME, 4, "disaggregation", "cycle:a|b"),
    (LOGFRAME, 4, "disaggregation", "women:a|b"), (LOGFRAME, 4, "disaggregation", "variation_pct:a|b"), (LOGFRAME, 4, "disaggregation", "what changed:a|b"),
    (LOGFRAME, 4, "disaggregation", "pays:a|b"), (LOGFRAME, 4, "disaggregation", "sex:female|n/a"), (LOGFRAME, 4, "disaggregation", "sex=x:a|b"),
    (BUDGET, 3, "heading", "7"), (BUDGET, 3, "heading", "8.1"), (BUDGET, 3, "heading", "10.1"), (BUDGET, 3, "heading", "Travel"), (BUDGET, 3, "heading", "02"),
    (BUDGET, 3, "heading", "1.1.2"), (BUDGET, 3, "heading", "1"), (BUDGET, 3, "heading", "1.1"), (BUDGET, 3, "amount_eur", ""),
    (BUDGET, 3, "amount_eur", "-1"), (BUDGET, 3, "amount_eur", "1.005"), (BUDGET, 3, "amount_eur", "1500,50"), (BUDGET, 3, "amount_eur", "€ 5"),
    (BUDGET, 3, "amount_eur", "99999999999999999999"), (BUDGET, 2, "units", "many"), (BUDGET, 2, "unit_value_eur", "1,0"), (BUDGET, 3, "to", "never"),
    (RATES, 2, "month", "2019-3"), (RATES, 2, "month", "2019-13"), (RATES, 2, "month", "mars-19"), (RATES, 2, "month", "01/03/2019"), (RATES, 2, "currency", "KSH"),
    (RATES, 2, "rate", "0"), (RATES, 2, "rate", "-1"), (RATES, 2, "rate", ""), (RATES, 4, "month", "2019-03"), (RATES, 2, "rate", "1 / 115"),
    ("agreement/plan.csv", 2, "result", "Op9"), ("agreement/plan.csv", 2, "members", "haki-ke; nobody"), ("agreement/plan.csv", 2, "countries", "KE; XX"),
    ("agreement/plan.csv", 2, "end", "2018-12-31"), ("agreement/plan.csv", 2, "sdg", "99"), ("agreement/plan.csv", 2, "start", "soon"),
    ("agreement/assignments.csv", 2, "member", "nobody"), ("agreement/assignments.csv", 2, "indicator", "Op9"), ("agreement/assignments.csv", 2, "indicator", "05/01/2019"),
    ("agreement/assignments.csv", 2, "country", "Kenya"), ("agreement/assignments.csv", 2, "from", "2018"), ("agreement/assignments.csv", 2, "target", "?"),
    ("agreement/assignments.csv", 3, "to", "2019-H1"),
    ("agreement/subgrants.csv", 2, "recipient", ""), ("agreement/subgrants.csv", 2, "country", "Mali"), ("agreement/subgrants.csv", 2, "signed", "March"),
    ("agreement/subgrants.csv", 2, "amount_eur", "-30000"), ("agreement/subgrants.csv", 2, "member", "nobody"), ("agreement/subgrants.csv", 2, "lot", ""),
    ("agreement/amendments.csv", 2, "signed", "x"), ("agreement/amendments.csv", 2, "what", ""),
    ("agreement/waivers.csv", 2, "rule", ""), ("agreement/waivers.csv", 2, "member", "nobody"), ("agreement/waivers.csv", 2, "cycle", "2018"),
    ("agreement/waivers.csv", 2, "reason", ""), ("agreement/waivers.csv", 2, "until", "soon"),
    ("agreement/corrections.csv", 2, "member", "nobody"), ("agreement/corrections.csv", 2, "cycle", "2018"), ("agreement/corrections.csv", 2, "sheet", "budget"),
    ("agreement/corrections.csv", 2, "column", "amount"), ("agreement/corrections.csv", 2, "by", ""),
    ("desk/2019-H1/extensions.csv", 2, "member", "nobody"), ("desk/2019-H1/extensions.csv", 2, "due", "next week"), ("desk/2019-H1/extensions.csv", 2, "due", "2019-08-15T25:00"),
    ("desk/2019-H1/extensions.csv", 2, "by", ""), ("desk/2019-H1/reviews.csv", 2, "member", "nobody"), ("desk/2019-H1/reviews.csv", 2, "reply_by", "soon"),
    ("desk/2019-H1/reviews.csv", 2, "decision", ""), ("desk/2019-H2/exchange.csv", 2, "date", ""), ("desk/2019-H2/exchange.csv", 2, "event", "lost"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "row", "column", "text"), CELL_FAULTS)
def test_a_wrong_cell_is_named_and_nothing_else(file: str, row: int, column: str, text: str) -> None:
    problems = problems_of(with_cell(file, row, column, text))
    assert list(map(place, problems)) == [(file, row, column)]
    assert problems[0].severity == "error" and problems[0].message


YAML_FAULTS = [
    ("  number: CSO-LA/2018/402-777\n", "", 2, "contract.number"),
    ("  title: Organising International Solidarity\n", "  title:\n", 3, "contract.title"),
    ("  kind: action\n", "  kind: loan\n", 5, "contract.kind"),
    ("profile: prag-2018", "profile: prag-1999", 6, "contract.profile"),
    ("country: BE", "country: Belgium", 8, "contract.coordinator.country"),
    ("contact: The officer, ", "", 8, "contract.coordinator.contact"),
    ("{name: SOLIDAR, contact: The officer, role: Head of programmes, country: BE}", "SOLIDAR", 8, "contract.coordinator"),
    ("  start: 2018-12-15\n", "  start: soon\n", 9, "contract.start"),
    ("  start: 2018-12-15\n", "  start: 2018-12-01\n", 21, "cycles[0].start"),
    ("  end: 2020-12-14\n", "  end: 2020-05-31\n", 23, "cycles[2].end"),
    ("1500000.00", "1,500,000.00", 11, "contract.eu_contribution"),
    ("1500000.00", "-1", 11, "contract.eu_contribution"),
    ("75.00", "175", 12, "contract.eu_share"),
    ("7.00\n", "7 %\n", 13, "contract.indirect_rate"),
    ("  language: en", "  language: nl", 14, "contract.language"),
    ("[en, fr]", "[en, nl]", 15, "contract.report_languages[1]"),
    ("[en, fr]", "[en, en]", 15, "contract.report_languages"),
    ("[en, fr]", "[]", 15, "contract.report_languages"),
    ("funding: co-funded", "funding: [co-funded]", 16, "contract.funding"),
    ("60000.00", "60000.005", 17, "contract.third_party_ceiling"),
    ("sdg_money: main", "sdg_money: equal", 18, "contract.sdg_money"),
    ("Europe/Brussels", "Europe/Bruxelles", 19, "timezone"),
    ("Europe/Brussels", "../../etc/passwd", 19, "timezone"),
    ("timezone: Europe/Brussels\n", "", 1, "timezone"),
    ("code: 2019-H2", "code: 2019/H2", 22, "cycles[1].code"),
    ("code: 2020-H1", "code: ..", 23, "cycles[2].code"),
    ("start: 2019-07-01", "start: 2019-07-02", 22, "cycles[1].start"),
    ("start: 2019-07-01", "start: 2019-06-30", 22, "cycles[1].start"),
    ("end: 2020-06-30", "end: 2019-12-30", 23, "cycles[2].end"),
    ("end: 2020-06-30", "end: 2020-12-15", 23, "cycles[2].end"),
    ("opens: 2020-06-15", "opens: June", 23, "cycles[2].opens"),
    ("due: 2020-01-31 18:00", "due: 1580490000", 22, "cycles[1].due"),
    ("grace_days: 0", "grace_days: -1", 23, "cycles[2].grace_days"),
    ("grace_days: 0", "grace_days: 1.5", 23, "cycles[2].grace_days"),
    ("report: final", "report: yearly", 23, "cycles[2].report"),
    (", report: final", "", 23, "cycles[2].report"),
    ("  sdg_money: main\n", "  sdg_money: main\n  sdg_money: main\n", 19, "contract.sdg_money"),
]


@pytest.mark.parametrize(("old", "new", "line", "column"), YAML_FAULTS)
def test_a_wrong_value_of_agreement_yaml_is_named_by_path_and_line(old: str, new: str, line: int, column: str) -> None:
    assert list(map(place, problems_of(with_yaml(old, new)))) == [("agreement/agreement.yaml", line, column)]


@pytest.mark.parametrize(
    "text",
    ["", "- a\n- b\n", "a: *b\n", "a: &b [1]\nc: *b\n", "\tcontract: x", "contract: [", "a: b: c", "%YAML 9", "contract: !!python/object:os.system [x]", "\x01", "[" * 5000,
     "a: 1\n---\nb: 2\n", "? {a: b}\n: c\n"],
)  # fmt: skip
def test_what_is_no_agreement_yaml_is_said_once_or_by_its_missing_keys(text: str) -> None:
    problems = [problem for problem in problems_of(sample() | {"agreement/agreement.yaml": text.encode()}) if problem.severity == "error"]
    assert problems and {problem.file for problem in problems} == {"agreement/agreement.yaml"}
    assert len(problems) == 1 or {problem.column for problem in problems} == {"contract", "timezone", "cycles"}


def test_one_cycle_code_in_two_spellings() -> None:
    problems = problems_of(with_yaml("code: 2020-H1", "code: 2019-h2"))
    assert ("agreement/agreement.yaml", 23, "cycles[2].code") in map(place, problems)


DATES = ["05/01/2019", "2019-01-05", "1-May", "5.Jan", "Jan-05", "08-août", "1-ene", "05/out", "2019/01/05", "01.01.2002", "2019-01-05 00:00:00", "5-Jan-2019"]


@pytest.mark.parametrize("text", DATES)
@pytest.mark.parametrize(
    ("file", "row", "column"), [(LOGFRAME, 4, "indicator"), (LOGFRAME, 4, "result"), (LOGFRAME, 4, "sdg"), (BUDGET, 3, "heading"), ("agreement/subgrants.csv", 2, "recipient"), ("agreement/plan.csv", 2, "activity")]
)  # fmt: skip
def test_a_date_where_a_code_stands(file: str, row: int, column: str, text: str) -> None:
    problems = problems_of(with_cell(file, row, column, text))
    assert [place(problem) for problem in problems if problem.file == file] == [(file, row, column)]
    assert "date" in problems[0].message or "date" in problems[-1].message


@pytest.mark.parametrize("code", ["Out-01", "OUT.12", "SET-1", "Op1.2-a", "1.1", "Im-2019", "DEC-01", "1-1", "Marketing-05", "2019-H1", "R12", "A 1.1.1"])
def test_codes_that_are_no_dates(code: str) -> None:
    assert sound(with_cell(LOGFRAME, 5, "indicator", code)).logframe[3].indicator == code


@pytest.mark.parametrize("code", ["8.1", "16.1", "17.1"])
@pytest.mark.parametrize(("file", "row"), [(LOGFRAME, 4), ("agreement/plan.csv", 2)])
def test_targets_that_may_have_been_ten_are_listed_for_a_look(file: str, row: int, code: str) -> None:
    agreement, problems = read_agreement(with_cell(file, row, "sdg", f"5; {code}"))
    assert agreement is not None
    assert [(place(problem), problem.severity) for problem in problems] == [((file, row, "sdg"), "notice")]
    assert f"{code}0" in problems[0].message


# --- files and rows as a whole ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["agreement/agreement.yaml", MEMBERS, LOGFRAME, BUDGET, RATES])
def test_a_required_file_that_is_missing_is_one_error(file: str) -> None:
    problems = [problem for problem in problems_of({key: data for key, data in sample().items() if key != file}) if problem.severity == "error"]
    assert [place(problem) for problem in problems] == [(file, None, "")]


REQUIRED_COLUMNS = [(file, name) for file in (MEMBERS, LOGFRAME, BUDGET, RATES) for name in records(file)[0]]
OPTIONAL_COLUMNS = {"from", "to", "sensitivity", "description", "units", "unit_value_eur"}


@pytest.mark.parametrize(("file", "column"), REQUIRED_COLUMNS)
def test_a_missing_column_is_one_error_or_optional(file: str, column: str) -> None:
    at = records(file)[0].index(column)
    rows = [row[:at] + row[at + 1 :] for i, row in enumerate(records(file)) if (file, i) != (LOGFRAME, 1)]  # without the row that an addendum ended
    errors = list(map(place, problems_of(sample() | {file: as_csv(rows)})))
    if column in OPTIONAL_COLUMNS or (file, column) == (BUDGET, "unit"):
        assert errors == []
    else:
        assert errors == [(file, 1, column)]


def test_a_column_that_is_there_twice() -> None:
    assert list(map(place, problems_of(sample() | {RATES: as_csv([[*row, row[0]] for row in records(RATES)])}))) == [(RATES, 1, "month")]


@pytest.mark.parametrize(
    ("data", "row"),
    [(b"", None), (b"\n \n\t;\n", 3), (b"\n \n", None), (b"PK\x03\x04rest", None), (b"\xd0\xcf\x11\xe0rest", None), (b"a,b\n1,2\n", 1), (b'month,currency,rate\n2019-03,"KES,1\n', None),],
)  # fmt: skip
def test_what_is_no_table_is_said_once(data: bytes, row: int | None) -> None:
    assert list(map(place, problems_of(sample() | {RATES: data}))) == [(RATES, row, "")]


def test_a_row_with_more_cells_than_the_header_is_said_once() -> None:
    file = "agreement/subgrants.csv"
    data = as_csv(records(file)).replace(b"Tisserandes de", b"Tisserandes, de")
    assert list(map(place, problems_of(sample() | {file: data}))) == [(file, 2, "")]


def test_the_row_is_the_line_on_which_the_record_begins() -> None:
    rows = records(MEMBERS)
    rows[1][1] = "Haki\nna\nKazi"
    rows[2][2] = "XX"
    data = b"\r\n\r\n" + as_csv(rows)
    assert list(map(place, problems_of(sample() | {MEMBERS: data}))) == [(MEMBERS, 7, "country")]


def test_the_rate_of_the_euro() -> None:
    assert list(map(place, problems_of(with_row(RATES, "2019-03", "EUR", "1.1")))) == [(RATES, 5, "rate")]
    sound(with_row(RATES, "2019-03", "EUR", "1"))


def test_a_heading_with_lines_has_no_row_of_its_own_in_the_same_cycle() -> None:
    assert list(map(place, problems_of(with_row(BUDGET, "2.1", "10")))) == [(BUDGET, 3, "heading")]
    rows = records(BUDGET)
    rows[2][-1] = "2019-H1"
    later = [*rows, ["2.1", "10", "", "", "", "", "2019-H2", ""]]
    sound(sample() | {BUDGET: as_csv(later)})


def test_a_member_owes_an_indicator_once() -> None:
    assert list(map(place, problems_of(with_row("agreement/assignments.csv", "haki-ke", "Oc1-a", "KE")))) == [("agreement/assignments.csv", 4, "indicator")]
    sound(with_row("agreement/assignments.csv", "haki-ke", "Oc1-a", "BF"))


def test_a_member_is_listed_once() -> None:
    assert list(map(place, problems_of(with_row(MEMBERS, *records(MEMBERS)[1])))) == [(MEMBERS, 4, "member")]


def test_a_recipient_is_listed_once() -> None:
    row = records("agreement/subgrants.csv")[1]
    assert list(map(place, problems_of(with_row("agreement/subgrants.csv", "sg-01", *row[1:])))) == [("agreement/subgrants.csv", 3, "recipient")]


@pytest.mark.parametrize("file", ["agreement/assignment.csv", "desk/2019-H3/extensions.csv", "desk/2019-H1/extension.csv"])
def test_a_file_that_nobody_reads_is_listed_for_a_look(file: str) -> None:
    agreement, problems = read_agreement(sample() | {file: b"member,due,reason,by\n"})
    assert agreement is not None
    assert [(place(problem), problem.severity) for problem in problems] == [((file, None, ""), "notice")]


def test_all_faults_are_listed_by_file_and_row() -> None:
    files = with_yaml("75.00", "many") | {
        file: with_cell(file, row, column, text)[file]
        for file, row, column, text in [
            (MEMBERS, 3, "country", "XX"), (LOGFRAME, 4, "level", "x"), (RATES, 2, "rate", "x"), ("desk/2019-H1/extensions.csv", 2, "member", "nobody"),
        ]
    }  # fmt: skip
    files[BUDGET] = as_csv([["heading"], ["1"]])
    problems = problems_of(files)
    assert list(map(place, problems)) == [
        ("agreement/agreement.yaml", 12, "contract.eu_share"), (BUDGET, 1, "amount_eur"), (LOGFRAME, 4, "level"), (MEMBERS, 3, "country"), (RATES, 2, "rate"),
        ("desk/2019-H1/extensions.csv", 2, "member"),
    ]  # fmt: skip


def test_two_faults_of_one_row_are_both_listed() -> None:
    rows = records(MEMBERS)
    rows[1][2:4] = ["XX", "xx"]
    assert list(map(place, problems_of(sample() | {MEMBERS: as_csv(rows)}))) == [(MEMBERS, 2, "country"), (MEMBERS, 2, "language")]


def test_a_problem_reads_as_one_line() -> None:
    assert str(Problem("agreement/rates.csv", 4, "rate", "is empty")) == "agreement/rates.csv, row 4, column rate: is empty"
    assert str(Problem("agreement/rates.csv", None, "", "the file is missing")) == "agreement/rates.csv: the file is missing"
    for text in ("a\nb", "x" * 5000):
        (problem,) = problems_of(with_cell(LOGFRAME, 4, "sdg", text))
        assert "\n" not in str(problem) and len(str(problem)) < 300


# --- whatever comes -----------------------------------------------------------------------------------------------------

FILES = [*sample(), "desk/2020-H1/extensions.csv"]
calm = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def holds(files: dict[str, bytes]) -> None:
    agreement, problems = read_agreement(files)
    errors = [problem for problem in problems if problem.severity == "error"]
    assert (agreement is None) == bool(errors)
    assert all(problem.message and problem.file in {*files, *FILES} for problem in problems)
    if agreement is not None:
        assert pickle.loads(pickle.dumps(agreement)) == agreement  # noqa: S301 (its own)
        for cycle in agreement.cycles:
            assert set(agreement.indicators_in(cycle.code)) <= {row.indicator for row in agreement.logframe}
            assert len(agreement.budget_in(cycle.code)) <= len(agreement.budget)


@calm
@given(st.sampled_from(FILES), st.binary(max_size=300))
def test_any_bytes_in_a_file_never_raise(file: str, data: bytes) -> None:
    holds(sample() | {file: data})


@calm
@given(st.sampled_from([*TABLES]), st.data())
def test_any_text_in_a_cell_never_raises(file: str, data: st.DataObject) -> None:
    rows = records(file)
    row = data.draw(st.sampled_from(rows))
    texts = st.text(max_size=20) | st.from_regex(r"[0-9,.:;|/ -]{1,12}") | st.sampled_from([*DATES, "8.1", "-", "1e999999", "9" * 60, "2019:1", "a:b|c", "#N/A"])
    row[data.draw(st.integers(0, len(row) - 1))] = data.draw(texts)
    holds(sample() | {file: as_csv(rows, data.draw(st.sampled_from(";,\t")), "utf-16")})


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(["2019-01-01", "2199-12-31T23:59-12:00", "en", "1e9", "~"])
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8)


@calm
@given(trees, st.data())
def test_any_tree_in_agreement_yaml_never_raises(tree: object, data: st.DataObject) -> None:
    import yaml

    content = yaml.safe_load(YAML)
    holder: dict[str, object] = data.draw(st.sampled_from([content, content["contract"], content["contract"]["coordinator"], *content["cycles"]]))
    holder[data.draw(st.sampled_from(sorted(holder)))] = tree
    holds(sample() | {"agreement/agreement.yaml": yaml.safe_dump(content, allow_unicode=True).encode()})


@calm
@given(st.sampled_from(FILES), st.data())
def test_any_damage_to_a_file_never_raises(file: str, data: st.DataObject) -> None:
    content = sample().get(file, b"")
    cut = sorted(data.draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    change: Callable[[bytes], bytes] = data.draw(st.sampled_from([lambda part: b"", lambda part: part * 3, lambda part: part[::-1], lambda part: b'"' + part, lambda part: b"\n" + part]))
    holds(sample() | {file: content[: cut[0]] + change(content[cut[0] : cut[1]]) + content[cut[1] :]})


@pytest.mark.parametrize(("amended", "said"), [("2020-H1", []), ("2019-H2", ["target"])])
def test_a_target_that_changes_without_an_amendment_is_listed(amended: str, said: list[str]) -> None:
    from tests.builders import LOGFRAME, agreement_files

    header, first, *rest = LOGFRAME.splitlines()
    names = header.split(",")
    assert "from" not in names
    cells = dict(zip(names, next(csv.reader([first])), strict=False))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, [*names, "from", "to"], lineterminator="\n")
    writer.writeheader()
    writer.writerow(cells | {"to": "C2", "target": "50", "target_year": "2020"})
    writer.writerow(cells | {"from": "C3", "target": "80", "target_year": "2020"})
    logframe = out.getvalue() + "".join(f"{line},,\n" for line in rest)
    amendments = f"number,signed,from,what,reason\n1,2019-06-01,{'C3' if amended == '2020-H1' else 'C2'},Target raised,Demand\n"
    agreement, problems = read_agreement(agreement_files(logframe=logframe, amendments=amendments))
    assert agreement is not None, problems
    changed = [problem for problem in problems if "amendments.csv" in str(problem)]
    assert [problem.column for problem in changed] == said and all(problem.severity == "notice" for problem in changed)
