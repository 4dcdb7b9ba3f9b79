"""What a report is rendered from: everything the template needs, and nothing it would have to compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from domain.agreement import Agreement
from domain.coverage import Coverage, Weighed
from domain.exceptions import OperatorException
from domain.figures import Figures, MemberState
from domain.findings import Finding
from domain.profile import Profile
from domain.restatement import Restatement
from domain.submission import AcceptedRow

Edition = Literal["contractual", "internal", "public"]
EDITIONS: tuple[Edition, ...] = ("contractual", "internal", "public")
"""What the EU gets; the same with all evidence, for the network itself; the same with nothing in it that is not for everybody."""


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """`members`: states over the reporting period; `accepted`: rows of all cycles by sheet; `findings`: of the reporting period; `texts`: section
    to Markdown, the network's own words in the report's language; `attachments`: file name to content, attached to the PDF."""

    agreement: Agreement
    profile: Profile
    figures: Figures
    members: Sequence[MemberState]
    accepted: Mapping[str, Sequence[AcceptedRow]]
    findings: Sequence[Finding]
    texts: Mapping[str, str]
    attachments: Mapping[str, bytes]
    exceptions: Sequence[OperatorException] = ()
    restatements: Sequence[Restatement] = ()
    """Figures of earlier delivered reports that are others now."""
    coverage: Sequence[Coverage] = ()
    """For each figure of the network, who owes it and what is missing from it."""
    weighed: Weighed | None = None
    reconciliation: Mapping[str, Any] | None = None
    """What the independent recomputation came to: `compared`, `totals` (as in the manifest)."""

    edition: Edition = "contractual"

    @property
    def withheld_sensitivities(self) -> tuple[str, ...]:
        """What of members and rows is counted and not named: internal ones everywhere, in the public edition those for the EU only as well."""
        return ("internal", "eu-only") if self.edition == "public" else ("internal",)

    @property
    def kind(self) -> str:
        """interim, final, or none (a report for the network itself)."""
        return self.agreement.cycle(self.figures.cycle).report

    @property
    def asked_texts(self) -> list[str]:
        """Sections of the profile that this report asks for."""
        return asked_texts(self.profile, self.kind)

    @property
    def missing_texts(self) -> list[str]:
        """Asked sections that the network has not written yet."""
        return [section for section in self.asked_texts if not self.texts.get(section, "").strip()]


def asked_texts(profile: Profile, kind: str) -> list[str]:
    """Sections of the profile that a report of that kind asks for; one for the network itself (none) those of an interim report."""
    wanted = "final" if kind == "final" else "interim"
    return [section for section, text in profile.texts.items() if wanted in text.reports]
