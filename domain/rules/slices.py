"""A total and its slices (contract section 4): what exceeds it, what falls short of it, and what can be derived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from itertools import product

from domain.agreement import Indicator
from domain.numbers import EXACT

UNKNOWN = "unknown"
"""The category that may be absent from a dimension reported in full."""
Dims = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one member and country: `index` leads back to its row, `slice` is empty for the total."""

    index: int
    slice: tuple[tuple[str, str], ...]
    value: Decimal

    @property
    def dims(self) -> Dims:
        return tuple(name for name, _ in self.slice)


@dataclass(frozen=True, slots=True)
class Derived:
    """A figure that no row reports: the sum of those whose indexes are given."""

    slice: tuple[tuple[str, str], ...]
    value: Decimal
    made_of: tuple[int, ...]


@dataclass(slots=True)
class Verdict:
    """What the slice rules say of one indicator, member and country; by index of the figures concerned."""

    exceeding: dict[int, dict[str, str]] = field(default_factory=dict)
    below: dict[int, dict[str, str]] = field(default_factory=dict)
    no_total: list[int] = field(default_factory=list)
    total_derived: dict[int, dict[str, str]] = field(default_factory=dict)
    derived: list[Derived] = field(default_factory=list)


def _sum(figures: Iterable[Figure]) -> Decimal:
    """Without a digit lost, however long the figures are."""
    return reduce(EXACT.add, (figure.value for figure in figures), Decimal(0))


def in_full(definition: Indicator, dims: Dims, figures: Sequence[Figure]) -> bool:
    """Every category, or combination of them, has a figure; those with `unknown` may be absent."""
    reported = {tuple(category for _, category in figure.slice) for figure in figures}
    needed = product(*([c for c in definition.disaggregation[name] if c.casefold() != UNKNOWN] for name in dims))
    return all(combination in reported for combination in needed)


def _derivable(definition: Indicator, by_dims: Mapping[Dims, Sequence[Figure]]) -> Dims | None:
    """The first dimension of the logframe reported in full or, failing that, a crossing of dimensions reported in full."""
    singles = [(name,) for name in definition.disaggregation]
    crossings = sorted((dims for dims in by_dims if len(dims) > 1), key=lambda dims: _order(definition, dims))
    return next((dims for dims in (*singles, *crossings) if dims in by_dims and in_full(definition, dims, by_dims[dims])), None)


def _order(definition: Indicator, dims: Dims) -> tuple[int, list[int]]:
    names = list(definition.disaggregation)
    return (len(dims), [names.index(name) for name in dims])


def judge_slices(definition: Indicator, figures: Sequence[Figure]) -> Verdict:
    """Judges the figures (each slice once, in order of rows) of one indicator, member and country."""
    verdict = Verdict()
    total = next((figure for figure in figures if not figure.slice), None)
    slices = [figure for figure in figures if figure.slice]
    if not slices:
        return verdict
    by_dims: dict[Dims, list[Figure]] = {}
    for figure in sorted(slices, key=lambda figure: _order(definition, figure.dims)):
        by_dims.setdefault(figure.dims, []).append(figure)

    source: Dims | None = None
    if total is not None:
        value = total.value
    else:
        source = _derivable(definition, by_dims)
        if source is None:
            verdict.no_total = [figure.index for figure in slices]
            return verdict
        value = _sum(by_dims[source])
        verdict.derived.append(Derived((), value, tuple(figure.index for figure in by_dims[source])))

    short = []
    for dims, of_dims in by_dims.items():
        together = _sum(of_dims)
        details = {"dimension": " × ".join(dims), "sum": f"{together:f}", "total": f"{value:f}"}
        if together > value:
            verdict.exceeding.update({figure.index: details for figure in of_dims})
        elif together < value:
            short.append(details)
    # one finding, at the total or else at the first slice that stays in use
    at = total.index if total else next(figure.index for figure in slices if figure.index not in verdict.exceeding)
    if source:
        verdict.total_derived[at] = {"total": f"{value:f}", "dimension": " × ".join(source)}
    if short:
        verdict.below[at] = {"total": f"{value:f}", **{key: ", ".join(d[key] for d in short) for key in ("dimension", "sum")}}
    verdict.derived += _derived_slices(definition, by_dims, verdict)
    return verdict


def _derived_slices(definition: Indicator, by_dims: Mapping[Dims, Sequence[Figure]], verdict: Verdict) -> list[Derived]:
    """From a crossing reported in full and in use: the slices of each single dimension that no row reports."""
    derived, done = [], {dims[0] for dims in by_dims if len(dims) == 1}
    for dims, figures in by_dims.items():
        if len(dims) < 2 or not in_full(definition, dims, figures) or figures[0].index in verdict.exceeding:
            continue
        for name in dims:
            if name in done:
                continue
            done.add(name)
            for category in definition.disaggregation[name]:
                parts = [figure for figure in figures if (name, category) in figure.slice]
                if parts:
                    derived.append(Derived(((name, category),), _sum(parts), tuple(figure.index for figure in parts)))
    return derived
