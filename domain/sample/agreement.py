"""The sample's agreement: what an operator would write."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")


def between(low: int, high: int, *about: object) -> int:
    """A whole number from low to high, both included, that looks drawn by chance and is the same for the same `about`, on every machine."""
    digest = sha256("|".join(map(str, about)).encode()).digest()
    return low + int.from_bytes(digest[:8]) % (high - low + 1)


def pick(options: Sequence[T], *about: object) -> T:
    return options[between(0, len(options) - 1, *about)]


@dataclass(frozen=True, slots=True)
class SampleMember:
    """A row of members.csv, and what makes its submissions its own: currency, share of the network's spending (0: none), towns."""

    code: str
    name: str
    country: str
    language: str
    decimal: str
    role: str
    currency: str
    weight: int
    places: tuple[str, ...]
    from_: str = ""
    to: str = ""
    sensitivity: str = ""


MEMBERS = (
    SampleMember("coordination", "Réseau Justice Sociale", "BE", "en", ".", "coordinator", "EUR", 4, ("Brussels", "Ghent", "Liège")),
    SampleMember("haki-ke", "Haki na Kazi Kenya", "KE", "en", ".", "beneficiary", "KES", 3, ("Mombasa", "Kisumu", "Nakuru")),
    SampleMember("faso-bf", "Faso Travail Digne", "BF", "fr", ",", "beneficiary", "XOF", 3, ("Bobo-Dioulasso", "Koudougou", "Kaya")),
    SampleMember("teranga-sn", "Teranga Solidaire", "SN", "fr", ",", "beneficiary", "XOF", 2, ("Thiès", "Kaolack", "Saint-Louis")),
    SampleMember("sahel-ml", "Sahel Droits Humains", "ML", "fr", ",", "affiliated-entity", "XOF", 2, ("Ségou", "Sikasso", "Kayes")),
    SampleMember("andina-bo", "Federación Andina por el Trabajo Digno", "BO", "es", ",", "beneficiary", "BOB", 3, ("El Alto", "Cochabamba", "Potosí")),
    SampleMember("cauca-co", "Corporación Cauca Vivo", "CO", "es", ",", "beneficiary", "COP", 2, ("Popayán", "Cali", "Buenaventura")),
    SampleMember("ixchel-gt", "Asociación Ixchel", "GT", "es", ".", "beneficiary", "GTQ", 2, ("Quetzaltenango", "Cobán", "Chimaltenango")),
    SampleMember("cuscatlan-sv", "Mesa Cuscatlán por la Igualdad", "SV", "es", ".", "affiliated-entity", "USD", 2, ("Santa Ana", "San Miguel", "Soyapango")),
    SampleMember("zambeze-mz", "Rede Zambeze de Cidadania", "MZ", "pt", ",", "beneficiary", "MZN", 2, ("Beira", "Tete", "Nampula")),
    SampleMember("mekong-kh", "Mekong Labour Watch", "KH", "en", ".", "beneficiary", "USD", 2, ("Battambang", "Siem Reap", "Kampong Cham"), sensitivity="eu-only"),
    SampleMember("zenzele-za", "Zenzele Workers’ Forum", "ZA", "en", ".", "affiliated-entity", "ZAR", 2, ("Durban", "Gqeberha", "Rustenburg"), to="2020-03-31"),
    SampleMember("lempira-hn", "Colectivo Lempira", "HN", "es", ".", "third-party", "HNL", 0, ("Choloma", "La Ceiba", "Gracias")),
    SampleMember("indus-pk", "Indus Rights Alliance", "PK", "en", ".", "associate", "PKR", 0, ("Hyderabad", "Multan", "Sukkur"), from_="2019-02-01"),
)
COSTS_BY = ("coordinator", "beneficiary", "affiliated-entity")

