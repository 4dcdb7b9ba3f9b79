"""A finished PDF as it is read and seen: its tables through its tags, as a screen reader finds them (Table → Caption, TR → TH, TD → marked content →
glyphs → letters), and where on the page each piece of text stands."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf

Cell = tuple[str, ...]
"""What stands in a cell, piece by piece: a new piece begins with a new line or another typeface."""


@dataclass(frozen=True)
class Table:
    """A table, or as much of it as stands on one page where it is a long one; `rows` from the body, every cell of them, heads of rows too."""

    caption: str
    rows: tuple[tuple[Cell, ...], ...]


def tables(pdf: bytes) -> list[Table]:
    """All tables of a tagged PDF, in the order of its tags."""
    with pikepdf.open(io.BytesIO(pdf)) as file:
        pieces = {page.objgen: _marked_content(page) for page in file.pages}
        return [_table(element, pieces) for element in _descendants(file.Root.StructTreeRoot, "/Table")]


def words(cell: Cell) -> str:
    """A cell in one line."""
    return " ".join(" ".join(cell).split())


def _table(element: Any, pieces: dict[tuple[int, int], dict[int, str]]) -> Table:
    caption = " ".join(words(_text(child, pieces)) for child in _descendants(element, "/Caption"))
    bodies = _descendants(element, "/TBody")
    rows = (tuple(_text(cell, pieces) for cell in _kids(row) if cell.S in ("/TH", "/TD")) for body in bodies for row in _descendants(body, "/TR"))
    return Table(caption, tuple(rows))


def _kids(element: Any) -> list[Any]:
    """The elements right below one."""
    return [kid for kid in _contents(element) if isinstance(kid, pikepdf.Dictionary) and "/S" in kid]


def _contents(element: Any) -> list[Any]:
    below = element.get("/K")
    return [] if below is None else list(below) if isinstance(below, pikepdf.Array) else [below]


def _descendants(element: Any, kind: str) -> Iterator[Any]:
    for kid in _kids(element):
        if kind == kid.S:
            yield kid
        else:
            yield from _descendants(kid, kind)


def _text(element: Any, pieces: dict[tuple[int, int], dict[int, str]]) -> Cell:
    found: list[str] = []
    for kid in _contents(element):
        if isinstance(kid, int):
            found.append(pieces[element.Pg.objgen].get(kid, ""))
        elif "/S" in kid:
            found += _text(kid, pieces)
        elif "/MCID" in kid:
            found.append(pieces[(kid.get("/Pg") or element.Pg).objgen].get(int(kid.MCID), ""))
    return tuple(piece.strip() for piece in found if piece.strip())


def _marked_content(page: pikepdf.Page) -> dict[int, str]:
    """Number of each piece of marked content of a page to its letters."""
    fonts = {name: _letters(font) for name, font in page.Resources.get("/Font", {}).items()}
    found: dict[int, str] = {}
    open_marks: list[int | None] = []
    letters: dict[str, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page, "BMC BDC EMC Tf Tj TJ"):
        match str(operator):
            case "BMC":
                open_marks.append(None)
            case "BDC":
                open_marks.append(int(operands[1].MCID) if isinstance(operands[1], pikepdf.Dictionary) and "/MCID" in operands[1] else None)
            case "EMC":
                open_marks.pop()
            case "Tf":
                letters = fonts[str(operands[0])]
            case _:
                mark = next((mark for mark in reversed(open_marks) if mark is not None), None)
                if mark is not None:
                    shown = operands[0] if str(operator) == "TJ" else [operands[0]]
                    text = "".join(_decoded(bytes(part), letters) for part in shown if isinstance(part, pikepdf.String))
                    found[mark] = found.get(mark, "") + text
    return found


def _decoded(glyphs: bytes, letters: dict[str, str]) -> str:
    """Glyphs are two bytes each."""
    return "".join(letters[glyphs[i : i + 2].hex()] for i in range(0, len(glyphs), 2))


def _letters(font: Any) -> dict[str, str]:
    """Glyph to letters, by the font's ToUnicode."""
    mapped = b"".join(re.findall(rb"beginbfchar(.*?)endbfchar", font.ToUnicode.read_bytes(), flags=re.DOTALL)).decode()
    return {glyph.lower(): bytes.fromhex(letters).decode("utf-16-be") for glyph, letters in re.findall(r"<(\w+)>\s*<(\w+)>", mapped)}


# --- where text stands ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Placed:
    """A piece of text on a page (from 1) of so many points; `left`, `right` and `base` in points from the lower left corner."""

    page: int
    size: tuple[float, float]
    left: float
    right: float
    base: float
    text: str


def placed_text(pdf: bytes) -> Iterator[Placed]:
    """All text of a PDF with where it stands, measured by the widths of its glyphs."""
    with pikepdf.open(io.BytesIO(pdf)) as file:
        for number, page in enumerate(file.pages, 1):
            yield from _placed_on(page, number)


def _placed_on(page: pikepdf.Page, number: int) -> Iterator[Placed]:
    fonts = {name: (_letters(font), _widths(font)) for name, font in page.Resources.get("/Font", {}).items()}
    size = (float(page.mediabox[2]), float(page.mediabox[3]))
    here, kept = pikepdf.Matrix(), []
    place, letters, widths, points = here, {}, {}, 0.0
    for operands, operator in pikepdf.parse_content_stream(page, "q Q cm BT Tm Tf Tj TJ"):
        match str(operator):
            case "q":
                kept.append(here)
            case "Q":
                here = kept.pop()
            case "cm":
                here = pikepdf.Matrix(*map(float, operands)) @ here
            case "BT":
                place = pikepdf.Matrix()
            case "Tm":
                place = pikepdf.Matrix(*map(float, operands))
            case "Tf":
                (letters, widths), points = fonts[str(operands[0])], float(operands[1])
            case _:
                shown = list(operands[0]) if str(operator) == "TJ" else [operands[0]]
                glyphs = b"".join(bytes(part) for part in shown if isinstance(part, pikepdf.String))
                width = sum(widths.get(int(glyphs[i : i + 2].hex(), 16), 0.0) for i in range(0, len(glyphs), 2)) - sum(float(part) for part in shown if not isinstance(part, pikepdf.String))
                whole = place @ here
                (left, base), (right, _) = whole.transform((0, 0)), whole.transform((width * points / 1000, 0))
                yield Placed(number, size, left, right, base, _decoded(glyphs, letters))


def _widths(font: Any) -> dict[int, float]:
    """Glyph to width in thousandths: [first [width …] …] or [first last width …]."""
    found: dict[int, float] = {}
    entries = list(font.DescendantFonts[0].get("/W", []))
    while entries:
        first, second = int(entries.pop(0)), entries.pop(0)
        if isinstance(second, pikepdf.Array):
            found |= {first + i: float(width) for i, width in enumerate(second)}
        else:
            found |= dict.fromkeys(range(first, int(second) + 1), float(entries.pop(0)))
    return found
