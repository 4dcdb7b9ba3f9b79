"""An independent reckoning of contract sections 4 and 5, for comparison only: plain dictionaries and fractions, nothing of the program.

It takes an agreement and rows as plain data (see tests/test_oracle.py) and gives figures as {key: value}. Written from the contract's words.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import product
from typing import Any

Row = dict[str, Any]
CYCLES = ["C1", "C2", "C3"]
SCOPES = {"period": ["C3"], "reporting": ["C2", "C3"], "cumulative": ["C1", "C2", "C3"]}
"""A report of C3; C1 had one, C2 none."""


# --- accepted indicator rows ------------------------------------------------------------------------------------------


def usable(row: Row, indicator: Row) -> bool:
    """A row with a figure and without an error of its own."""
    value, n, d = row["value"], row["numerator"], row["denominator"]
    match indicator["measure"]:
        case "yes_no":
            return value in ("yes", "no")
        case "qualitative":
            return bool(row["comment"])
        case "percentage":
            if n is None and d is None:
                return value is not None
            if n is None or d is None or d < 0 or (d == 0 and n != 0):
                return False
            return not (d > 0 and n > d)
        case "people":
            return value is not None and value >= 0 and value == int(value)
        case _:
            return value is not None


def figure(row: Row, indicator: Row) -> Any:
    if indicator["measure"] == "percentage" and row["denominator"] is not None:
        return (row["numerator"], row["denominator"])
    return row["comment"] if indicator["measure"] == "qualitative" else row["value"]


def slice_of(row: Row, indicator: Row) -> tuple[tuple[str, str], ...]:
    return tuple((dim, row[dim]) for dim in indicator["dims"] if row.get(dim))


def accepted(rows: list[Row], logframe: dict[str, Row]) -> dict[tuple[str, str, str, tuple[Any, ...]], tuple[Any, bool]]:
    """(indicator, member, country, slice) of one cycle to (figure, derived)."""
    groups: dict[tuple[str, str, str], dict[Any, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        indicator = logframe[row["indicator"]]
        if usable(row, indicator):
            groups[row["indicator"], row["member"], row["country"]][slice_of(row, indicator)].append(figure(row, indicator))
    found: dict[Any, Any] = {}
    for (code, member, country), slices in groups.items():
        indicator = logframe[code]
        kept = {key: figures[0] for key, figures in slices.items() if len(set(figures)) == 1}
        derived: dict[Any, Any] = {}
        if indicator["measure"] in ("number", "people", "money") and indicator["across_members"] == "sum":
            kept, derived = judge_slices(kept, indicator["dims"])
        found |= {(code, member, country, key): (value, False) for key, value in kept.items()}
        found |= {(code, member, country, key): (value, True) for key, value in derived.items()}
    return found


def full(names: tuple[str, ...], of_names: dict[Any, Any], dims: dict[str, list[str]]) -> bool:
    wanted = product(*[[(name, c) for c in dims[name] if c != "unknown"] for name in names])
    return all(tuple(combination) in of_names for combination in wanted)


def judge_slices(kept: dict[Any, Any], dims: dict[str, list[str]]) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Slices above their total go; a missing total is derived, or the slices go; single slices come from a full crossing."""
    by_names: dict[tuple[str, ...], dict[Any, Any]] = defaultdict(dict)
    for key, value in kept.items():
        by_names[tuple(name for name, _ in key)][key] = value
    total = by_names.pop((), {}).get(())
    if not by_names:
        return kept, {}
    derived = {}
    if total is None:
        candidates = [(name,) for name in dims] + sorted((names for names in by_names if len(names) > 1), key=len)
        source = next((names for names in candidates if names in by_names and full(names, by_names[names], dims)), None)
        if source is None:
            return {}, {}
        total = derived[()] = sum(by_names[source].values())
    left = {names: of for names, of in by_names.items() if sum(of.values()) <= total}
    for names, of in left.items():
        if len(names) > 1 and full(names, of, dims):
            for name in names:
                if (name,) not in by_names:
                    for category in dims[name]:
                        parts = [value for key, value in of.items() if (name, category) in key]
                        if parts:
                            derived[((name, category),)] = sum(parts)
    result = {key: value for of in left.values() for key, value in of.items()}
    return (result if () in derived else result | {(): total}), derived


# --- indicator figures ------------------------------------------------------------------------------------------------


def across(method: str, values: list[Any]) -> Any:
    return {"sum": sum(values), "max": max(values), "mean": Fraction(sum(values)) / len(values), "latest": values[-1]}[method]


