"""The same work as a competent analyst would script it in an afternoon: one file after the other, with the same libraries.
python -m bench.peers.sequential STORE CYCLE FOLDER [--engine openpyxl]

pandas.read_excel reads each file; Great Expectations validates each sheet of each file, with one context and one suite a sheet for all of them; pandas adds
up per indicator, SDG and heading; Jinja2 and WeasyPrint make a PDF of it. Nothing is done to slow it: the quicker reader is the default, the rules are those
of expectations/ as far as plain expectations and a few lines of pandas say them, and the report prints the same lists with the same limits.

What it leaves out, all in its favour: answers to members (findings in their language, marked workbooks, pages, mails); hostile, damaged and oversized files;
numbers and dates that were typed as text; ambiguous decimals; late files, parts, corrected files of one member, receipts; earlier cycles, cumulative figures
and corrections of what was reported; joint activities, shares of SDGs, percentages and means across members; outliers; what an officer waives; exact money
(it adds binary floats); lineage, the second reckoning, IATI, the financial report, the logframe and the narrative as Word file; other languages; charts,
tags, PDF/A and PDF/UA, attachments; manifest and versions; equal bytes; any restart after a fault. It reads everything again each time."""

from __future__ import annotations

import argparse
import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import pycountry
import weasyprint
import yaml

from bench.render import cpu_seconds
from domain.codes import ACTIVITY_STATUSES, ACTIVITY_TYPES, SDG_CODES
from domain.schema import COVER_KEYS, COVER_LABELS, DIMENSION_LABELS, SHEETS

LABELS = {label: column.name for schema in SHEETS for column in schema.columns for labels in column.labels.values() for label in labels}
LABELS |= {label: name for name, languages in DIMENSION_LABELS.items() for labels in languages.values() for label in labels}
KEYS = {label: column.name for column in COVER_KEYS for labels in column.labels.values() for label in labels}
SHEET_NAMES = {label: schema.name for schema in SHEETS for labels in schema.labels.values() for label in labels}
SHEET_NAMES |= {label: "cover" for labels in COVER_LABELS.values() for label in labels}
"""Headings and names of sheets in four languages; an analyst would copy them from the workbook."""
COUNTRIES = [country.alpha_2 for country in pycountry.countries] + ["XK", "89", "298", "498", "798", "889", "998"]
CURRENCIES = [currency.alpha_3 for currency in pycountry.currencies]
LIST_LIMIT, FINDING_LIMIT = 300, 150
"""Rows printed of a result's activities, and findings printed: as many as the program prints."""

Sheets = dict[str, pd.DataFrame]


# --- reading ----------------------------------------------------------------------------------------------------------


