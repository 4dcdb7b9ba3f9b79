"""What a spreadsheet is to the reader: sheets of cells with their true addresses, the limits of a file, and the XML parser that trusts nobody."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from xml.parsers import expat

MAX_BYTES = 50 * 1024**2
MAX_UNPACKED = 200 * 1024**2
MAX_ROWS = 200_000
"""Rows of a sheet, and the two above: contract section 4, submission.unreadable."""
MAX_COLUMNS = 1_000
MAX_CELLS = 10_000_000
"""Cells of a file, counted from A1 to the last one of each sheet: what laying it out in memory takes."""
MAX_TEXT = MAX_UNPACKED
"""Characters of a file when a text that is stored once is counted in every cell that shows it."""


class Unreadable(Exception):
    """The file is refused; `reason` is one of the words that the catalogue knows (not-a-workbook, encrypted, damaged, macros, …)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell that holds #REF! or the like."""

    text: str


Cell = str | float | bool | date | ErrorCell | None
"""Text (trimmed, never blank), a finite number, a truth value, a day, an error, or nothing."""


@dataclass(slots=True)
class Grid:
    """A sheet: its name and its rows, each with its number in the file and its cells from column A on. Empty rows are left out.

    What a member may not see or have typed is kept beside the cells: whether the sheet is hidden, the numbers of hidden rows, the places
    (row number, column from 0) of cells whose value a formula made, and the name of an encoding that had to be guessed ("" for none)."""

    name: str
    rows: list[tuple[int, Sequence[Cell]]] = field(default_factory=list)
    hidden: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    encoding: str = ""
    widths: dict[int, float] = field(default_factory=dict)
    """Of columns (from 0) whose width the file gives, in characters; 0 for a hidden one."""


# --- cells ------------------------------------------------------------------------------------------------------------

ERROR = re.compile(
    r"#(REF!|VALUE!|DIV/0!|N/A|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!|BUSY!|EXTERNAL!|PYTHON!|GETTING_DATA)|Err:\d+",
    re.IGNORECASE,
)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_SPACES = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
_INVISIBLE = "\xad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
BLANK = _SPACES + _INVISIBLE
"""What stands around a text without being seen."""


def text_cell(text: str) -> str | ErrorCell | None:
    """A text as a cell: trimmed, without characters that no file may hold; #REF! and the like are errors, blank text is nothing."""
    text = text.strip(BLANK)
    if not text:
        return None
    if _UNPRINTABLE.search(text):
        text = _UNPRINTABLE.sub("", text).strip(BLANK)
    return ErrorCell(text) if text[:1] in ("#", "E", "e") and ERROR.fullmatch(text) else text or None


def number_cell(number: float) -> float | str:
    """A number as a cell; one beyond all bounds is no number."""
    return number if math.isfinite(number) else str(number)


def column_letter(index: int) -> str:
    """0 -> "A", 26 -> "AA"."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


# --- XML --------------------------------------------------------------------------------------------------------------


def strict_parser(namespaces: bool = False) -> expat.XMLParserType:
    """An XML parser for UTF-8 that refuses document types, and with them entities of every kind. Names are "URI local" with `namespaces`."""
    parser = expat.ParserCreate("utf-8", " ") if namespaces else expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def refuse(*_: object) -> int:
        raise Unreadable("unsafe-zip")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    return parser
