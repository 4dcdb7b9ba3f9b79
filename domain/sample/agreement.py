"""The sample's agreement: what an operator would write."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SampleMember:
    code: str
    name: str
    country: str
    language: str
    decimal: str
    role: str
    currency: str
    weight: int
    """Share of the network's spending; 0: none."""
    from_: str = ""
    to: str = ""
    sensitivity: str = ""


MEMBERS = (
    SampleMember("coordination", "Réseau Justice Sociale", "BE", "en", ".", "coordinator", "EUR", 4),
    SampleMember("haki-ke", "Haki na Kazi Kenya", "KE", "en", ".", "beneficiary", "KES", 3),
    SampleMember("faso-bf", "Faso Travail Digne", "BF", "fr", ",", "beneficiary", "XOF", 3),
    SampleMember("teranga-sn", "Teranga Solidaire", "SN", "fr", ",", "beneficiary", "XOF", 2),
    SampleMember("sahel-ml", "Sahel Droits Humains", "ML", "fr", ",", "affiliated-entity", "XOF", 2),
    SampleMember("andina-bo", "Federación Andina por el Trabajo Digno", "BO", "es", ",", "beneficiary", "BOB", 3),
    SampleMember("cauca-co", "Corporación Cauca Vivo", "CO", "es", ",", "beneficiary", "COP", 2),
    SampleMember("ixchel-gt", "Asociación Ixchel", "GT", "es", ".", "beneficiary", "GTQ", 2),
    SampleMember("cuscatlan-sv", "Mesa Cuscatlán por la Igualdad", "SV", "es", ".", "affiliated-entity", "USD", 2),
    SampleMember("zambeze-mz", "Rede Zambeze de Cidadania", "MZ", "pt", ",", "beneficiary", "MZN", 2),
    SampleMember("mekong-kh", "Mekong Labour Watch", "KH", "en", ".", "beneficiary", "USD", 2, sensitivity="eu-only"),
    SampleMember("zenzele-za", "Zenzele Workers’ Forum", "ZA", "en", ".", "affiliated-entity", "ZAR", 2, to="2020-03-31"),
    SampleMember("lempira-hn", "Colectivo Lempira", "HN", "es", ".", "third-party", "HNL", 1),
    SampleMember("indus-pk", "Indus Rights Alliance", "PK", "en", ".", "associate", "PKR", 0, from_="2019-02-01"),
)

CYCLES: tuple[tuple[str, date, date, str], ...] = (
    ("2019-H1", date(2018, 12, 15), date(2019, 6, 30), "interim"),
    ("2019-H2", date(2019, 7, 1), date(2019, 12, 31), "none"),
    ("2020-H1", date(2020, 1, 1), date(2020, 6, 30), "interim"),
)
_DUE = {"2019-H1": "2019-07-31T18:00", "2019-H2": "2020-01-31T18:00", "2020-H1": "2020-07-31T18:00"}
CONTRACT = "CSO-LA/2018/000-001"