def in_scope(indicator: Row, by_cycle: dict[str, Any], scope: str, baseline: Fraction) -> Any:
    """The figure of one contribution: a value, a pair, an answer or a text; None where it has none."""
    concerned = SCOPES[scope]
    reported = [by_cycle[cycle] for cycle in concerned if cycle in by_cycle]
    if not reported:
        return None
    if indicator["measure"] in ("yes_no", "qualitative"):
        return reported[-1]
    if indicator["kind"] == "cumulative":
        if scope == "cumulative" or indicator["measure"] == "percentage":
            return reported[-1]
        before = [by_cycle[c] for c in CYCLES[: CYCLES.index(concerned[0])] if c in by_cycle]
        return reported[-1] - (before[-1] if before else baseline)
    if indicator["measure"] == "percentage":
        if indicator["across_periods"] == "latest":
            return reported[-1]
        pairs = [pair for pair in reported if isinstance(pair, tuple)]
        return (sum(n for n, _ in pairs), sum(d for _, d in pairs)) if pairs else reported[-1] if len(reported) == 1 else sum(reported)
    return across(indicator["across_periods"], reported)


def combined(indicator: Row, figures: list[Any]) -> tuple[Any, Any, Any]:
    """(numerator, denominator, value) of all contributions of an area."""
    if indicator["measure"] == "qualitative":
        return (None, None, None)
    if indicator["measure"] == "yes_no":
        yes = sum(answer == "yes" for answer in figures)
        return (yes, len(figures), yes)
    if indicator["measure"] == "percentage" and isinstance(figures[0], tuple):
        n, d = sum(pair[0] for pair in figures), sum(pair[1] for pair in figures)
        return (n, d, Fraction(100) * n / d if d else None)
    return (None, None, figures[0] if len(figures) == 1 else across(indicator["across_members"], figures))


