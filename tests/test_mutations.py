"""Two thousand faults, injected at random into sound submissions: each is found with its rule, severity and cell, and nothing else is found."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pycountry

from domain.completeness import counting_keys
from domain.reading import read_submission
from domain.rules import RULES
from domain.schema import sheet
from tasks.profiles import load_profile
from tasks.validate import judge
from tests.builders import small_agreement, submission

SEED, MEMBERS, FAULTS = 20261123, 96, 2_000
START = {"C1": date(2019, 1, 1), "C2": date(2019, 7, 1)}
COUNTRIES = sorted(country.alpha_2 for country in pycountry.countries)
TYPES = ("event", "training", "dialogue", "campaign", "research", "publication", "network", "sub-grant", "other")
COLUMNS = {name: [column.name for column in sheet(name).columns] for name in ("activities", "indicators", "expenditure")}
COLUMNS["indicators"] += ["sex", "age"]
BEYOND = RULES[RULES.index("cell.filler") :]
"""Rules beyond the contract's."""

Row = dict[str, str]
Expected = tuple[str, str, str, str]
"""(rule, severity, sheet, cell)"""


@dataclass
class File:
    """A sound submission on its way to be spoilt; `spoilt` says what must be found, as (rule, severity, sheet, row, column)."""

    member: str
    cycle: str
    rows: dict[str, list[Row]] = field(default_factory=lambda: {"activities": [], "indicators": [], "expenditure": []})
    spoilt: list[tuple[str, str, str, Row, str]] = field(default_factory=list)

    def fault(self, rule: str, sheet_name: str, row: Row, column: str, severity: str = "error") -> None:
        self.spoilt.append((rule, severity, sheet_name, row, column))

    def expected(self) -> Counter[Expected]:
        return Counter((rule, severity, name, self.address(name, row, column)) for rule, severity, name, row, column in self.spoilt)

    def address(self, name: str, row: Row, column: str) -> str:
        number = next(i for i, other in enumerate(self.rows[name]) if other is row) + 2
        return f"{chr(65 + COLUMNS[name].index(column))}{number}"


def sound(number: int) -> File:
    """Twelve activities, twelve payments and eighteen indicator figures, none like those of another member."""
    cycle = "C1" if number % 2 else "C2"
    file, first = File(f"m{number:03d}", cycle), START[cycle]
    for i in range(13):
        day = first + timedelta(days=3 + 11 * i)
        file.rows["activities"].append(
            {"activity": f"A{i}", "title": f"Activity {i}", "type": TYPES[i % 9], "start": f"{day}", "end": f"{day + timedelta(days=1)}", "country": COUNTRIES[number],
             "result": "Op1", "sdg": "8.8; 5.5", "women": str(10 + i), "men": str(5 + i)}
        )  # fmt: skip
        file.rows["expenditure"].append(
            {"heading": "2", "country": "KE", "payment_date": f"{day}", "currency": "KES", "amount": str(1117 + 13 * i + number), "activity": "A0", "supplier": f"S{i}", "document": f"D{i}"}
        )
    return file


# --- faults of one row ------------------------------------------------------------------------------------------------

Spoil = Callable[[File, Row, random.Random], None]


def set_cell(name: str, column: str, text: str, rule: str, severity: str = "error", at: str = "") -> Spoil:
    def spoil(file: File, row: Row, _: random.Random) -> None:
        row[column] = text
        file.fault(rule, name, row, at or column, severity)

    return spoil


def repeat_code(file: File, row: Row, _: random.Random) -> None:
    row["activity"] = "a0"
    file.fault("activities.activity.duplicate", "activities", row, "activity")


def turn_round(file: File, row: Row, _: random.Random) -> None:
    row["start"], row["end"] = row["end"], row["start"]
    file.fault("activities.dates.reversed", "activities", row, "end")


