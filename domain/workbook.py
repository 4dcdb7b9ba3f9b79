"""A file's bytes as grids of cells with their true addresses (contract section 3), and the checks that keep hostile files out.

Members' files are hostile until proven otherwise: sizes are counted as they are unpacked, the XML is scanned before any library opens the
file, and nothing in it is executed or fetched. Limits: 50 MB, 200 MB unpacked, 200 000 rows a sheet.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from xml.parsers import expat

from domain.grid import MAX_BYTES, MAX_CELLS, MAX_COLUMNS, MAX_ROWS, MAX_UNPACKED, Grid, Unreadable, text_cell
from domain.ods import read_ods
from domain.xlsx import read_xlsx

MAX_PARTS = 5_000
"""Files in an archive."""

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS = ("application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.spreadsheet-template")
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, OSError, ValueError, LookupError, ArithmeticError, NotImplementedError, TypeError,
)  # fmt: skip
"""What reading a broken archive or broken XML ends in."""

csv.field_size_limit(MAX_UNPACKED)


def read_grids(data: bytes) -> list[Grid]:
    """All sheets of an .xlsx, .ods or .zip of CSV, known by content, not by name. Raises Unreadable."""
    if not data:
        raise Unreadable("empty-file")
    if len(data) > MAX_BYTES:
        raise Unreadable("too-large")
    if data.startswith(_OLE2):
        raise Unreadable("encrypted" if "EncryptedPackage".encode("utf-16-le") in data else "old-format")
    if not data.startswith(b"PK"):
        raise Unreadable("not-a-workbook")
    try:
        return _read_parts(_unpack(data))
    except _DAMAGE:
        raise Unreadable("damaged") from None
    except MemoryError:
        raise Unreadable("too-large") from None


def _unpack(data: bytes) -> dict[str, bytes]:
    """Every part by its name, counting what really comes out of it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _check_entries(entries)
        left = MAX_UNPACKED
        parts = {}
        for entry in entries:
            with archive.open(entry) as part:
                content = part.read(left + 1)
            left -= len(content)
            if left < 0:
                raise Unreadable("too-large")
            parts[_part_name(entry)] = content
    return parts


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    """What the directory of the archive says of its parts must hold no tricks."""
    names = [_part_name(entry) for entry in entries]
    if len(names) > MAX_PARTS or len({name.casefold() for name in names}) != len(names):
        raise Unreadable("unsafe-zip")
    if any(name.startswith("/") or ".." in name.split("/") or re.match("[A-Za-z]:", name) for name in names):
        raise Unreadable("unsafe-zip")
    if any(entry.flag_bits & 0x41 for entry in entries):
        raise Unreadable("encrypted")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise Unreadable("damaged")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise Unreadable("too-large")


def _part_name(entry: zipfile.ZipInfo) -> str:
    """The name with / between folders. Archives made on a Mac hold UTF-8 without saying so."""
    name = entry.filename.replace("\\", "/")
    if not entry.flag_bits & 0x800 and not name.isascii():
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            return name
    return name


def _read_parts(parts: dict[str, bytes]) -> list[Grid]:
    if any("vbaproject" in name.casefold() for name in parts):
        raise Unreadable("macros")
    if "[Content_Types].xml" in parts:
        return read_xlsx(parts)
    if "mimetype" in parts:
        if parts["mimetype"].decode("ascii", errors="replace").strip() not in _ODS:
            raise Unreadable("not-a-workbook")
        if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
            raise Unreadable("encrypted")
        return read_ods(parts)
    return _read_csvs(parts)


# --- .zip of CSV ------------------------------------------------------------------------------------------------------


_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_WESTERN = frozenset(map(chr, range(128))) | frozenset("ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆÑÁÍÓÚÃÕàâäçéèêëîïôöùûüÿœæñáíóúãõªº°¿¡«»‘’“”–—…•·€£²³½\xa0\xad")
"""Letters and signs of English, French, Spanish and Portuguese."""
CODE_PAGES = {"windows-1252": "Windows-1252", "windows-1250": "Windows-1250", "windows-1256": "Windows-1256"}
"""What Excel writes CSV in: Western, Central European, Arabic."""


def decode_text(data: bytes, code_page: str = "windows-1252") -> str:
    """UTF-8 or UTF-16 by its mark, strict UTF-8, else the code page."""
    if data.startswith(_UTF_16):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode(code_page, errors="replace")


