"""The sample's submissions: what people do to their reports on the way to the network, mistakes included, and the files they send."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.sample.agreement import BUDGET, CYCLES, agreement_files, between, indicators
from domain.sample.drafts import Draft, Row, drafts
from domain.sample.files import SampleFile, Table, ods, xlsx, zipped_csv
from domain.sample.words import NETWORK, NO, REMARKS, RISKS, STORIES, VISIBLE, YES
from domain.schema import COVER_KEYS, COVER_LABELS, DIMENSION_LABELS, SHEETS, SheetSchema, sheet

# --- how each member writes it down -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Habit:
    """`name` of the file ({cycle} is filled in). `labelled`: columns by their labels in the member's language. `grouping`: the sign between thousands of
    amounts typed as text, None for real numbers. `labels`: codes with their names behind them, by code. `backwards`: columns from right to left.
    `gaps`: an empty row here and there. `dash`: typed into empty cells."""

    name: str
    labelled: bool = True
    title: bool = False
    grouping: str | None = None
    text_dates: bool = False
    labels: tuple[tuple[str, str], ...] = ()
    backwards: bool = False
    gaps: bool = False
    dash: str | None = None


_HEADINGS = tuple((heading, description) for heading, _, description in BUDGET)
_INDICATORS = tuple({row["indicator"]: row["title"] for row in indicators()}.items())
HABITS = {
    "coordination": Habit("coordination_{cycle}.xlsx", labelled=False),
    "haki-ke": Habit("Haki na Kazi {cycle} report.xlsx", grouping=",", title=True),
    "faso-bf": Habit("rapport_{cycle}_FTD.zip", labelled=False, title=True),
    "teranga-sn": Habit("Teranga - rapport {cycle}.xlsx", grouping="\u00a0", gaps=True),
    "sahel-ml": Habit("rapport {cycle}.xlsx", text_dates=True),
    "andina-bo": Habit("Informe {cycle}.xlsx", labels=(("BO", "Bolivia"), *_HEADINGS, *_INDICATORS)),
    "cauca-co": Habit("CAUCA_{cycle}_v3.xlsx", grouping=".", backwards=True),
    "ixchel-gt": Habit("informe_ixchel_{cycle}.xlsx", gaps=True, dash="N/D"),
    "cuscatlan-sv": Habit("Mesa Cuscatlán {cycle}.xlsx", title=True),
    "zambeze-mz": Habit("Relatório {cycle}.ods", title=True),
    "mekong-kh": Habit("mekong_{cycle}_final.xlsx", labelled=False, dash="-"),
    "zenzele-za": Habit("Zenzele {cycle}.xlsx", grouping=" "),
    "lempira-hn": Habit("lempira-{cycle}.xlsx", labels=(("HN", "Honduras"),)),
    "indus-pk": Habit("indus {cycle}.xlsx", labelled=False, text_dates=True),
}

DIMENSIONS = ("sex", "age")
PROGRAMME = tuple(schema.name for schema in SHEETS if schema.part == "programme")
FINANCE = ("expenditure",)


def _cell(cell: Any, column: str, decimal: str, habit: Habit) -> Any:
    """A cell as the member types it."""
    if habit.text_dates and isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    if habit.grouping and column in ("amount", "value") and isinstance(cell, int | Decimal) and (cell >= 1000 or cell <= -1000):
        whole, point, cents = f"{cell:,}".partition(".")
        return whole.replace(",", habit.grouping) + (decimal if point else "") + cents
    if isinstance(cell, str) and column in ("country", "heading", "indicator"):
        name = dict(habit.labels).get(cell)
        return f"{cell} – {name}" if name else cell
    return habit.dash if cell is None and column in ("other", "partners", "description") else cell


def _columns(schema: SheetSchema, rows: Sequence[Row]) -> list[str]:
    """Required columns and those with something in them; dimensions stand behind the country."""
    names = [column.name for column in schema.columns if column.required or any(row.get(column.name) is not None for row in rows)]
    return [*names[:2], *DIMENSIONS, *names[2:]] if schema.name == "indicators" else names


def _table(draft: Draft, schema: SheetSchema, habit: Habit) -> Table:
    rows, language = draft.rows[schema.name], draft.language
    names = _columns(schema, rows)
    if habit.backwards:
        names.reverse()
    heading = [(DIMENSION_LABELS.get(name) or schema.column(name).labels)[language][0] if habit.labelled else name for name in names]
    table: list[list[Any]] = [[f"{schema.labels[language][0]} – {draft.cycle}"], []] if habit.title else []
    table.append(heading)
    for number, row in enumerate(rows):
        if habit.gaps and number % 9 == 5:
            table.append([])
        table.append([_cell(row.get(name), name, draft.member.decimal, habit) for name in names])
    return table


def _write(draft: Draft, sheets: Sequence[str] = (*PROGRAMME, *FINANCE), **cover: str) -> bytes:
    """A file with the cover (and what is to be added to it) and those of the sheets that the draft has."""
    habit, language = HABITS[draft.member.code], draft.language
    keys = {column.name: column.labels[language][0] if habit.labelled else column.name for column in COVER_KEYS}
    tables: dict[str, Table] = {(COVER_LABELS[language][0] if habit.labelled else "cover"): [[keys[name], value] for name, value in (draft.cover | cover).items()]}
    for name in sheets:
        if name in draft.rows:
            schema = sheet(name)
            tables[schema.labels[language][0] if habit.labelled else name] = _table(draft, schema, habit)
    ending = habit.name.rpartition(".")[2]
    return {"xlsx": xlsx, "ods": ods, "zip": zipped_csv}[ending](tables)


# --- what happens on the way ------------------------------------------------------------------------------------------


def _find(draft: Draft, name: str, **wanted: Any) -> Row:
    return next(row for row in draft.rows[name] if all(row.get(key) == value for key, value in wanted.items()))


def _joint(draft: Draft, lead: bool) -> None:
    """The dialogue that two members hold together; each reports it."""
    start = draft.day(65)
    _find(draft, "activities", kind="dialogue").update(
        title="Diálogo andino sobre inspección laboral", start=start, end=start + timedelta(days=1), women=38, men=27, other=None, joint=f"J{draft.index}-ANDES",
        lead=(YES if lead else NO)[draft.language], sdg="16.7=60; 17.17=40", deviation=None,
    )  # fmt: skip


def _not_done(draft: Draft, position: int, status: str) -> None:
    wordings = REMARKS[draft.language][status]
    draft.rows["activities"][position].update(
        status=status, deviation=wordings[-1 if draft.index == 3 else 0], start=None, end=None, women=None, men=None, other=None, outcome=None
    )


def _long_campaign(draft: Draft, status: str) -> None:
    """One that goes on over two cycles, under one code."""
    row = _find(draft, "activities", kind="campaign")
    for cost in draft.rows["expenditure"]:
        cost["activity"] = "GT-CAMP" if cost["activity"] == row["activity"] else cost["activity"]
    row.update(activity="GT-CAMP", title="Campaña por un salario digno, Cobán", start=date(2019, 11, 4), end=date(2020, 2, 14), status=status)


def _extras(draft: Draft) -> None:
    """Sheets that only some members fill in."""
    language, place = draft.language, draft.member.code
    if between(0, 1, "visibility", place, draft.cycle):
        draft.rows["visibility"] = [{"item": VISIBLE[language][0], "emblem_shown": YES[language]}, {"item": VISIBLE[language][1], "link": f"https://{place}.example/eu", "emblem_shown": YES[language]}]
    if between(0, 2, "risks", place, draft.cycle) == 0:
        draft.rows["risks"] = [dict(zip(("risk", "response"), RISKS[language], strict=True))]
    if language in STORIES and place in ("haki-ke", "cuscatlan-sv") and draft.index == 2:
        draft.rows["stories"] = [{"text": STORIES[language], "consent": YES[language]}]


def _first_cycle(draft: Draft) -> None:
    """Mistakes as they come in, few, at one member or another."""
    activities, rows, costs = (draft.rows[name] for name in ("activities", "indicators", "expenditure"))
    match draft.member.code:
        case "haki-ke":
            _find(draft, "indicators", indicator="Op2.1-a")["value"] = "approx. 50"
            costs.append(dict(costs[8]))  # the same invoice twice
        case "faso-bf":
            activities[2]["sdg"] = "8.15"
            _find(draft, "indicators", indicator="Op1.2-a", sex="female")["value"] += 50
        case "teranga-sn":
            activities[1].update(start=activities[1]["end"] + timedelta(days=3), end=activities[1]["start"])
        case "sahel-ml":
            activities[0]["sensitivity"] = "internal"
        case "andina-bo":
            _joint(draft, lead=True)
        case "cauca-co":
            _joint(draft, lead=False)
            costs[9]["document"] = None
            costs[4]["amount"] = "1250480.50"  # a point where this member's files have a comma
        case "ixchel-gt":
            rows.remove(_find(draft, "indicators", indicator="Op1.2-a"))  # slices, no total
        case "cuscatlan-sv":
            _not_done(draft, -1, "cancelled")
            _not_done(draft, -2, "postponed")
            costs.append({"heading": "TOTAL", "amount": sum(row["amount"] for row in costs)})
        case "zambeze-mz":
            _find(draft, "indicators", indicator="Op1.2-b").update(numerator=None, denominator=None, value=74)
            costs.append(costs[7] | {"amount": (-costs[7]["amount"] / 4).quantize(Decimal("0.01")), "document": f"{costs[7]['document']}-C", "description": "Correção"})
        case "mekong-kh":
            _find(draft, "indicators", indicator="Op1.2-a", sex="male")["value"] -= 7  # seven whose sex nobody noted
        case "lempira-hn":
            costs[5]["supplier"] = None


def _second_cycle(draft: Draft) -> None:
    rows, costs = draft.rows["indicators"], draft.rows["expenditure"]
    match draft.member.code:
        case "haki-ke":
            costs[7]["payment_date"] = date(2019, 6, 20)  # an invoice that was forgotten
        case "sahel-ml":
            rows.append(dict(rows[-1]))
        case "andina-bo" | "cauca-co":
            _joint(draft, lead=draft.member.code == "andina-bo")
        case "cuscatlan-sv":
            costs[6]["activity"] = "SV-299"
        case "ixchel-gt":
            _long_campaign(draft, "ongoing")


def _third_cycle(draft: Draft) -> None:
    rows, costs = draft.rows["indicators"], draft.rows["expenditure"]
    match draft.member.code:
        case "haki-ke":
            costs[1]["payment_date"] = date(2020, 7, 3)
        case "teranga-sn":
            rows[:] = [row for row in rows if row["indicator"] != "Op1.1-a"]
            _not_done(draft, -1, "postponed")
        case "andina-bo" | "cauca-co":
            _joint(draft, lead=draft.member.code == "andina-bo")
        case "ixchel-gt":
            _long_campaign(draft, "done")
            _not_done(draft, 2, "postponed")
        case "cuscatlan-sv":
            _find(draft, "indicators", indicator="Oc1-a")["value"] = 3  # what was added, where the sum to date is asked
        case "lempira-hn":
            draft.rows["activities"][1]["start"] = "marzo 2020"
        case "sahel-ml":
            _not_done(draft, -1, "postponed")


_EVENTS: tuple[Callable[[Draft], None], ...] = (_first_cycle, _second_cycle, _third_cycle)


def _sent(draft: Draft) -> datetime:
    """When a member sends its report: some weeks after the cycle's end, before it is due."""
    end = next(end for cycle, _, end, _ in CYCLES if cycle == draft.cycle)
    minutes = between(0, 24 * 60 * 26, "sent", draft.member.code, draft.cycle)
    return datetime(end.year, end.month, end.day, 7, 30, tzinfo=UTC) + timedelta(days=3, minutes=minutes)


