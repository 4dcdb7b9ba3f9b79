"""Helper columns of the activities sheet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from domain.codes import NOT_TAKEN_PLACE
from domain.rules.entries import Columns, Entry, Lists, country_known, in_list
from domain.sdg import parse_sdg

PARTICIPANTS = ("women", "men", "other", "unknown")


def takes_place(entry: Entry) -> bool:
    return entry.values["status"] not in NOT_TAKEN_PLACE


def row_columns(entries: Sequence[Entry], lists: Lists) -> Columns:
    """What must hold of each row by itself. Accepted `sdg` values become codes with shares."""
    columns: Columns = defaultdict(list)
    results = {code: set(known.values()) for code, known in lists.results.items()}
    for entry in entries:
        values, cycle = entry.values, lists.cycles[entry.submission.cycle]
        start, end = values["start"], values["end"]
        for name, day in (("start_given", start), ("end_given", end)):
            columns[name].append(day is not None if takes_place(entry) else None)
        columns["country_known"].append(country_known(entry))
        columns["result_known"].append(in_list(entry, "result", results[cycle.code]))
        in_order = start <= end if start and end else None
        columns["dates_in_order"].append(in_order)
        columns["dates_in_cycle"].append(start <= cycle.end and end >= cycle.start if in_order and takes_place(entry) else None)
        for name in PARTICIPANTS:
            number = values[name]
            columns[f"{name}_countable"].append(None if number is None else number >= 0 and number == int(number))
        fault = _read_sdg(entry)
        for rule in ("unknown", "weights", "too-many"):
            columns[f"sdg_not_{rule.replace('-', '_')}"].append(None if values["sdg"] is None else fault != rule)
    return columns


def _read_sdg(entry: Entry) -> str | None:
    """Parses the cell; the rule it breaks, or None."""
    text = entry.values["sdg"]
    if text is None:
        return None
    codes = parse_sdg(text)
    if isinstance(codes, str):
        return codes
    entry.values["sdg"] = codes
    return None


def rows_columns(entries: Sequence[Entry], lists: Lists) -> Columns:
    """What must hold of several rows together, over rows without an error of their own."""
    return {"first_of_its_code": _first_of_its_code(entries), "not_suspected_joint": _not_suspected_joint(entries)}


def _first_of_its_code(entries: Sequence[Entry]) -> list[Any]:
    seen: dict[Any, Entry] = {}
    holds = []
    for entry in entries:
        key = (*entry.unit, entry.values["activity"].casefold())
        first = seen.setdefault(key, entry)
        holds.append(first is entry)
        if first is not entry:
            entry.details["activities.activity.duplicate"] = {"first": first.cell("activity")}
    return holds


def _not_suspected_joint(entries: Sequence[Entry]) -> list[Any]:
    """Same country, type and dates at two members without a joint code; a file that does not count is held against those that do."""
    alike: dict[Any, dict[str, Entry]] = defaultdict(dict)

    def key(entry: Entry) -> tuple[Any, ...]:
        return tuple(entry.values[name] for name in ("country", "type", "start", "end"))

    for entry in entries:
        if takes_place(entry) and not entry.values["joint"] and entry.counts:
            alike[key(entry)].setdefault(entry.submission.member, entry)
    holds = []
    for entry in entries:
        other = next((first for member, first in alike.get(key(entry), {}).items() if member != entry.submission.member), None)
        suspected = other is not None and takes_place(entry) and not entry.values["joint"]
        holds.append(not suspected)
        if other is not None and suspected:
            entry.details["activities.joint.suspected"] = {"other_member": other.submission.member, "other_activity": other.values["activity"]}
    return holds
