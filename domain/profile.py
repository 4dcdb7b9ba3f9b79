"""What the EU asks of a report under one set of rules (PRAG 2018, …): headings, texts, deadlines. Data in templates/profiles, never code."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

Words = dict[str, str]
"""A text by language."""


class Goal(BaseModel):
    """A goal's tile colour, the ink that reads on it, and its short name by language."""

    model_config = ConfigDict(frozen=True)

    colour: str
    ink: str
    en: str
    fr: str
    es: str
    pt: str


class Profile(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    flexibility_pct: Decimal
    interim_due_days: int
    final_due_months: int
    headings: dict[str, Words]
    lines: tuple[str, ...]
    questions: dict[str, Words]
    texts: dict[str, Words]
    action_word: dict[str, Words]
    funding: dict[str, Words]
    disclaimer: Words
    goals: dict[str, Goal]

    def report_due(self, kind: str, end: date) -> date:
        """When the EU must have the report of a period (interim) or an action (final) that ended on that day."""
        if kind != "final":
            return end + timedelta(days=self.interim_due_days)
        months = end.month - 1 + self.final_due_months
        year, month = end.year + months // 12, months % 12 + 1
        return date(year, month, min(end.day, calendar.monthrange(year, month)[1]))
