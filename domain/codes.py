"""Code lists of contract section 3 that no agreement changes: countries and regions, currencies, SDGs, activity types and statuses."""

from __future__ import annotations

from functools import cache

ACTIVITY_TYPES = ("event", "training", "dialogue", "campaign", "research", "publication", "network", "sub-grant", "other")
ACTIVITY_STATUSES = ("done", "ongoing", "postponed", "cancelled", "unplanned")
NOT_TAKEN_PLACE = frozenset({"postponed", "cancelled"})
"""Statuses whose rows need no dates and count nowhere (contract section 3)."""
SENSITIVITIES = ("public", "eu-only", "internal")
ROLES = ("coordinator", "beneficiary", "affiliated-entity", "associate", "third-party")
COST_ROLES = frozenset({"coordinator", "beneficiary", "affiliated-entity"})
"""Members whose expenditure is a cost; that of the others is use of support (contract section 5)."""
LANGUAGES = ("en", "fr", "es", "pt")
REGIONS = {"89": "Europe", "298": "Africa", "498": "America", "798": "Asia", "889": "Oceania", "998": "Developing countries"}
"""Regions as the OECD DAC numbers them."""

_NUMERIC_TARGETS = {1: 5, 2: 5, 3: 9, 4: 7, 5: 6, 6: 6, 7: 3, 8: 10, 9: 5, 10: 7, 11: 7, 12: 8, 13: 3, 14: 7, 15: 9, 16: 10, 17: 19}
_LETTERED_TARGETS = {1: 2, 2: 3, 3: 4, 4: 3, 5: 3, 6: 2, 7: 2, 8: 2, 9: 3, 10: 3, 11: 3, 12: 3, 13: 2, 14: 3, 15: 3, 16: 2, 17: 0}

SDG_GOALS: tuple[str, ...] = tuple(str(goal) for goal in range(1, 18))
SDG_TARGETS: tuple[str, ...] = tuple(
    f"{goal}.{target}"
    for goal in range(1, 18)
    for target in [*range(1, _NUMERIC_TARGETS[goal] + 1), *"abcd"[: _LETTERED_TARGETS[goal]]]
)
"""The 169 targets of the SDG framework, in its order."""
SDG_CODES = frozenset(SDG_GOALS) | frozenset(SDG_TARGETS)
FLOAT_TRAPS = frozenset({"8.1", "16.1", "17.1"})
"""Targets that a spreadsheet makes of 8.10, 16.10 and 17.10 when it takes the code for a number."""


def goal_of(sdg: str) -> str:
    """The goal of a target or bare goal: "8.8" -> "8", "8" -> "8"."""
    return sdg.partition(".")[0]


def sdg_order(sdg: str) -> tuple[int, int, str]:
    """Sort key in the framework's order: 8 before 8.1 before 8.10 before 8.a."""
    goal, _, target = sdg.partition(".")
    return (int(goal or 0), int(target) if target.isdigit() else 100 if target else -1, target)


@cache
def countries() -> frozenset[str]:
    """ISO 3166-1 alpha-2 codes, XK (Kosovo) and the DAC's regions."""
    import pycountry

    return frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"} | frozenset(REGIONS)


@cache
def currencies() -> frozenset[str]:
    """ISO 4217 codes, withdrawn ones included (those that CLDR still names)."""
    import pycountry
    from babel.numbers import list_currencies

    return frozenset(currency.alpha_3 for currency in pycountry.currencies) | frozenset(list_currencies())
