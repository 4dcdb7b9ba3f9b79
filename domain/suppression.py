"""What an edition for everybody withholds: numbers of fewer people in a group than the profile says, and as many others as it takes that nobody can work them out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from domain.agreement import Agreement
from domain.codes import goal_of
from domain.figures import WITHHELD, Figures, IndicatorFigure, Scope, SdgFigure, Slice
from domain.indicators import definitions_for, groups_add_up, never_combined
from domain.sdg_figures import PARTICIPATIONS

GROUPS = {"others": ("other", "unknown"), "people": ("women", "men", "others")}
"""Sums of participations in one row of the SDG figures."""
COUNTS = (*PARTICIPATIONS, *GROUPS)
Cell = tuple[Scope, Hashable]
"""What is counted, in a scope."""


class Sum(NamedTuple):
    """A total that is printed beside its parts. Where one must be hidden with another, `first` is, else the smallest part."""

    total: Cell
    parts: Sequence[Cell]
    first: Cell | None = None


def withheld_cells(cells: Mapping[Cell, int], sums: Sequence[Sum], below: int) -> set[Cell]:
    """Cells to withhold: those of fewer than `below` people (none, 0, is no group); wherever a total and its parts are printed, the smallest others until no total less what is printed
    tells a withheld one; and what is withheld in one scope, in all of them, because the next report's figure less this one's would tell it.

    Looks at one sum at a time: what only several sums together would tell is not seen."""
    withheld = {cell for cell, number in cells.items() if 0 < number < below}
    before = -1
    while len(withheld) != before:
        before = len(withheld)
        for each in sums:
            _hide_enough(cells, each, withheld, below)
        names = {name for _, name in withheld}
        withheld |= {(scope, name) for (scope, name), number in cells.items() if name in names and number}
    return withheld


def _hide_enough(cells: Mapping[Cell, int], of: Sum, withheld: set[Cell], below: int) -> None:
    """Adds cells of one sum until at least two of it are withheld and, where the total is printed, these are `below` people or more."""
    unseen = [cell for cell in (of.total, *of.parts) if cell in withheld]
    while unseen and (len(unseen) == 1 or (of.total not in withheld and sum(cells[cell] for cell in unseen) < below)):
        seen = [cell for cell in (*of.parts, of.total) if cell not in withheld and cells[cell]]
        seen.sort(key=lambda cell: (cell != of.first, cell == of.total, cells[cell]))
        if not seen:
            return
        withheld.add(seen[0])
        unseen.append(seen[0])


def for_everybody(agreement: Agreement, figures: Figures, below: int) -> Figures:
    """The figures that a public edition prints: the network's, by one dimension at a time, without groups of fewer than `below` people; and of public members
    those that are never combined."""
    public = {member.member for member in agreement.members if member.sensitivity == "public"}
    definitions = definitions_for(agreement, figures.cycles)
    shown: list[IndicatorFigure] = []
    for code, group in groupby(figures.indicators, key=lambda figure: figure.indicator):
        definition = definitions[code]
        levels = ("network", "member") if never_combined(definition) else ("network",)
        kept = [f for f in group if len(f.slice) < 2 and f.level in levels and (not f.area or f.area.partition("/")[0] in public)]
        shown += _without_small_groups(kept, groups_add_up(definition), below) if definition.measure == "people" else kept
    return replace(figures, indicators=shown, sdg=_without_small_counts(figures.sdg, below))


def _without_small_groups(figures: Sequence[IndicatorFigure], add_up: bool, below: int) -> list[IndicatorFigure]:
    """The figures of an indicator in people."""
    cells: dict[Cell, int] = {(figure.scope, (figure.area, figure.slice)): _whole(figure.value) for figure in figures if figure.value is not None}
    sums: list[Sum] = []
    for scope in dict.fromkeys(scope for scope, _ in cells) if add_up else ():
        groups: dict[str, list[Slice]] = {}
        for figure in figures:
            if figure.scope == scope and figure.slice:
                groups.setdefault(figure.slice[0][0], []).append(figure.slice)
        for dimension, slices in groups.items():
            total, parts, rest = (scope, ("", ())), [(scope, ("", slice_)) for slice_ in slices], (scope, ("", (dimension, "")))
            if total in cells:
                cells[rest] = max(cells[total] - sum(cells[part] for part in parts), 0)
                sums.append(Sum(total, [*parts, rest], first=rest))
    withheld = withheld_cells(cells, sums, below)
    return [
        replace(figure, value=WITHHELD, progress=None, rating=None) if (figure.scope, (figure.area, figure.slice)) in withheld else figure  # type: ignore[arg-type]
        for figure in figures
    ]


def _whole(value: Fraction) -> int:
    """A mean of people counts as the next whole number."""
    return -(-value.numerator // value.denominator)


def _without_small_counts(figures: Sequence[SdgFigure], below: int) -> list[SdgFigure]:
    """Participations: what is given to a goal and its targets adds up to the goal, goals and what is not attributed to the total, and in each row
    the groups to all people."""

    def cell(figure: SdgFigure, column: str) -> Cell:
        return figure.scope, (figure.kind, figure.sdg, column)

    sums: list[Sum] = []
    for whole in figures:
        parts = [part for part in figures if part.scope == whole.scope and _is_part(part, whole)]
        sums += [Sum(cell(whole, column), [cell(part, column) for part in parts]) for column in COUNTS if parts]
        sums += [Sum(cell(whole, total), [cell(whole, column) for column in columns], first=cell(whole, total)) for total, columns in GROUPS.items()]
    withheld = withheld_cells({cell(figure, column): getattr(figure, column) for figure in figures for column in COUNTS}, sums, below)
    return [replace(figure, **{column: WITHHELD for column in COUNTS if cell(figure, column) in withheld}) for figure in figures]  # type: ignore[arg-type]


def _is_part(part: SdgFigure, whole: SdgFigure) -> bool:
    if whole.kind == "total":
        return part.kind in ("goal", "unattributed")
    return whole.kind == "goal" and part.kind in ("target", "bare") and goal_of(part.sdg) == whole.sdg