def indicator_figures(agreement: Row, rows: list[Row]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """(indicator, scope, level, area, slice) to (numerator, denominator, value, contributions, derived)."""
    history: dict[Any, dict[str, Any]] = defaultdict(dict)
    for cycle in CYCLES:
        for key, entry in accepted([row for row in rows if row["cycle"] == cycle], agreement["logframe"]).items():
            history[key][cycle] = entry
    found = {}
    for scope in SCOPES:
        areas: dict[Any, list[tuple[Any, bool]]] = defaultdict(list)
        alone: dict[Any, list[tuple[str, Any, bool]]] = defaultdict(list)
        for (code, member, country, slice_), entries in history.items():
            indicator = agreement["logframe"][code]
            baseline = agreement["baselines"].get((member, code, country), 0) if not slice_ else 0
            value = in_scope(indicator, {cycle: entry[0] for cycle, entry in entries.items()}, scope, Fraction(baseline))
            if value is None:
                continue
            derived = _derived(indicator, entries, scope)
            value_only = indicator["measure"] == "percentage" and not isinstance(value, tuple)
            if value_only or indicator["across_members"] == "none" or indicator["measure"] == "qualitative":
                alone[code, member, slice_].append((country, value, derived))
                continue
            for level, area in (("network", ""), ("member", member), ("country", country)):
                areas[code, scope, level, area, slice_].append((value, derived))
        for (code, member, slice_), entries_ in alone.items():
            single = len(entries_) == 1 and (code, scope, "member", member, slice_) not in areas
            for country, value, derived in entries_:
                areas[code, scope, "member", member if single else f"{member}/{country}", slice_].append((value, derived))
        for key, entries__ in areas.items():
            indicator = agreement["logframe"][key[0]]
            found[key] = (*combined(indicator, [value for value, _ in entries__]), len(entries__), any(derived for _, derived in entries__))
    return found


def _derived(indicator: Row, entries: dict[str, Any], scope: str) -> bool:
    """Whether a derived figure took part in the contribution's figure."""
    concerned = [cycle for cycle in SCOPES[scope] if cycle in entries]
    before = [cycle for cycle in CYCLES[: CYCLES.index(SCOPES[scope][0])] if cycle in entries]
    if indicator["kind"] == "cumulative":
        used = concerned[-1:] + (before[-1:] if scope != "cumulative" else [])
    else:
        used = concerned[-1:] if indicator["across_periods"] == "latest" else concerned
    return any(entries[cycle][1] for cycle in used)


# --- SDGs and money ---------------------------------------------------------------------------------------------------


def goal(code: str) -> str:
    return code.split(".")[0]


def main_of(sdg: list[tuple[str, int | None]]) -> str:
    best = 0
    for i, (_, share) in enumerate(sdg):
        if (share or 0) > (sdg[best][1] or 0):
            best = i
    return sdg[best][0]


def leading(rows: list[Row]) -> Row:
    leads = [row for row in rows if row["lead"] == "yes"] or rows
    return sorted(leads, key=lambda row: row["member"])[0]


def groups_of(rows: list[Row]) -> list[list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["joint"] or (row["member"], row["activity"])].append(row)
    return list(groups.values())


def cents_of(line: Row, agreement: Row) -> int:
    exact = Fraction(line["amount"]) / Fraction(agreement["rates"][line["currency"], line["month"]]) * 100
    size = abs(exact)
    rounded = int(size) + (1 if size - int(size) >= Fraction(1, 2) else 0)
    return rounded if exact >= 0 else -rounded


def split(cents: int, shares: list[int]) -> list[int]:
    sign, size = (-1 if cents < 0 else 1), abs(cents)
    exact = [Fraction(size * share, sum(shares)) for share in shares]
    parts = [int(part) for part in exact]
    for _ in range(size - sum(parts)):
        at = max(range(len(parts)), key=lambda i: (exact[i] - parts[i], -i))
        parts[at] += 1
    return [sign * part for part in parts]


def sdg_figures(agreement: Row, activities: list[Row], payments: list[Row]) -> dict[tuple[str, str, str], dict[str, int]]:
    """(scope, kind, sdg) to its columns."""
    found: dict[Any, dict[str, int]] = {}
    for scope, cycles in SCOPES.items():
        table: dict[Any, dict[str, int]] = defaultdict(lambda: defaultdict(int))

        def add(code: str | None, column: str, number: int, table: Any = table) -> None:
            table["total", ""][column] += number
            if code is None:
                table["unattributed", ""][column] += number
            else:
                table["goal", goal(code)][column] += number
                table["target" if "." in code else "bare", code][column] += number

        last: dict[Any, Row] = {}
        for cycle in cycles:
            of_cycle = [row for row in activities if row["cycle"] == cycle and row["status"] not in ("cancelled", "postponed")]
            last |= {(row["member"], row["activity"]): row for row in of_cycle}
            for group in groups_of(of_cycle):
                row = leading(group)
                for column in ("women", "men"):
                    add(main_of(row["sdg"]), column, row[column] or 0)
        for group in groups_of(list(last.values())):
            newest = max(row["cycle"] for row in group)
            row = leading([row for row in group if row["cycle"] == newest])
            first = main_of(row["sdg"])
            add(first, "activities_main", 1)
            others = [code for code, _ in row["sdg"] if code != first]
            for code in others:
                table["target" if "." in code else "bare", code]["activities_significant"] += 1
            for other in {goal(code) for code in others} - {goal(first)}:
                table["goal", other]["activities_significant"] += 1
        for line in payments:
            if line["cycle"] in cycles and agreement["roles"][line["member"]] in ("coordinator", "beneficiary", "affiliated-entity"):
                for code, cents in mapped(agreement, activities, line):
                    add(code, "expenditure_eur", cents)
        table["unattributed", ""], table["total", ""]  # there even where nothing was reported
        found |= {(scope, *key): dict(columns) for key, columns in table.items()}
    return found


def mapped(agreement: Row, activities: list[Row], line: Row) -> list[tuple[str | None, int]]:
    cents = cents_of(line, agreement)
    own = [r for r in activities if (r["member"], r["activity"]) == (line["member"], line["activity"]) and r["cycle"] <= line["cycle"]]
    if not line["activity"] or not own:
        return [(None, cents)]
    row = max(own, key=lambda r: r["cycle"])
    if row["joint"]:
        group = [r for r in activities if r["cycle"] == row["cycle"] and r["joint"] == row["joint"]]
        row = leading([r for r in group if r["status"] not in ("cancelled", "postponed")] or group)
    shares = [share for _, share in row["sdg"]]
    if agreement["sdg_money"] == "weights" and all(shares):
        return list(zip([code for code, _ in row["sdg"]], split(cents, [s for s in shares if s]), strict=True))
    return [(main_of(row["sdg"]), cents)]


def finance(agreement: Row, payments: list[Row]) -> dict[str, dict[str, int]]:
    """Heading to period, previous and cumulative in cents; no report was delivered before."""

    def column(cycles: list[str]) -> dict[str, int]:
        direct: dict[str, int] = defaultdict(int)
        for line in payments:
            if line["cycle"] in cycles and agreement["roles"][line["member"]] in ("coordinator", "beneficiary", "affiliated-entity"):
                direct[line["heading"][0]] += cents_of(line, agreement)
        seven = sum(direct[h] for h in "123456")
        exact = Fraction(seven * 7, 100)
        eight = int(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)
        return {**{h: direct[h] for h in "123456"}, "7": seven, "8": eight, "9": seven + eight, "10": 0, "11": seven + eight}

    to_date, before = column(CYCLES), column(["C1"])
    return {h: {"period": to_date[h] - before[h], "previous": before[h], "cumulative": to_date[h]} for h in to_date}
