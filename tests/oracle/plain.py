"""An agreement and its members' files as plain data: every cell as it stands in the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

Cell = str | Decimal | date | None
"""A text, a numeric cell, a date cell, or nothing."""
Cells = dict[str, Cell]
Record = dict[str, str]
"""A row of the operator's CSV files or a mapping of agreement.yaml; an absent column is an empty one."""


@dataclass
class Sheet:
    """`columns` as headed; `rows` with the number each has in its file."""

    columns: list[str]
    rows: list[tuple[int, Cells]]


@dataclass
class File:
    """A submission; `readable` is False for bytes that are no workbook. `submission`: the first 12 hex digits of its SHA-256, once written."""

    member: str
    cycle: str
    name: str
    received: datetime
    cover: dict[str, str]
    sheets: dict[str, Sheet]
    readable: bool = True
    workbook: bool = False
    delimiter: str = ","
    data: bytes = b""
    submission: str = ""

    @property
    def key(self) -> str:
        return f"inbox/{self.cycle}/{self.member}/{self.name}"


@dataclass
class World:
    """`tables`: members, logframe, budget, rates, assignments; `extensions` by cycle. Days and times as ISO texts."""

    contract: Record
    timezone: str
    cycles: list[Record]
    tables: dict[str, list[Record]]
    extensions: dict[str, list[Record]] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