CYCLES: tuple[tuple[str, date, date, str], ...] = (
    ("2019-H1", date(2018, 12, 15), date(2019, 6, 30), "interim"),
    ("2019-H2", date(2019, 7, 1), date(2019, 12, 31), "none"),
    ("2020-H1", date(2020, 1, 1), date(2020, 6, 30), "interim"),
)
_DUE = {"2019-H1": "2019-07-31T18:00", "2019-H2": "2020-01-31T18:00", "2020-H1": "2020-07-31T18:00"}
_DUE_AHEAD = "2099-12-31T18:00"
CONTRACT = "CSO-LA/2018/000-001"

SEX, AGE = "sex:female|male|other|unknown", "age:15-29|30+|unknown"
STATEMENTS = {
    "Im1": "Working people enjoy economic and social rights",
    "Oc1": "Members monitor the SDGs with evidence of their own",
    "Oc2": "Authorities open dialogue to civil society",
    "Oc3": "Women and young people lead",
    "Op1.1": "SDG monitors are published",
    "Op1.2": "Members’ staff and volunteers are trained",
    "Op2.1": "Dialogues with authorities are held",
    "Op2.2": "Campaigns reach the public",
    "Op2.3": "Informal workers reach social protection",
    "Op3.1": "Small grants strengthen local organisations",
    "Op3.2": "Climate and just transition enter labour agendas",
}
_LEVELS = {"Im": "impact", "Oc": "outcome", "Op": "output"}
LOGFRAME = """\
indicator|title|measure|unit|direction|value_kind|across_members|across_periods|disaggregation|sdg|baseline|baseline_year|target|target_year|milestones|source|from|to
Im1-a|Countries in which the network sees labour law improve|yes_no|countries|up|period|sum|latest||8.8; 16.3|0|2018|6|2021|2019:2; 2020:4|Law gazettes||
Im1-b|Share of workers in the partner sectors who are covered by social protection|percentage|%|up|cumulative|sum|latest|SEX|1.3; 8.5|21.5|2018|60|2021|2019:35; 2020:50|Household surveys||
Oc1-a|Organisations that use the SDG monitor in their advocacy|number|organisations|up|cumulative|sum|latest||17.17; 16|14|2018|150|2021|2019:60; 2020:110|Members’ records||
Oc1-b|Recommendations of monitors taken up by authorities|number|recommendations|up|period|sum|sum||16.7|0|2018|150|2021|2019:50; 2020:100|Official documents||
Oc1-c|Quality score of monitors|number|score 0-10|up|period|mean|mean||17.18|4.5|2018|7.5|2021||Peer review||
Oc2-a|Share of consultations to which members were invited|percentage|%|up|period|sum|sum||16.7; 17.14|30|2018|60|2021|2019:38; 2020:50|Invitations||
Oc2-b|Days from request to meeting|number|days|down|period|mean|latest||16.6|45|2018|20|2021||Correspondence||
Oc2-c|How relations with authorities developed|qualitative|text|up|period|none|latest||16.7||||||Members’ reports||
Oc2-d|Rating of the country in the workers’ rights index (1 best, 5 worst)|number|rating|down|period|none|latest||8.8; 16.10||||||Published index||
Oc3-a|Share of leading posts held by women|percentage|%|up|period|sum|latest||5.5; 8.5|33|2018|50|2021||Statutes, minutes||
Oc3-b|Women’s committees that set their own budget|number|committees|up|cumulative|sum|latest||5.5|3|2018|75|2021||Minutes||
Op1.1-a|Monitors and studies published|number|publications|up|period|sum|sum||17.18; 16.10|0|2018|180|2021|2019:60; 2020:120|Publications||
Op1.1-b|Reach of the most read publication|people|people|up|period|max|max||16.10|0|2018|20000|2021||Web and media statistics||
Op1.2-a|People trained|people|people|up|period|sum|sum|SEX; AGE|4.4; 8.6; 5.5|0|2018|6000|2021|2019:2000; 2020:4000|Attendance lists||2019-H2
Op1.2-a|People trained|people|people|up|period|sum|sum|SEX; AGE|4.4; 8.6; 5.5|0|2018|7200|2021|2019:2000; 2020:4800|Attendance lists|2020-H1|
Op1.2-b|Participants who pass the closing test|percentage|%|up|period|sum|sum|SEX|4.4|0|2018|80|2021||Tests||
Op1.2-c|Hours of training per participant|number|hours|up|period|mean|mean||4.4|||24|2021||Programmes||
Op2.1-a|Dialogues held|number|dialogues|up|period|sum|sum||16.7; 17.17|0|2018|180|2021|2019:60; 2020:120|Minutes||
Op2.1-b|People who took part in dialogues|people|people|up|period|sum|sum|SEX|16.7|0|2018|5400|2021||Attendance lists||
Op2.2-a|People reached by campaigns|people|people|up|period|sum|max|SEX|8.8; 10.2|0|2018|30000|2021||Media statistics||
Op2.2-b|A campaign plan is in place|yes_no|members|up|period|sum|latest||8.8|0|2018|12|2021||Plans||
Op2.2-c|Participants of the largest single event|people|people|up|period|max|max||10.2||||||Police or media||
Op2.3-a|Savings groups with an account at a bank|number|groups|up|cumulative|sum|latest||8.10; 1.3|2|2018|80|2021||Members’ records||
Op3.1-a|Money passed on to local organisations|money|EUR|up|cumulative|sum|latest||17.3; 1.4|0|2018|280000|2021||Grant contracts||
Op3.1-b|Members of supported organisations|people|people|up|cumulative|sum|latest|SEX|10.2; 5.5|0|2018|4500|2021||Registers||
Op3.2-a|Unions and associations with a just-transition position|number|organisations|up|cumulative|sum|latest||13.2; 8.4|1|2018|100|2021||Position papers|2019-H2|
Op3.2-b|What the position papers ask for|qualitative|text|up|period|none|latest||13.3||||||Position papers|2019-H2|
"""
"""logframe.csv without level, result and statement, which the indicator's code gives; SEX and AGE stand for the two dimensions."""