def move_away(file: File, row: Row, _: random.Random) -> None:
    row["start"], row["end"] = "2020-02-01", "2020-02-02"
    file.fault("activities.dates.outside-period", "activities", row, "start")


ACTIVITY_FAULTS: list[Spoil] = [
    *(set_cell("activities", column, "", "cell.required") for column in ("activity", "title", "type", "start", "end", "country", "result", "sdg")),
    set_cell("activities", "title", "TBD", "cell.required"),
    *(set_cell("activities", "women", text, "cell.not-a-number") for text in ("50+", "approx. 50", "50-60")),
    set_cell("activities", "men", "1,5", "cell.ambiguous-number"),
    *(set_cell("activities", "start", text, "cell.not-a-date") for text in ("31/02/2019", "02/28/2019", "soon", "2562-01-01")),
    *(set_cell("activities", "title", text, "cell.formula-error") for text in ("#REF!", "#VALUE!", "#DIV/0!")),
    *(set_cell("activities", column, "nonsense", "cell.not-in-list") for column in ("country", "type", "result", "status", "lead", "sensitivity")),
    *(set_cell("activities", "women", text, "activities.participants.invalid") for text in ("-3", "2.5")),
    *(set_cell("activities", "sdg", text, "activities.sdg.unknown") for text in ("8.99", "18", "decent work")),
    *(set_cell("activities", "sdg", text, "activities.sdg.weights") for text in ("8.8=60; 5.5=30", "8.8=60; 5.5", "8.8=100; 5.5=0")),
    set_cell("activities", "sdg", "; ".join(map(str, range(1, 12))), "activities.sdg.too-many"),
    repeat_code, turn_round, move_away,
]  # fmt: skip


def pay_too_early(file: File, row: Row, _: random.Random) -> None:
    if file.cycle == "C1":
        row["payment_date"] = "2018-01-15"
        file.fault("expenditure.date.outside-period", "expenditure", row, "payment_date")
    else:
        row["payment_date"] = "2019-03-15"
        file.fault("expenditure.date.earlier-cycle", "expenditure", row, "payment_date", "warning")


def pay_twice(file: File, row: Row, _: random.Random) -> None:
    kept = file.rows["expenditure"][0]
    row.update({name: kept[name] for name in ("supplier", "document", "amount", "currency", "payment_date")})
    file.fault("expenditure.row.repeat", "expenditure", row, "amount", "warning")


def pay_above_the_ceiling(file: File, row: Row, chance: random.Random) -> None:
    row.update(heading="6", recipient=f"R{chance.random()}", amount="77000001")
    file.fault("expenditure.recipient.ceiling", "expenditure", row, "recipient", "warning")


PAYMENT_FAULTS: list[Spoil] = [
    *(set_cell("expenditure", column, "", "cell.required") for column in ("heading", "country", "payment_date", "currency", "amount")),
    set_cell("expenditure", "amount", "a lot", "cell.not-a-number"),
    set_cell("expenditure", "amount", "23,14", "cell.ambiguous-number"),
    set_cell("expenditure", "payment_date", "in May", "cell.not-a-date"),
    set_cell("expenditure", "amount", "#NAME?", "cell.formula-error"),
    *(set_cell("expenditure", column, "7", "cell.not-in-list") for column in ("heading", "country", "currency")),
    set_cell("expenditure", "payment_date", "2021-03-01", "expenditure.date.outside-period"),
    set_cell("expenditure", "currency", "JPY", "expenditure.rate.missing"),
    set_cell("expenditure", "document", "", "expenditure.document.missing", "warning"),
    set_cell("expenditure", "supplier", "", "expenditure.supplier.missing", "warning"),
    set_cell("expenditure", "amount", "-500", "expenditure.amount.negative", "warning"),
    set_cell("expenditure", "activity", "NOBODY", "expenditure.activity.unknown", "warning"),
    pay_too_early, pay_twice, pay_above_the_ceiling,
]  # fmt: skip


