"""What a report is rendered from: everything the template needs, and nothing it would have to compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.agreement import Agreement
from domain.figures import Figures, MemberState
from domain.findings import Finding
from domain.profile import Profile
from domain.submission import AcceptedRow


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """`members`: states over the reporting period; `accepted`: rows of all cycles by sheet; `texts`: section to Markdown, the network's own words;
    `attachments`: file name to content, attached to the PDF."""

    agreement: Agreement
    profile: Profile
    figures: Figures
    members: Sequence[MemberState]
    accepted: Mapping[str, Sequence[AcceptedRow]]
    findings: Sequence[Finding]
    texts: Mapping[str, str]
    attachments: Mapping[str, bytes]

    @property
    def missing_texts(self) -> list[str]:
        """Sections of the profile that the network has not written yet."""
        return [section for section in self.profile.texts if not self.texts.get(section, "").strip()]