BUDGET = (
    ("1.1.1", "480000.00", "Technical staff"), ("1.1.2", "120000.00", "Administrative staff"), ("1.3.2", "120000.00", "Per diems, local"),
    ("2", "180000.00", "Travel"), ("3", "60000.00", "Equipment and supplies"), ("4", "120000.00", "Local office"), ("5.2", "120000.00", "Studies, research"),
    ("5.7", "240000.00", "Conferences and seminars"), ("5.8", "60000.00", "Visibility"), ("6", "300000.00", "Financial support to third parties"),
    ("10", "74000.00", "Contingency reserve"),
)  # fmt: skip
"""Direct costs 1,800,000 + 7 % + reserve = 2,000,000 EUR, of which the EU pays 75 %."""

RATES = {"KES": "116.20", "XOF": "655.957", "BOB": "7.83", "COP": "3620.00", "GTQ": "8.77", "USD": "1.1355", "MZN": "69.60", "ZAR": "15.90", "HNL": "27.50", "PKR": "155.00"}
"""Units for 1 EUR in the first month."""
_FELL_IN_2020 = ("COP", "MZN", "ZAR")
MONTHS = [f"{year}-{month:02d}" for year in (2018, 2019, 2020) for month in range(1, 13) if "2018-12" <= f"{year}-{month:02d}" <= "2020-07"]

