"""Small agreements and submissions, written as an operator and a member would write them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.agreement import Agreement
from domain.agreement_files import read_agreement
from domain.schema import sheet
from domain.submission import AcceptedRow

CONTRACT = "TEST/2019/1"

AGREEMENT_YAML = """\
contract:
  number: {number}
  title: A small action
  framework: FPA/1
  kind: action
  profile: prag-2018
  granting_authority: European Commission
  coordinator: {{name: Coordinator, contact: The officer, role: Officer, country: BE}}
  start: 2019-01-01
  end: 2020-06-30
  eu_contribution: 75000.00
  eu_share: 75.00
  indirect_rate: 7.00
  language: en
  report_languages: [en]
  funding: co-funded
  third_party_ceiling: 1000.00
  sdg_money: {sdg_money}
timezone: Europe/Brussels
cycles:
  - {{code: C1, start: 2019-01-01, end: 2019-06-30, opens: 2019-06-15, due: "{due}", grace_days: 10, report: interim}}
  - {{code: C2, start: 2019-07-01, end: 2019-12-31, opens: 2019-12-15, due: "{due}", grace_days: 10, report: none}}
  - {{code: C3, start: 2020-01-01, end: 2020-06-30, opens: 2020-06-15, due: "{due}", grace_days: 10, report: final}}
"""
MEMBERS = (
    "member,name,country,language,decimal,email,role\n"
    "aa,Alpha,BE,en,.,,coordinator\nbb,Beta,KE,en,.,,beneficiary\ncc,Gamma,SN,fr,\",\",,affiliated-entity\ndd,Delta,PE,es,.,,third-party\n"
)
LOGFRAME_COLUMNS = (
    "indicator,level,result,statement,title,measure,unit,direction,value_kind,across_members,across_periods,disaggregation,sdg,"
    "baseline,baseline_year,target,target_year,milestones,source"
)
LOGFRAME = f"""{LOGFRAME_COLUMNS}
N1,output,Op1,A result,A number,number,pieces,up,period,sum,sum,,8.8,10,2018,110,2020,,
P1,output,Op1,A result,People,people,people,up,period,sum,sum,sex:female|male|unknown; age:young|old,5.5,0,2018,100,2020,,
R1,outcome,Oc1,Another,A share,percentage,%,up,period,sum,sum,,16.7,,,,,,
K1,outcome,Oc1,Another,To date,number,pieces,up,cumulative,sum,latest,,16.7,,,,,,
Y1,outcome,Oc1,Another,Yes or no,yes_no,members,up,period,sum,latest,,16.7,,,,,,
Q1,outcome,Oc1,Another,In words,qualitative,text,up,period,none,latest,,,,,,,,
M1,output,Op1,A result,Mean,number,score,up,period,mean,mean,,,,,,,,
"""
BUDGET = "heading,amount_eur\n1,50000.00\n2,10000.00\n5.7,20000.00\n6,10000.00\n10,1000.00\n"
RATES = "month,currency,rate\n" + "".join(f"2019-{month:02d},KES,110\n2019-{month:02d},XOF,655.957\n2020-{month:02d},KES,120\n" for month in range(1, 13))


def agreement_files(sdg_money: str = "main", due: str = "2099-12-31T18:00", **replaced: str) -> dict[str, bytes]:
    """A small, sound agreement by store key; `replaced` by file stem (members="…")."""
    texts = {
        "agreement.yaml": AGREEMENT_YAML.format(number=CONTRACT, sdg_money=sdg_money, due=due),
        "members.csv": MEMBERS,
        "logframe.csv": LOGFRAME,
        "budget.csv": BUDGET,
        "rates.csv": RATES,
    } | {f"{name}.csv" if name != "yaml" else "agreement.yaml": text for name, text in replaced.items()}
    return {f"agreement/{name}": text.encode() for name, text in texts.items()}


def small_agreement(**changes: str) -> Agreement:
    agreement, problems = read_agreement(agreement_files(**changes))
    assert agreement is not None, problems
    return agreement


def accepted(sheet_name: str, member: str, cycle: str, row: int, **values: Any) -> AcceptedRow:
    """An accepted row; columns that are not given are empty."""
    columns = {column.name: None for column in sheet(sheet_name).columns}
    if sheet_name == "indicators":
        columns |= {"sex": None, "age": None}
    if sheet_name == "activities":
        columns |= {"status": "done"}
    return AcceptedRow(member, cycle, f"{member}-{cycle}", sheet_name, row, columns | values)


# --- members' files ---------------------------------------------------------------------------------------------------

ACTIVITY = {"activity": "A1", "title": "Training", "type": "training", "start": "2019-02-01", "end": "2019-02-02", "country": "KE", "result": "Op1", "sdg": "8.8", "women": "10", "men": "5"}
NUMBER = {"indicator": "N1", "country": "KE", "value": "5"}
PAYMENT = {"heading": "2", "country": "KE", "payment_date": "2019-03-01", "currency": "KES", "amount": "1100", "activity": "A1", "supplier": "S", "document": "D1"}

Rows = Sequence[Mapping[str, str]]


def csv_text(rows: Rows, columns: Iterable[str]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def submission(member: str = "bb", cycle: str = "C1", activities: Rows = (), indicators: Rows = (), expenditure: Rows = (), without: Sequence[str] = (), cover: Mapping[str, str] = {}) -> bytes:
    """A .zip of CSV. The header is line 1, so the first row of a sheet is row 2."""
    said = {"contract": CONTRACT, "cycle": cycle, "member": member} | dict(cover)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        def put(name: str, text: str) -> None:
            if name not in without:
                archive.writestr(zipfile.ZipInfo(f"{name}.csv", (2019, 1, 1, 0, 0, 0)), text)

        put("cover", "".join(f"{key},{value}\n" for key, value in said.items()))
        put("activities", csv_text(activities, [column.name for column in sheet("activities").columns]))
        put("indicators", csv_text(indicators, [*(column.name for column in sheet("indicators").columns), "sex", "age"]))
        put("expenditure", csv_text(expenditure, [column.name for column in sheet("expenditure").columns]))
    return out.getvalue()


def clean(member: str = "bb", cycle: str = "C1", cover: Mapping[str, str] = {}) -> bytes:
    """A submission without a finding."""
    year, month = {"C1": ("2019", "02"), "C2": ("2019", "08"), "C3": ("2020", "02")}[cycle]
    country = {"aa": "BE", "cc": "SN", "dd": "PE"}.get(member, "KE")  # alike at two members they would be suspected to be one activity
    activity = ACTIVITY | {"start": f"{year}-{month}-01", "end": f"{year}-{month}-02", "country": country}
    payment = PAYMENT | {"payment_date": f"{year}-{month}-10"}
    return submission(member, cycle, [activity], [NUMBER], [payment], cover=cover)