def _files_of(draft: Draft) -> list[tuple[str, bytes, datetime]]:
    """(file name, content, arrival) of a member in a cycle, in order of arrival."""
    sent = _sent(draft)
    name = HABITS[draft.member.code].name.format(cycle=draft.cycle)
    stem, _, ending = name.rpartition(".")
    match (draft.member.code, draft.index):
        case ("zenzele-za", 1):
            return []
        case ("haki-ke", 1):
            return [(name, _write(draft), datetime(2019, 8, 5, 15, 12, tzinfo=UTC))]
        case ("sahel-ml", 1):  # without the finance sheet first; the good one within the extension
            return [
                (name, _write(draft, PROGRAMME), datetime(2019, 7, 30, 16, 40, tzinfo=UTC)),
                (f"{stem}_complet.{ending}", _write(draft), datetime(2019, 8, 11, 11, 5, tzinfo=UTC)),
            ]
        case ("andina-bo", 1):
            return [
                (f"{stem} programa.{ending}", _write(draft, PROGRAMME, part="programme"), sent),
                (f"{stem} finanzas.{ending}", _write(draft, FINANCE, part="finance"), sent + timedelta(days=2)),
            ]
        case ("mekong-kh", 1):
            women = draft.rows["activities"][0]["women"]
            draft.rows["activities"][0]["women"] = "TBD"
            first = _write(draft)
            draft.rows["activities"][0]["women"] = women
            return [(name, first, sent), (f"{stem}_FINAL(2).{ending}", _write(draft), sent + timedelta(days=1))]
        case ("indus-pk", 1):
            return [(name, _write(draft, (), nil="yes"), sent)]
    return [(name, _write(draft), sent)]


def sample_files(due_ahead: bool = False) -> list[SampleFile]:
    """Every file of the sample by storage key. `due_ahead`: for a store that says itself when a file arrived, so that nothing is late.

    A member's files stand in order of arrival, and the one that counts is also the last by key: they may all arrive in the same second."""
    content: Mapping[str, bytes] = agreement_files(due_ahead) | {
        f"texts/{cycle}/en/{section}.md": text.encode() for cycle, texts in NETWORK.items() for section, text in texts.items()
    }
    files = [SampleFile(key, data) for key, data in content.items()]
    for draft in drafts():
        _extras(draft)
        _EVENTS[draft.index - 1](draft)
        files += [SampleFile(f"inbox/{draft.cycle}/{draft.member.code}/{name}", data, arrived) for name, data, arrived in _files_of(draft)]
    return files