def read_file(path: Path, engine: str) -> Sheets:
    """The sheets of a member's file by machine name, columns too."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            raw = {Path(name).stem: pd.read_csv(io.BytesIO(archive.read(name)), sep=";", encoding="cp1252", decimal=",", header=None, dtype=object) for name in archive.namelist()}
    else:
        raw = pd.read_excel(path, sheet_name=None, header=None, dtype=object, engine="calamine" if path.suffix == ".ods" else engine)
    sheets = {}
    for name, frame in raw.items():
        sheet = SHEET_NAMES[name]
        if sheet != "cover":
            frame.columns = [LABELS.get(heading, heading) for heading in frame.iloc[0]]
            frame = frame.iloc[1:].reset_index(drop=True)
            for column in ("start", "end", "payment_date", "invoice_date"):
                if column in frame:
                    frame[column] = pd.to_datetime(frame[column], dayfirst=True, errors="coerce")
            for column in ("value", "numerator", "denominator", "amount", "women", "men", "other", "unknown"):
                if column in frame:
                    if path.suffix == ".zip":
                        frame[column] = frame[column].astype("string").str.replace(",", ".", regex=False)
                    frame[f"{column}_as_written"] = frame[column]
                    frame[column] = pd.to_numeric(frame[column], errors="coerce")
            for column in ("heading", "sdg", "activity", "indicator", "country"):
                if column in frame:
                    frame[column] = frame[column].where(frame[column].isna(), frame[column].astype(str).str.strip())
        sheets[sheet] = frame
    return sheets


# --- rules ------------------------------------------------------------------------------------------------------------


class Rules:
    """One suite a sheet, made once."""

    def __init__(self, agreement: dict[str, Any], cycle: str) -> None:
        import great_expectations as gx
        from great_expectations import expectations as gxe

        self.context = gx.get_context(mode="ephemeral")
        self.context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
        self.batches = {
            name: self.context.data_sources.add_pandas(name).add_dataframe_asset(name).add_batch_definition_whole_dataframe("all") for name in ("activities", "indicators", "expenditure", "narrative")
        }
        period = next(entry for entry in agreement["cycles"] if entry["code"] == cycle)
        first, last, begin = (pd.Timestamp(day) for day in (period["start"], period["end"], agreement["contract"]["start"]))
        took_place = 'status not in ["postponed", "cancelled"]'
        present = {"activities": ["activity", "title", "type", "country", "result", "sdg"], "indicators": ["indicator", "country"], "expenditure": ["heading", "country", "payment_date", "currency", "amount"], "narrative": ["section", "text"]}
        in_list = {
            "activities": {"type": ACTIVITY_TYPES, "status": ACTIVITY_STATUSES, "country": COUNTRIES, "result": agreement["results"], "main_sdg": SDG_CODES, "other_sdg": SDG_CODES},
            "indicators": {"indicator": agreement["indicators"], "country": COUNTRIES, "sex": ["female", "male", "other", "unknown"], "age": ["15-29", "30+", "unknown"]},
            "expenditure": {"heading": agreement["headings"], "country": COUNTRIES, "currency": CURRENCIES},
            "narrative": {},
        }
        texts = {"activities": ["title", "deviation", "outcome"], "indicators": ["comment"], "expenditure": ["description"], "narrative": ["text"]}
        suites: dict[str, list[Any]] = {name: [gxe.ExpectColumnValuesToNotBeNull(column=column) for column in columns] for name, columns in present.items()}
        for name, columns in in_list.items():
            suites[name] += [gxe.ExpectColumnValuesToBeInSet(column=column, value_set=sorted(values)) for column, values in columns.items()]
        for name, columns in texts.items():
            suites[name] += [gxe.ExpectColumnValuesToNotMatchRegex(column=column, severity="warning", regex=r"(?i)lorem ipsum|^\?+$|to be (completed|confirmed)|asdf") for column in columns]
        suites["activities"] += [
            gxe.ExpectColumnValuesToNotBeNull(column="start", row_condition=took_place, condition_parser="pandas"),
            gxe.ExpectColumnValuesToNotBeNull(column="end", row_condition=took_place, condition_parser="pandas"),
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="end", column_B="start", or_equal=True, ignore_row_if="either_value_is_missing"),
            gxe.ExpectColumnValuesToBeBetween(column="start", max_value=last), gxe.ExpectColumnValuesToBeBetween(column="end", min_value=first),
            gxe.ExpectColumnValuesToBeInSet(column="activity_again", value_set=[False]),
            *(gxe.ExpectColumnValuesToBeBetween(column=column, min_value=0) for column in ("women", "men", "unknown")),
            *(gxe.ExpectColumnValuesToBeInSet(column=f"{column}_part", value_set=[0]) for column in ("women", "men", "unknown")),
        ]  # fmt: skip
        suites["indicators"] += [
            gxe.ExpectColumnValuesToBeBetween(column="value", min_value=0), gxe.ExpectColumnValuesToBeBetween(column="denominator", min_value=0),
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="denominator", column_B="numerator", or_equal=True, ignore_row_if="either_value_is_missing"),
            gxe.ExpectCompoundColumnsToBeUnique(column_list=["indicator", "country", "sex", "age"], ignore_row_if="never"),
            *(gxe.ExpectColumnValuesToBeInSet(column=f"{sum_of}_exceeds", value_set=[False]) for sum_of in ("sex", "age", "crossing")),
            gxe.ExpectColumnValuesToBeInSet(column="value_is_number", value_set=[True]),
        ]  # fmt: skip
        suites["expenditure"] += [
            gxe.ExpectColumnValuesToBeInSet(column="amount_is_number", value_set=[True]), gxe.ExpectColumnValuesToBeBetween(column="payment_date", min_value=begin, max_value=last),
            gxe.ExpectColumnValuesToBeInSet(column="rate_known", value_set=[True]),
            *(gxe.ExpectColumnValuesToNotBeNull(column=column, severity="warning") for column in ("supplier", "document")),
            gxe.ExpectColumnValuesToBeBetween(column="payment_date", min_value=first, severity="warning"), gxe.ExpectColumnValuesToBeBetween(column="amount", min_value=0, severity="warning"),
            gxe.ExpectCompoundColumnsToBeUnique(column_list=["supplier", "document", "amount", "currency", "payment_date"], severity="warning"),
            gxe.ExpectColumnValuesToBeInSet(column="activity_known", value_set=[True], severity="warning"),
        ]  # fmt: skip
        self.suites = {name: gx.ExpectationSuite(name=name, expectations=expectations) for name, expectations in suites.items()}
        self.kind = agreement["kind"]
        self.rates = agreement["rates"]

    def judge(self, member: str, sheets: Sheets) -> list[tuple[str, ...]]:
        """Findings of a file; rows in error are taken out of its sheets."""
        found: list[tuple[str, ...]] = []
        for name, frame in ((name, sheets[name]) for name in self.batches):
            self._prepare(name, frame, sheets)
            result = self.batches[name].get_batch({"dataframe": frame}).validate(self.suites[name], result_format="COMPLETE")
            wrong = set()
            for outcome in result.results:
                if outcome.success:
                    continue
                config: Any = outcome.expectation_config
                column = config.kwargs.get("column") or config.kwargs.get("column_A") or config.kwargs["column_list"][0]
                for row in outcome.result.get("unexpected_index_list") or []:
                    value = str(frame[column].iloc[row])
                    found.append((member, name, str(row + 2), column, config.type, value))
                    if config.severity == "critical":
                        wrong.add(row)
            sheets[name] = frame.drop(index=list(wrong))
        return found

    def _prepare(self, name: str, frame: pd.DataFrame, sheets: Sheets) -> None:
        """Columns that the rules read."""
        wanted = {"activities": ("status", "deviation", "outcome", "women", "men", "unknown"), "indicators": ("sex", "age", "comment", "value", "numerator", "denominator"), "expenditure": ("activity", "supplier", "document")}
        for column in wanted.get(name, ()):
            if column not in frame:
                frame[column] = None
        if name == "activities":
            codes = frame["sdg"].astype("string").str.replace(" ", "").str.split(";", expand=True).apply(lambda part: part.str.split("=").str[0])
            frame["main_sdg"], frame["other_sdg"] = codes[0], codes.get(1)
            frame["activity_again"] = frame["activity"].duplicated()
            for column in ("women", "men", "unknown"):
                frame[f"{column}_part"] = pd.to_numeric(frame[column]) % 1
        elif name == "indicators":
            kind = frame["indicator"].map(self.kind)
            counted = kind.isin(["number", "people", "money"])
            frame["value_is_number"] = frame["value"].notna() | ~counted | frame["value_as_written"].isna()
            total = frame[frame["sex"].isna() & frame["age"].isna() & counted].set_index(["indicator", "country"])["value"]
            total = total[~total.index.duplicated()]
            for sum_of, rows in (("sex", frame["sex"].notna() & frame["age"].isna()), ("age", frame["age"].notna() & frame["sex"].isna()), ("crossing", frame["sex"].notna() & frame["age"].notna())):
                slices = frame[rows & counted].groupby(["indicator", "country"])["value"].sum()
                beyond = slices.index[slices > total.reindex(slices.index)]
                frame[f"{sum_of}_exceeds"] = rows & counted & pd.MultiIndex.from_frame(frame[["indicator", "country"]]).isin(beyond)
        elif name == "expenditure":
            frame["amount_is_number"] = frame["amount"].notna() | frame["amount_as_written"].isna()
            frame["activity_known"] = frame["activity"].isna() | frame["activity"].isin(sheets["activities"]["activity"])
            month = frame["payment_date"].dt.strftime("%Y-%m")
            frame["rate_known"] = (frame["currency"] == "EUR") | pd.MultiIndex.from_arrays([month, frame["currency"]]).isin(self.rates.index)


# --- the agreement and the sums ---------------------------------------------------------------------------------------


def read_agreement(store: Path) -> dict[str, Any]:
    folder = store / "agreement"
    agreement: dict[str, Any] = yaml.safe_load((folder / "agreement.yaml").read_text())
    logframe, budget = pd.read_csv(folder / "logframe.csv"), pd.read_csv(folder / "budget.csv", dtype={"heading": str})
    rates = pd.read_csv(folder / "rates.csv").set_index(["month", "currency"])["rate"]
    headings = sorted({*budget["heading"], *"123456"})
    return agreement | {
        "logframe": logframe, "budget": budget, "rates": rates, "members": pd.read_csv(folder / "members.csv"), "headings": headings,
        "indicators": set(logframe["indicator"]), "results": set(logframe["result"]), "kind": dict(zip(logframe["indicator"], logframe["measure"], strict=True)),
    }  # fmt: skip


def add_up(agreement: dict[str, Any], files: dict[str, Sheets]) -> dict[str, pd.DataFrame]:
    """The tables of the report."""
    pooled = {name: pd.concat([sheets[name].assign(member=member) for member, sheets in files.items()], ignore_index=True) for name in ("activities", "indicators", "expenditure", "narrative")}
    costs_by = agreement["members"].query("role in ['coordinator', 'beneficiary', 'affiliated-entity']")["member"]
    paid, acted = pooled["expenditure"], pooled["activities"]
    paid = paid[paid["member"].isin(costs_by)]
    rate = pd.Series(pd.MultiIndex.from_arrays([paid["payment_date"].dt.strftime("%Y-%m"), paid["currency"]]).map(agreement["rates"]), index=paid.index, dtype=float)
    paid = paid.assign(eur=(paid["amount"].astype(float) / rate.where(paid["currency"] != "EUR", 1.0)).round(2))
    paid = paid.merge(acted[["member", "activity", "main_sdg"]].drop_duplicates(["member", "activity"]), on=["member", "activity"], how="left")
    finance = agreement["budget"].merge(paid.groupby("heading")["eur"].sum().rename("spent"), on="heading", how="left").assign(left=lambda frame: frame["amount_eur"] - frame["spent"])
    done = acted[~acted["status"].isin(["postponed", "cancelled"])]
    people = done.groupby("main_sdg")[["women", "men", "unknown"]].sum(min_count=1).astype(float)
    sdg = people.join(done.groupby("main_sdg").size().rename("activities")).join(paid.groupby("main_sdg")["eur"].sum(), how="outer").reset_index()
    figures = pooled["indicators"].merge(agreement["logframe"][["indicator", "title", "across_members", "target"]].drop_duplicates("indicator"), on="indicator")
    sums = figures[figures["across_members"] == "sum"].fillna({"sex": "", "age": ""})
    by = ["indicator", "sex", "age"]
    indicators = sums.groupby(by)[["value", "numerator", "denominator"]].sum(min_count=1).astype(float).reset_index()
    tables = {"indicators": indicators, "sdg": sdg, "finance": finance, **{f"indicators_by_{area}": sums.groupby([area, *by])[["value", "numerator", "denominator"]].sum(min_count=1).astype(float).reset_index() for area in ("country", "member")}}
    return tables | {"activities": acted, "expenditure": paid, "narrative": pooled["narrative"], "spent_by_member": paid.groupby("member")["eur"].sum().reset_index(), "spent_by_country": paid.groupby("country")["eur"].sum().reset_index()}


# --- the report -------------------------------------------------------------------------------------------------------

TEMPLATE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{{ contract.title }}</title><style>
@page { size: A4; margin: 20mm; @bottom-right { content: counter(page) } } body { font: 9pt sans-serif } table { border-collapse: collapse; width: 100% }
td, th { border-bottom: 0.3pt solid #999; padding: 1mm; text-align: left; vertical-align: top } h1 { break-before: page }</style>
{% macro table(frame, columns) %}<table><thead><tr>{% for c in columns %}<th>{{ c }}</th>{% endfor %}</tr></thead><tbody>
{% for row in frame[columns].itertuples(index=False) %}<tr>{% for cell in row %}<td>{{ cell | shown }}</td>{% endfor %}</tr>{% endfor %}</tbody></table>{% endmacro %}
<h1>{{ contract.title }}, {{ cycle }}</h1><p>{{ contract.number }}, {{ contract.coordinator.name }}</p>
<h1>Members</h1>{{ table(members, ["member", "name", "country", "role"]) }}
<h1>Indicators</h1>{{ table(t.indicators, ["indicator", "sex", "age", "value", "numerator", "denominator"]) }}
<h1>SDGs</h1>{{ table(t.sdg, ["main_sdg", "activities", "women", "men", "unknown", "eur"]) }}
<h1>Money</h1>{{ table(t.finance, ["heading", "description", "amount_eur", "spent", "left"]) }}
<h2>By member</h2>{{ table(t.spent_by_member, ["member", "eur"]) }}<h2>By country</h2>{{ table(t.spent_by_country, ["country", "eur"]) }}
<h1>Activities</h1>{% for result, rows in t.activities.groupby("result") %}<h2>{{ result }}</h2>
{{ table(rows[:list_limit], ["member", "activity", "title", "type", "start", "end", "country", "sdg", "women", "men", "outcome"]) }}{% if rows | length > list_limit %}<p>and {{ rows | length - list_limit }} more</p>{% endif %}{% endfor %}
<h1>What members wrote</h1>{% for section, rows in t.narrative.groupby("section") %}<h2>{{ section }}</h2>{% for row in rows.itertuples() %}<h3>{{ row.member }}</h3><p>{{ row.text }}</p>{% endfor %}{% endfor %}
<h1>Findings</h1>{{ table(findings[:finding_limit], ["member", "sheet", "row", "column", "rule", "value"]) }}<p>{{ findings | length }} in all</p></html>"""


