"""SDG codes as members write them: one or several targets or goals, perhaps with shares (contract section 3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from domain.codes import SDG_CODES

SdgFault = Literal["unknown", "weights", "too-many"]
Codes = tuple[tuple[str, Decimal | None], ...]
"""(target or goal, share in percent or None), in the order given."""

MAX_SDGS = 10
_PREFIX = re.compile(r"^(sdgs?|odd|ods)\s*", re.IGNORECASE)
_SHARE = re.compile(r"-?\d{1,18}([.,]\d{1,30})?\s*%?")
"""No longer than what the reconciliation of a report can compute exactly, so that no cell of one member stops the report of all."""


def _code(text: str) -> str | None:
    """ "SDG 8.8", "ODS 8,8", "8.A – label" -> "8.8", "8.a"; None for no code of the framework."""
    code = re.split(r"\s+[–—-]\s+|:", _PREFIX.sub("", text.strip()), maxsplit=1)[0].strip().lower().replace(",", ".").rstrip(".")
    return code if code in SDG_CODES else None


def parse_sdg(text: str) -> Codes | SdgFault:
    """The codes of a cell, each once, or the first rule it breaks: a code that is none, shares that are not right, or more than ten."""
    found: dict[str, Decimal | None] = {}
    bad_share = False
    for part in filter(None, (part.strip() for part in re.split(r"[;\n|]", text))):
        name, equals, share = part.partition("=")
        code = _code(name)
        if code is None:
            return "unknown"
        bad_share |= bool(equals) and not _SHARE.fullmatch(share.strip())
        number = Decimal(share.strip().rstrip("% ").replace(",", ".")) if equals and not bad_share else None
        found.setdefault(code, number)
    if not found:
        return "unknown"
    if bad_share or not _shares_right(list(found.values())):
        return "weights"
    return "too-many" if len(found) > MAX_SDGS else tuple(found.items())


def _shares_right(shares: Sequence[Decimal | None]) -> bool:
    """Given for none, or for all, each above 0 and together 100."""
    given = [share for share in shares if share is not None]
    return not given or (len(given) == len(shares) and all(share > 0 for share in given) and sum(map(Fraction, given)) == 100)


def main_sdg(codes: Codes) -> str:
    """The first, or the one with the largest share (of equal ones the first)."""
    return max(enumerate(codes), key=lambda item: (item[1][1] or 0, -item[0]))[1][0]