# --- faults of indicators: a block of rows for one country ------------------------------------------------------------

Block = Callable[[File, str, random.Random], None]


def figure(file: File, country: str, code: str, value: str = "", sex: str = "", **more: str) -> Row:
    row = {"indicator": code, "country": country, "value": value, "sex": sex} | more
    file.rows["indicators"].append(row)
    return row


def people(file: File, country: str, total: str, female: str, male: str, unknown: str) -> list[Row]:
    figures = zip((total, female, male, unknown), ("", "female", "male", "unknown"), strict=True)
    return [figure(file, country, "P1", value, sex) for value, sex in figures if value]


def one_figure(code: str, changes: Row, rule: str, severity: str = "error", at: str = "value") -> Block:
    def block(file: File, country: str, chance: random.Random) -> None:
        sound_value = {} if code == "R1" else {"value": str(chance.randint(40, 60))}
        file.fault(rule, "indicators", figure(file, **{"country": country, "code": code} | sound_value | changes), at, severity)

    return block


def below_nothing(file: File, country: str, _: random.Random) -> None:
    """Far from its peers too."""
    row = figure(file, country, "N1", "-4")
    for rule in ("indicators.number.negative", "indicators.value.outlier"):
        file.fault(rule, "indicators", row, "value", "warning")


def unknown_country(file: File, _: str, chance: random.Random) -> None:
    file.fault("cell.not-in-list", "indicators", figure(file, "QQ", "N1", str(chance.randint(40, 60))), "country")


def same_twice(file: File, country: str, chance: random.Random) -> None:
    value = str(chance.randint(40, 60))
    figure(file, country, "N1", value)
    file.fault("indicators.row.repeat", "indicators", figure(file, country, "N1", value), "value", "warning")


def two_figures(file: File, country: str, _: random.Random) -> None:
    for value in ("45", "55"):
        file.fault("indicators.row.conflict", "indicators", figure(file, country, "N1", value), "value")


def slices_exceed(file: File, country: str, _: random.Random) -> None:
    for row in people(file, country, "50", "30", "20", "1")[1:]:
        file.fault("indicators.slices.exceed-total", "indicators", row, "value")


def slices_below(file: File, country: str, _: random.Random) -> None:
    file.fault("indicators.slices.below-total", "indicators", people(file, country, "50", "20", "20", "1")[0], "value", "warning")


def total_missing(file: File, country: str, _: random.Random) -> None:
    file.fault("indicators.total.missing", "indicators", people(file, country, "", "20", "", "")[0], "value")


def total_derived(file: File, country: str, _: random.Random) -> None:
    file.fault("indicators.total.derived", "indicators", people(file, country, "", "25", "24", "1")[0], "value", "info")


def bad_slice(file: File, country: str, _: random.Random) -> None:
    """The slice is out, so the others are below the total."""
    rows = people(file, country, "50", "25", "24", "1")
    rows[1]["sex"] = "women"
    file.fault("cell.not-in-list", "indicators", rows[1], "sex")
    file.fault("indicators.slices.below-total", "indicators", rows[0], "value", "warning")


INDICATOR_FAULTS: list[Block] = [
    *(one_figure("N1", {"value": text}, "cell.not-a-number") for text in ("50+", "fifty", "50-60")),
    one_figure("N1", {"value": "23,14"}, "cell.ambiguous-number"),
    one_figure("N1", {"value": "#N/A"}, "cell.formula-error"),
    one_figure("N1", {"value": "n/a"}, "indicators.row.blank", "info"),
    one_figure("N1", {"code": "Z9"}, "cell.not-in-list", at="indicator"),
    one_figure("N1", {"code": ""}, "cell.required", at="indicator"),
    one_figure("N1", {"value": "5000"}, "indicators.value.outlier", "warning"),
    one_figure("P1", {"value": "-5"}, "indicators.value.negative"),
    one_figure("P1", {"value": "45.5"}, "indicators.value.not-whole"),
    one_figure("R1", {"numerator": "5", "denominator": "0"}, "indicators.percentage.denominator", at="denominator"),
    one_figure("R1", {"numerator": "5"}, "indicators.percentage.denominator", at="denominator"),
    one_figure("R1", {"numerator": "8", "denominator": "5"}, "indicators.percentage.exceeds", at="numerator"),
    one_figure("R1", {"value": "45"}, "indicators.percentage.not-aggregable", "warning"),
    one_figure("Y1", {"value": "perhaps"}, "cell.not-in-list"),
    below_nothing, unknown_country, same_twice, two_figures, slices_exceed, slices_below, total_missing, total_derived, bad_slice,
]  # fmt: skip