def _in_unicode(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.startswith(_UTF_16)
    return True


def guess_code_page(texts: Sequence[bytes]) -> str:
    """The code page of texts that are in none of Unicode's encodings, judged together: the more letters, the surer. Where they make words of
    the members' languages, it is theirs."""
    letters = b"\n".join(line for text in texts for line in text.splitlines() if not line.isascii())
    western = letters[:100_000].decode("windows-1252", errors="replace")
    if set(western) <= _WESTERN and not re.search(r"[a-zà-ÿœ][A-ZÀ-ÞŒ]", "".join(c if not c.isascii() else c.lower() for c in western)):
        return "windows-1252"
    import chardet

    found = chardet.detect(letters[:100_000], include_encodings=list(CODE_PAGES))["encoding"] or ""
    return found.casefold() if found.casefold() in CODE_PAGES else "windows-1252"


def find_delimiter(text: str) -> str:
    """`,` `;` or tab: the one under which the largest part of the first records has the columns of a heading row, or fewer.

    Counting signs would not do: texts hold more commas than a table of two columns has semicolons."""
    if declared := re.match(r'"?sep=([,;\t])"?\s', text):
        return declared[1]

    def fit(delimiter: str) -> tuple[float, int]:
        widths = _first_widths(text[:200_000], delimiter)
        headed = [sum(1 < width <= heading for width in widths[i:]) for i, heading in enumerate(widths) if heading > 1]
        return max(headed, default=0) / max(len(widths), 1), sum(widths)

    return max(";,\t", key=fit)


def _first_widths(text: str, delimiter: str) -> list[int]:
    """Number of cells of the first records, up to the last filled one."""
    widths = []
    for record in islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 40):
        filled = [i for i, cell in enumerate(record, start=1) if cell.strip()]
        widths += filled[-1:]
    return widths


def csv_records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Records with the line on which each begins (from 1). The text holds no NUL. Raises Unreadable for a quotation that never ends: it
    would swallow all rows below it."""
    end = "\x00"
    reader = csv.reader(io.StringIO(f"{text}\n{end}", newline=""), delimiter=delimiter)
    begins = 1
    for record in reader:
        if record == [end]:
            return
        if record and record[-1].endswith(end):
            raise Unreadable("damaged")
        yield begins, record
        begins = reader.line_num + 1


def _read_csvs(parts: dict[str, bytes]) -> list[Grid]:
    """A grid for every CSV file, named after it; folders, and what computers add to archives, are passed over."""
    texts: dict[str, tuple[str, bytes]] = {}
    for name, content in sorted(parts.items()):
        base = unicodedata.normalize("NFC", name.rpartition("/")[2])
        if base.startswith((".", "~$")) or name.startswith("__MACOSX/"):
            continue
        if content.startswith((b"PK\x03\x04", _OLE2)):  # an archive or a workbook in the archive
            raise Unreadable("unsafe-zip")
        if not base.casefold().endswith(".csv"):
            continue
        if base.casefold() in texts:
            raise Unreadable("unsafe-zip")
        texts[base.casefold()] = base[:-4], content
    if not texts:
        raise Unreadable("not-a-workbook")
    guessed = [content for _, content in texts.values() if not _in_unicode(content)]
    code_page = guess_code_page(guessed) if guessed else "windows-1252"
    grids, cells = [], 0
    for name, content in texts.values():
        cells += max(content.count(sign) for sign in (b",", b";", b"\t"))
        if cells > MAX_CELLS:
            raise Unreadable("too-many-rows")
        grids.append(_csv_grid(name, decode_text(content, code_page).replace("\x00", "")))
        if content in guessed and code_page != "windows-1252":
            grids[-1].encoding = CODE_PAGES[code_page]
    return grids


def _csv_grid(name: str, text: str) -> Grid:
    delimiter = find_delimiter(text)
    if text.count(delimiter) > MAX_CELLS:
        raise Unreadable("too-many-rows")
    grid = Grid(name)
    for line, record in csv_records(text, delimiter):
        cells = [text_cell(value) if value else None for value in record]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            grid.rows.append((line, cells))
        if len(cells) > MAX_COLUMNS or len(grid.rows) > MAX_ROWS:
            raise Unreadable("too-many-rows")
    return grid