SUBGRANTS = (
    ("SG-01", "Colectivo Lempira", "HN", "Lot 1", "2019-02-15", "45000.00", "ixchel-gt"),
    ("SG-02", "Groupement des Tisserandes de Kaya", "BF", "Lot 2", "2019-03-01", "38000.00", "faso-bf"),
    ("SG-03", "Coast Dockers’ Families", "KE", "Lot 2", "2019-03-20", "36000.00", "haki-ke"),
    ("SG-04", "Trabajadoras del Hogar de El Alto", "BO", "Lot 2", "2019-03-11", "40000.00", "andina-bo"),
    ("SG-05", "Associação das Vendedeiras de Sofala", "MZ", "Lot 2", "2019-08-05", "32000.00", "zambeze-mz"),
    ("SG-06", "Femmes Maraîchères du Delta", "SN", "Lot 2", "2019-09-16", "30000.00", "teranga-sn"),
    ("SG-07", "Pescadoras del Pacífico", "CO", "Lot 2", "2020-02-03", "28000.00", "cauca-co"),
)
PLAN = (
    ("A1.1.1", "Op1.1", "SDG monitors of all countries", "2019-01-01", "2021-06-30", "", "", "17.18; 16.10"),
    ("A1.1.2", "Op1.1", "Publication and launch of monitors", "2019-04-01", "2021-09-30", "", "", "16.10; 17.18"),
    ("A1.2.1", "Op1.2", "Training cycle on labour rights", "2019-02-01", "2021-09-30", "", "", "4.4; 8.6"),
    ("A1.2.2", "Op1.2", "Leadership schools for women", "2019-03-01", "2021-06-30", "", "", "5.5"),
    ("A1.2.3", "Op1.2", "Handbook for trainers", "2019-01-15", "2019-05-31", "coordination", "BE", "4.4"),
    ("A2.1.1", "Op2.1", "National dialogues with ministries of labour", "2019-03-01", "2021-10-31", "", "", "16.7"),
    ("A2.1.2", "Op2.1", "National SDG platforms", "2019-01-01", "2021-12-14", "", "", "17.17"),
    ("A2.2.1", "Op2.2", "Campaign for decent work", "2019-03-01", "2021-05-31", "", "", "8.8"),
    ("A2.2.2", "Op2.2", "Public forums", "2019-02-01", "2021-10-31", "", "", "8.5; 10"),
    ("A2.3.1", "Op2.3", "Access to social protection and savings", "2019-02-01", "2021-10-31", "", "", "1.3; 8.10"),
    ("A3.1.1", "Op3.1", "Small grant facility", "2019-02-01", "2021-03-31", "", "", "1.4; 17.3"),
    ("A3.2.1", "Op3.2", "Just transition: workshops and positions", "2019-09-01", "2021-09-30", "", "", "13.3; 8.4"),
)
ASSIGNMENTS = (
    ("haki-ke", "Oc1-a", "KE", "", "2", "16"), ("faso-bf", "Oc1-a", "BF", "", "1", "14"), ("teranga-sn", "Oc1-a", "SN", "", "1", "12"), ("andina-bo", "Oc1-a", "BO", "", "3", "18"),
    ("cauca-co", "Oc1-a", "CO", "", "2", "12"), ("ixchel-gt", "Oc1-a", "GT", "", "2", "12"), ("zambeze-mz", "Oc1-a", "MZ", "", "1", "10"), ("mekong-kh", "Oc1-a", "KH", "", "2", "12"),
    ("zambeze-mz", "Oc3-b", "MZ", "", "1", "8"), ("cauca-co", "Oc3-b", "CO", "", "2", "10"), ("andina-bo", "Op3.2-a", "BO", "2019-H2", "1", "12"),
)  # fmt: skip
"""Member, indicator, country, first cycle, baseline, target."""


@cache
def indicators() -> tuple[dict[str, str], ...]:
    """The logframe's rows by column, those of later cycles included."""
    header, *lines = LOGFRAME.splitlines()
    return tuple(dict(zip(header.split("|"), line.split("|"), strict=True)) for line in lines)


@cache
def rate(month: str, currency: str) -> Decimal:
    """Units of the currency for 1 EUR: a slow walk as InforEuro shows it; the CFA franc is fixed, some currencies fell in spring 2020."""
    if currency == "EUR":
        return Decimal(1)
    if currency == "XOF" or month == MONTHS[0]:
        return Decimal(RATES[currency])
    last = rate(MONTHS[MONTHS.index(month) - 1], currency)
    permille = between(-12, 12, "rate", month, currency) + (35 if currency in _FELL_IN_2020 and "2020-03" <= month <= "2020-05" else 0)
    return (last * (1 + Decimal(permille) / 1000)).quantize(Decimal("0.0001"))


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def _logframe() -> bytes:
    names = ("indicator", "level", "result", "statement", *(name for name in indicators()[0] if name != "indicator"))
    rows = []
    for row in indicators():
        result = row["indicator"].rpartition("-")[0]
        full = row | {"level": _LEVELS[result[:2]], "result": result, "statement": STATEMENTS[result]}
        rows.append([full[name].replace("SEX", SEX).replace("AGE", AGE) for name in names])
    return _table(names, rows)


