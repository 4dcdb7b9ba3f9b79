"""What the operator has to mend: it ends a run with one clear message, never a trace."""

from __future__ import annotations

from collections.abc import Sequence


class OperatorFault(Exception):
    """It could not be done; the message says what, where, why and how to mend, a line per fault."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines: Sequence[str] = lines