SEX, AGE = "sex:female|male|other|unknown", "age:15-29|30+|unknown"
LOGFRAME = """\
indicator|level|result|statement|title|measure|unit|direction|value_kind|across_members|across_periods|disaggregation|sdg|baseline|baseline_year|target|target_year|milestones|source|from|to
Im1-a|impact|Im1|Working people enjoy economic and social rights|Countries in which the network sees labour law improve|yes_no|countries|up|period|sum|latest|||2|2018|13|2021||Law gazettes||
Im1-b|impact|Im1|Working people enjoy economic and social rights|Share of workers in the partner sectors who are covered by social protection|percentage|%|up|cumulative|sum|latest|SEX|1.3; 8.5|21.5|2018|60|2021|2019:35; 2020:50|Household surveys||
Oc1-a|outcome|Oc1|Members monitor the SDGs with evidence of their own|Organisations that use the SDG monitor in their advocacy|number|organisations|up|cumulative|sum|latest||17.17; 16|12|2018|150|2021|2019:50; 2020:100|Members’ records||
Oc1-b|outcome|Oc1|Members monitor the SDGs with evidence of their own|Recommendations of monitors taken up by authorities|number|recommendations|up|period|sum|sum||16.7|0|2018|150|2021|2019:30; 2020:90|Official documents||
Oc1-c|outcome|Oc1|Members monitor the SDGs with evidence of their own|Quality score of monitors|number|score 0-10|up|period|mean|mean||17.18|4.5|2018|7.5|2021||Peer review||
Oc2-a|outcome|Oc2|Authorities open dialogue to civil society|Share of consultations to which members were invited|percentage|%|up|period|sum|sum||16.7; 17.14|30|2018|60|2021|2019:38; 2020:50|Invitations||
Oc2-b|outcome|Oc2|Authorities open dialogue to civil society|Days from request to meeting|number|days|down|period|mean|latest||16.6|45|2018|20|2021||Correspondence||
Oc2-c|outcome|Oc2|Authorities open dialogue to civil society|How relations with authorities developed|qualitative|text|up|period|none|latest||16.7||||||Members’ reports||
Oc3-a|outcome|Oc3|Women and young people lead|Share of leading posts held by women|percentage|%|up|period|sum|latest||5.5; 8.5|33|2018|50|2021||Statutes, minutes||
Oc3-b|outcome|Oc3|Women and young people lead|Women’s committees that set their own budget|number|committees|up|cumulative|sum|latest||5.5|3|2018|70|2021||Minutes||
Op1.1-a|output|Op1.1|SDG monitors are published|Monitors and studies published|number|publications|up|period|sum|sum||17.18|0|2018|180|2021|2019:40; 2020:110|Publications||
Op1.1-b|output|Op1.1|SDG monitors are published|Reach of publications|people|people|up|period|max|max||16.10|0|2018|20000|2021||Web and media statistics||
Op1.2-a|output|Op1.2|Members’ staff and volunteers are trained|People trained|people|people|up|period|sum|sum|SEX; AGE|4.4; 8.6; 5.5|0|2018|6000|2021|2019:1500; 2020:3600|Attendance lists||2019-H2
Op1.2-a|output|Op1.2|Members’ staff and volunteers are trained|People trained|people|people|up|period|sum|sum|SEX; AGE|4.4; 8.6; 5.5|0|2018|7200|2021|2019:1500; 2020:4300|Attendance lists|2020-H1|
Op1.2-b|output|Op1.2|Members’ staff and volunteers are trained|Participants who pass the closing test|percentage|%|up|period|sum|sum|SEX|4.4|0|2018|80|2021||Tests||
Op1.2-c|output|Op1.2|Members’ staff and volunteers are trained|Hours of training per participant|number|hours|up|period|mean|mean||4.4|||24|2021||Programmes||
Op2.1-a|output|Op2.1|Dialogues with authorities are held|Dialogues held|number|dialogues|up|period|sum|sum||16.7; 17.17|0|2018|180|2021|2019:45; 2020:110|Minutes||
Op2.1-b|output|Op2.1|Dialogues with authorities are held|People who took part in dialogues|people|people|up|period|sum|sum|SEX|16.7|0|2018|5400|2021||Attendance lists||
Op2.2-a|output|Op2.2|Campaigns reach the public|People reached by campaigns|people|people|up|period|sum|max|SEX|8.8; 10.2|0|2018|30000|2021||Media statistics||
Op2.2-b|output|Op2.2|Campaigns reach the public|A campaign plan is in place|yes_no|members|up|period|sum|latest||8.8|0|2018|12|2021||Plans||
Op2.2-c|output|Op2.2|Campaigns reach the public|Largest single event|people|people|up|period|max|max||10.2||||||Police or media||
Op3.1-a|output|Op3.1|Small grants strengthen local organisations|Money passed on to local organisations|money|EUR|up|cumulative|sum|latest||17.3; 1.4|0|2018|280000|2021||Grant contracts||
Op3.1-b|output|Op3.1|Small grants strengthen local organisations|Members of supported organisations|people|people|up|cumulative|sum|latest|SEX|10.2; 5.5|0|2018|4000|2021||Registers||
Op3.2-a|output|Op3.2|Climate and just transition enter labour agendas|Unions and associations with a just-transition position|number|organisations|up|cumulative|sum|latest||13.2; 8.4|1|2018|70|2021||Position papers|2019-H2|
Op3.2-b|output|Op3.2|Climate and just transition enter labour agendas|What the position papers ask for|qualitative|text|up|period|none|latest||13.3||||||Position papers|2019-H2|
"""
TAKES_PART = {
    "Im1-a": 12, "Im1-b": 4, "Oc1-a": 12, "Oc1-b": 10, "Oc1-c": 8, "Oc2-a": 9, "Oc2-b": 5, "Oc2-c": 6, "Oc3-a": 11, "Oc3-b": 6, "Op1.1-a": 12, "Op1.1-b": 7,
    "Op1.2-a": 12, "Op1.2-b": 8, "Op1.2-c": 5, "Op2.1-a": 12, "Op2.1-b": 9, "Op2.2-a": 7, "Op2.2-b": 12, "Op2.2-c": 4, "Op3.1-a": 5, "Op3.1-b": 6,
    "Op3.2-a": 5, "Op3.2-b": 4,
}  # fmt: skip
"""How many members report each indicator."""

