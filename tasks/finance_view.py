"""What the annex on finance prints, looked up and put in order."""

from __future__ import annotations

from tasks.report_view import ReportView


class FinanceView:
    """Budget, costs, rates and sources of funding as the template asks for them."""

    def __init__(self, view: ReportView) -> None:
        self.view, self.document, self.wording = view, view.document, view.wording
