"""Arrays of whole numbers, and where their groups begin and end: what indicator and SDG figures are added up with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
"""Places, truth values, or whole numbers: int64 where every sum fits, else Python's own."""


def whole_numbers(numbers: Sequence[int], room: int) -> Array:
    """As int64 where `room` times the largest of them fits, else as Python's own whole numbers, which always do."""
    return np.array(numbers, np.int64 if max(map(abs, numbers), default=0) * room < 2**62 else object)


def first_of_group(*columns: Array) -> Array:
    """True at each element that differs from the one before it in any column, and at the first."""
    found = np.zeros(len(columns[0]), bool)
    found[:1] = True
    for column in columns:
        found[1:] |= column[1:] != column[:-1]
    return found


def last_of_group(group: Array) -> Array:
    """True at the last element of each group (groups lie together)."""
    found = np.ones(len(group), bool)
    found[:-1] = group[1:] != group[:-1]
    return found


def group_starts(*columns: Array) -> Array:
    """The places where groups begin."""
    return np.flatnonzero(first_of_group(*columns))


def ranges_of(first: Array, chosen: Array) -> tuple[Array, Array]:
    """Of lists that lie one after the other, list i from `first[i]` to before `first[i + 1]`: the places of all elements of the chosen ones, in the order
    chosen, and where those of each begin among them (and the last ends)."""
    lengths = (first[1:] - first[:-1])[chosen]
    begin = np.append(0, np.cumsum(lengths))
    return np.arange(begin[-1]) + np.repeat(first[:-1][chosen] - begin[:-1], lengths), begin