BUDGET = (
    ("1.1.1", "480000.00", "Technical staff"), ("1.1.2", "120000.00", "Administrative staff"), ("1.3.2", "120000.00", "Per diems, local"),
    ("2", "180000.00", "Travel"), ("3", "60000.00", "Equipment and supplies"), ("4", "120000.00", "Local office"), ("5.2", "120000.00", "Studies, research"),
    ("5.7", "240000.00", "Conferences and seminars"), ("5.8", "60000.00", "Visibility"), ("6", "300000.00", "Small grants and other"), ("10", "74000.00", "Contingency reserve"),
)  # fmt: skip

RATES = {"KES": "115.40", "XOF": "655.957", "BOB": "7.79", "COP": "3590.00", "GTQ": "8.75", "USD": "1.1320", "MZN": "70.60", "ZAR": "16.05", "HNL": "27.60", "PKR": "159.00"}
MONTHS = [f"{year}-{month:02d}" for year in (2018, 2019, 2020) for month in range(1, 13) if "2018-12" <= f"{year}-{month:02d}" <= "2020-07"]

SUBGRANTS = (
    ("SG-01", "Colectivo Lempira", "HN", "Lot 2", "2019-02-15", "45000.00", "ixchel-gt"),
    ("SG-02", "Groupement des Tisserandes de Kaya", "BF", "Lot 2", "2019-03-01", "30000.00", "faso-bf"),
    ("SG-03", "Coast Dockers’ Families", "KE", "Lot 2", "2019-03-20", "30000.00", "haki-ke"),
)
PLAN = (
    ("A1.1", "Op1.1", "SDG monitors of all countries", "2019-01-01", "2021-06-30", "", "", "17.18"),
    ("A1.2", "Op1.2", "Training cycle on labour rights", "2019-02-01", "2021-09-30", "", "", "4.4; 8.6"),
    ("A2.1", "Op2.1", "National dialogues with ministries of labour", "2019-03-01", "2021-10-31", "", "", "16.7"),
    ("A2.2", "Op2.2", "Campaign for decent work", "2019-09-01", "2021-05-31", "haki-ke; andina-bo; zambeze-mz", "KE; BO; MZ", "8.8"),
    ("A3.1", "Op3.1", "Small grant facility", "2019-02-01", "2021-03-31", "coordination; ixchel-gt; faso-bf; haki-ke", "", "17.3"),
)
ASSIGNMENTS = (
    ("haki-ke", "Oc1-a", "KE", "2", "25"), ("faso-bf", "Oc1-a", "BF", "1", "20"), ("andina-bo", "Oc1-a", "BO", "3", "30"), ("zambeze-mz", "Oc3-b", "MZ", "1", "4"),
)  # fmt: skip


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def rate(month: str, currency: str) -> str:
    """InforEuro-like: small movements around a level; XOF is fixed."""
    if currency == "XOF":
        return RATES[currency]
    level = Decimal(RATES[currency])
    moved = level * (1 + Decimal(random.Random(f"{month} {currency}").randint(-25, 25)) / 1000)  # noqa: S311 (a sample, not a secret)
    return str(moved.quantize(Decimal("0.0001")))