def agreement_yaml(due_ahead: bool) -> bytes:
    """With a word on each field; `due_ahead` sets the due dates so far off that nothing that arrives now is late."""
    cycles = "\n".join(
        f'  - {{code: {code}, start: {start}, end: {end}, opens: {end.replace(day=15)}, due: "{_DUE_AHEAD if due_ahead else _DUE[code]}", grace_days: 10, report: {report}}}'
        for code, start, end, report in CYCLES
    )
    return f"""\
# The grant contract and its reporting cycles. Amounts in EUR, shares and rates in percent, dates as year-month-day.
contract:
  number: {CONTRACT}                 # as it stands on the contract; every submission's cover must say the same
  title: Organising International Solidarity (sample)
  framework: EuropeAid/000-001/C/ACT/Multi    # the framework partnership agreement it implements
  kind: action                                # action, or operating ("work programme")
  profile: prag-2018                          # the EU's forms and rules in force when the contract was signed
  granting_authority: European Commission, DG INTPA
  coordinator: {{name: Réseau Justice Sociale, contact: The reporting officer, role: Head of programmes, country: BE}}
  start: 2018-12-15                           # implementation period, both days included
  end: 2021-12-14
  eu_contribution: 1500000.00                 # the most the EU pays
  eu_share: 75.00                             # of total eligible costs
  indirect_rate: 7.00                         # of direct costs (heading 8 of heading 7)
  language: en                                # of the contract, and so of the report to the EU
  report_languages: [en, fr, es, pt]          # in which a report may be made
  funding: co-funded                          # funded (100 %) or co-funded: the statement beside the emblem
  third_party_ceiling: 60000.00               # for each recipient of financial support, over the whole contract
  sdg_money: weights                          # main: all money of an activity to its main SDG; weights: by the shares given
timezone: Europe/Brussels                     # of the due dates
# Cycles follow one another without a gap. opens: when workbooks go out; due: local time; grace_days: how long a late file is still taken;
# report: interim, final or none (none: this cycle is collected now and reported with the next one).
cycles:
{cycles}
""".encode()


def agreement_files(due_ahead: bool) -> dict[str, bytes]:
    """Everything under agreement/ and desk/, by key."""
    members = [(m.code, m.name, m.country, m.language, m.decimal, f"reports@{m.code}.example", m.role, m.from_, m.to, m.sensitivity) for m in MEMBERS]
    assignments = [(member, indicator, country, first, "", baseline, target) for member, indicator, country, first, baseline, target in ASSIGNMENTS]
    addendum = ("1", "2019-12-02", "2020-H1", "Target of Op1.2-a raised from 6,000 to 7,200", "More demand for training than planned")
    extension = ("sahel-ml", "2019-08-12T18:00", "Office closed during unrest in July", "The reporting officer")
    return {
        "agreement/agreement.yaml": agreement_yaml(due_ahead),
        "agreement/members.csv": _table(["member", "name", "country", "language", "decimal", "email", "role", "from", "to", "sensitivity"], members),
        "agreement/logframe.csv": _logframe(),
        "agreement/budget.csv": _table(["heading", "amount_eur", "description"], BUDGET),
        "agreement/rates.csv": _table(["month", "currency", "rate"], [(month, currency, str(rate(month, currency))) for month in MONTHS for currency in RATES]),
        "agreement/plan.csv": _table(["activity", "result", "title", "start", "end", "members", "countries", "sdg"], PLAN),
        "agreement/assignments.csv": _table(["member", "indicator", "country", "from", "to", "baseline", "target"], assignments),
        "agreement/subgrants.csv": _table(["recipient", "name", "country", "lot", "signed", "amount_eur", "member"], SUBGRANTS),
        "agreement/amendments.csv": _table(["number", "signed", "from", "what", "reason"], [addendum]),
        "desk/2019-H1/extensions.csv": _table(["member", "due", "reason", "by"], [extension]),
    }
