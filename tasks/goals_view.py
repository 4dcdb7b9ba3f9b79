"""What the spread of each goal prints, looked up and put in order."""

from __future__ import annotations

from tasks.report_view import ReportView


class GoalsView:
    """A goal's targets, indicators, countries, members and highlights as the template asks for them."""

    def __init__(self, view: ReportView) -> None:
        self.view, self.document, self.wording = view, view.document, view.wording