def agreement_yaml(due_ahead: bool) -> bytes:
    """With a word on each field; `due_ahead` sets the due dates so far off that nothing that arrives now is late."""
    cycles = "\n".join(
        f'  - {{code: "{code}", start: {start}, end: {end}, opens: {end.replace(day=15)}, due: "{"2099-12-31T18:00" if due_ahead else _DUE[code]}", grace_days: 10, report: {report}}}'
        for code, start, end, report in CYCLES
    )
    return f"""\
# The grant contract and its reporting cycles. Amounts in EUR, shares and rates in percent.
contract:
  number: {CONTRACT}
  title: Organising International Solidarity (sample)
  framework: EuropeAid/000-001/C/ACT/Multi    # the framework partnership agreement it implements
  kind: action                                # action or operating ("work programme")
  profile: prag-2018                          # which of the EU's forms and rules hold
  granting_authority: European Commission, DG INTPA
  coordinator: {{name: Réseau Justice Sociale, contact: The reporting officer, role: Head of programmes, country: BE}}
  start: 2018-12-15                           # implementation period, both days included
  end: 2021-12-14
  eu_contribution: 1500000.00
  eu_share: 75.00                             # of total eligible costs
  indirect_rate: 7.00                         # of direct costs (heading 8 of heading 7)
  language: en                                # of the contract
  report_languages: [en, fr, es, pt]
  funding: co-funded
  third_party_ceiling: 60000.00               # per recipient, whole contract
  sdg_money: weights                          # main: all money of an activity to its main SDG; weights: by the shares given
timezone: Europe/Brussels
# due: local time; grace_days: how long a late file is still taken; report: interim, final or none (then the next report covers it too)
cycles:
{cycles}
""".encode()


def agreement_files(due_ahead: bool) -> dict[str, bytes]:
    """Everything under agreement/ and desk/, by key."""
    rows = [[cell.replace("SEX", SEX).replace("AGE", AGE) for cell in line.split("|")] for line in LOGFRAME.splitlines()]
    members = [(m.code, m.name, m.country, m.language, m.decimal, "", m.role, m.from_, m.to, m.sensitivity) for m in MEMBERS]
    files = {
        "members.csv": _table(["member", "name", "country", "language", "decimal", "email", "role", "from", "to", "sensitivity"], members),
        "logframe.csv": _table(rows[0], rows[1:]),
        "budget.csv": _table(("heading", "amount_eur", "description"), BUDGET),
        "rates.csv": _table(("month", "currency", "rate"), [(month, currency, rate(month, currency)) for month in MONTHS for currency in RATES]),
        "plan.csv": _table(["activity", "result", "title", "start", "end", "members", "countries", "sdg"], PLAN),
        "assignments.csv": _table(["member", "indicator", "country", "from", "to", "baseline", "target"], [(m, i, c, "", "", b, t) for m, i, c, b, t in ASSIGNMENTS]),
        "subgrants.csv": _table(["recipient", "name", "country", "lot", "signed", "amount_eur", "member"], SUBGRANTS),
        "amendments.csv": _table(
            ["number", "signed", "from", "what", "reason"],
            [("1", "2019-12-02", "2020-H1", "Target of Op1.2-a raised from 6,000 to 7,200", "More demand for training than planned")],
        ),
        "agreement.yaml": agreement_yaml(due_ahead),
    }
    desk = {"desk/2019-H2/extensions.csv": _table(["member", "due", "reason", "by"], [("sahel-ml", "2020-02-20T18:00", "Office closed by unrest", "Reporting officer")])}
    return {f"agreement/{name}": content for name, content in files.items()} | desk