def shown(cell: Any) -> str:
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and cell != cell):
        return ""
    return f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:%Y-%m-%d}" if isinstance(cell, pd.Timestamp) else str(cell)


def render(agreement: dict[str, Any], cycle: str, tables: dict[str, pd.DataFrame], findings: pd.DataFrame) -> bytes:
    environment = jinja2.Environment(autoescape=True)
    environment.filters["shown"] = shown
    html = environment.from_string(TEMPLATE).render(contract=agreement["contract"], cycle=cycle, members=agreement["members"], t=tables, findings=findings, list_limit=LIST_LIMIT, finding_limit=FINDING_LIMIT)
    pdf: bytes = weasyprint.HTML(string=html).write_pdf()
    return pdf


# --- all of it --------------------------------------------------------------------------------------------------------


class Clock:
    """Seconds on the clock and of processors, added up by what they were for."""

    def __init__(self) -> None:
        self.steps: dict[str, list[float]] = {}
        self.last = (time.perf_counter(), cpu_seconds())

    def was(self, step: str) -> None:
        now = (time.perf_counter(), cpu_seconds())
        took = self.steps.setdefault(step, [0.0, 0.0])
        took[0] += now[0] - self.last[0]
        took[1] += now[1] - self.last[1]
        self.last = now


def run(store: Path, cycle: str, folder: Path, engine: str = "calamine") -> dict[str, Any]:
    """Seconds by step, and what was found, which the comparison looks at."""
    clock = Clock()
    agreement = read_agreement(store)
    rules = Rules(agreement, cycle)
    clock.was("start")
    files: dict[str, Sheets] = {}
    findings: list[tuple[str, ...]] = []
    for path in sorted((store / "inbox" / cycle).glob("*/*.*")):
        member = path.parent.name
        sheets = read_file(path, engine)
        said = dict(zip(sheets["cover"][0].map(KEYS), sheets["cover"][1], strict=True))
        if (said["contract"], said["cycle"], said["member"]) != (agreement["contract"]["number"], cycle, member):
            print(f"{path} is another's, left out")
            continue
        clock.was("read")
        findings += rules.judge(member, sheets)
        files[member] = sheets
        clock.was("validate")
    tables = add_up(agreement, files)
    clock.was("aggregate")
    found = pd.DataFrame(findings, columns=["member", "sheet", "row", "column", "rule", "value"])
    pdf = render(agreement, cycle, tables, found)
    clock.was("render")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.pdf").write_bytes(pdf)
    for name, table in {**tables, "findings": found}.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    clock.was("deliver")
    return {"steps": clock.steps, "files": len(files), "findings": len(found), "rows": {name: len(tables[name]) for name in ("activities", "expenditure")}, "spent": float(tables["finance"]["spent"].sum())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("store", type=Path)
    parser.add_argument("cycle")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engine", choices=("calamine", "openpyxl"), default="calamine")
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.store, arguments.cycle, arguments.folder, arguments.engine)))


if __name__ == "__main__":
    main()