# --- all together -----------------------------------------------------------------------------------------------------


def spoil(file: File, chance: random.Random) -> int:
    """Faults into the file, at most one for a row or block; gives their number."""
    countries = chance.sample(COUNTRIES, 14)
    for country in countries[:6]:  # sound ones, so that there are peers
        figure(file, country, "N1", str(chance.randint(40, 60)))
        people(file, country, "50", "25", "24", "1")
    for fault in (chosen := chance.sample(INDICATOR_FAULTS, 7)):
        fault(file, countries.pop(), chance)
    for name, faults in (("activities", ACTIVITY_FAULTS), ("expenditure", PAYMENT_FAULTS)):
        for row in chance.sample(file.rows[name][1:], 8):
            chance.choice(faults)(file, row, chance)
    return len(chosen) + 16


def test_every_injected_fault_is_found_at_its_cell_and_nothing_else() -> None:
    chance = random.Random(SEED)
    header = "member,name,country,language,decimal,email,role,from,to,sensitivity\n"
    members = header + "".join(f"m{i:03d},Member {i},{COUNTRIES[i]},en,.,,beneficiary,,,\n" for i in range(MEMBERS)) + "aa,Coordinator,BE,en,.,,coordinator,,,\n"
    agreement = small_agreement(members=members, subgrants="recipient,name,country,lot,signed,amount_eur,member\n")
    profile = load_profile("prag-2018")
    files = [sound(i) for i in range(MEMBERS)]
    injected = sum(spoil(file, chance) for file in files)
    assert injected >= FAULTS
    read = []
    for file in files:
        data = submission(file.member, file.cycle, file.rows["activities"], file.rows["indicators"], file.rows["expenditure"])
        key = f"inbox/{file.cycle}/{file.member}/report.zip"
        read.append(read_submission(data, key=key, member=file.member, cycle=file.cycle, received_at=datetime(2019, 7, 1, tzinfo=UTC), agreement=agreement))
    read.sort(key=lambda s: (s.cycle, s.member))
    judged = judge(agreement, read, counting_keys(read), profile.questions, profile.lines)
    by_member: dict[str, Counter[Expected]] = {file.member: Counter() for file in files}
    for finding in judged.findings:
        if finding.rule not in BEYOND:
            by_member[finding.member][finding.rule, finding.severity, finding.sheet, finding.cell] += 1
    missed = {file.member: +(file.expected() - by_member[file.member]) for file in files}
    further = {file.member: +(by_member[file.member] - file.expected()) for file in files}
    assert {member: dict(faults) for member, faults in missed.items() if faults} == {}
    assert {member: dict(faults) for member, faults in further.items() if faults} == {}
    covered = Counter(rule for file in files for rule, *_ in file.spoilt)
    one_cell = {rule for rule in RULES[RULES.index("cell.required") :] if rule not in BEYOND} - {
        "cell.formula", "indicators.value.fell", "indicators.indicator.not-reported", "expenditure.date.closing", "activities.joint.suspected",
    }  # fmt: skip
    assert {rule: covered[rule] for rule in one_cell if covered[rule] < 10} == {}
