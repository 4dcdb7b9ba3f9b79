"""What the EU asks of a report under one set of rules (PRAG 2018, …): headings, sections, texts, deadlines. Data in templates/profiles, never code."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.codes import LANGUAGES


def _in_every_language(words: dict[str, str]) -> dict[str, str]:
    lacking = [language for language in LANGUAGES if not words.get(language, "").strip()]
    if lacking:
        raise ValueError(f"no words in {', '.join(lacking)}")
    return words


Words = Annotated[dict[str, str], AfterValidator(_in_every_language)]
"""A text by language; all four are there."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Goal(_Model):
    """A goal's tile colour, the ink that reads on it (contrast 4.5:1 or more), and its short name by language."""

    colour: str
    ink: str
    en: str
    fr: str
    es: str
    pt: str

    def name(self, language: str) -> str:
        return str(getattr(self, language))


class Text(_Model):
    """A section that the network writes itself; `reports` are the kinds of report that ask for it (none: printed where it is written), `words` what
    the form has room for."""

    title: Words
    mandatory: bool
    reports: tuple[Literal["interim", "final"], ...]
    words: int | None = None


class Ratings(_Model):
    """From how many percent a figure is called what: `exceeded_pct` of the way from baseline to target (more than that), `on_track_pct` and
    `delayed_pct` of what was expected by then (at least that; below, it is at risk)."""

    exceeded_pct: Decimal
    on_track_pct: Decimal
    delayed_pct: Decimal


class Profile(_Model):
    """`headings` 1–11 and `lines` of the budget, `questions` of the narrative sheet with the number of words an answer may have, `sections` of Annex VI ({action} stands for the word in
    `action_word`), `texts` the network writes, `funding` statements by kind of funding, `disclaimer` with {name}, `goals` 1–17.

    `flexibility_pct` in percent of a heading's budget; groups of fewer than `small_groups_below` people are withheld in the public edition (1: none); `ratings` of indicators in percent; the other numbers say after how many days or months a report is due."""

    name: str
    version: str
    flexibility_pct: Decimal
    small_groups_below: int = Field(ge=1)
    ratings: Ratings
    interim_due_days: int
    answer_days: int
    final_due_months: int
    final_due_months_abroad: int
    headings: dict[str, Words]
    lines: dict[str, Words]
    questions: dict[str, Words]
    answer_words: int
    sections: dict[str, Words]
    texts: dict[str, Text]
    action_word: dict[str, Words]
    funding: dict[str, Words]
    disclaimer: Words
    goals: dict[str, Goal]

    def section(self, code: str, language: str, kind: str) -> str:
        """The title of a section of Annex VI, in the words for a contract of that kind (action, operating)."""
        return self.sections[code][language].replace("{action}", self.action_word[kind][language])

    def report_due(self, kind: str, end: date, abroad: bool) -> date:
        """When the EU must have the report of a period (interim) or of a contract (final) that ended on that day; `abroad`: the coordinator
        does not have its headquarters in the country of the action."""
        if kind != "final":
            return end + timedelta(days=self.interim_due_days)
        months = end.month - 1 + (self.final_due_months_abroad if abroad else self.final_due_months)
        year, month = end.year + months // 12, months % 12 + 1
        return date(year, month, min(end.day, calendar.monthrange(year, month)[1]))
