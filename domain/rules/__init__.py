"""The rules of contract section 4: what must hold of a row, and of several rows together.

The suites in expectations/ say which column must hold which value and how grave it is when it does not; the modules here compute those columns
from the members' rows. True: the rule holds; False: it is broken; None: it does not apply.
"""

RULES: tuple[str, ...] = (
    "submission.unknown-member",
    "submission.unreadable",
    "submission.wrong-contract",
    "submission.wrong-cycle",
    "submission.wrong-member",
    "submission.sheet-missing",
    "submission.column-missing",
    "submission.late",
    "submission.too-late",
    "sheet.hidden",
    "sheet.rows-hidden",
    "sheet.encoding",
    "sheet.row.left",
    "sheet.ignored",
    "cell.corrected",
    "cell.required",
    "cell.not-a-number",
    "cell.not-a-date",
    "cell.ambiguous-number",
    "cell.formula-error",
    "cell.formula",
    "cell.not-in-list",
    "activities.activity.duplicate",
    "activities.dates.reversed",
    "activities.dates.outside-period",
    "activities.participants.invalid",
    "activities.sdg.unknown",
    "activities.sdg.weights",
    "activities.sdg.too-many",
    "indicators.row.blank",
    "indicators.value.negative",
    "indicators.number.negative",
    "indicators.value.not-whole",
    "indicators.percentage.denominator",
    "indicators.percentage.exceeds",
    "indicators.percentage.not-aggregable",
    "indicators.row.repeat",
    "indicators.row.conflict",
    "indicators.slices.exceed-total",
    "indicators.slices.below-total",
    "indicators.total.missing",
    "indicators.total.derived",
    "indicators.value.fell",
    "indicators.value.outlier",
    "indicators.indicator.not-reported",
    "expenditure.date.earlier-cycle",
    "expenditure.date.outside-period",
    "expenditure.date.closing",
    "expenditure.rate.missing",
    "expenditure.document.missing",
    "expenditure.supplier.missing",
    "expenditure.amount.negative",
    "expenditure.row.repeat",
    "expenditure.activity.unknown",
    "expenditure.recipient.ceiling",
    "activities.joint.suspected",
    "cell.filler",
    "indicators.percentage.fraction",
    "indicators.value.off-track",
    "narrative.number.differs",
    "expenditure.amounts.round",
    "expenditure.total.leap",
    "submission.rows.left-out",
)
"""In the order in which they are judged."""

_COUNTED_ALL_THE_SAME = frozenset(
    (
        "activities.dates.reversed", "activities.dates.outside-period", "activities.sdg.too-many",
        "indicators.value.negative", "indicators.value.not-whole", "indicators.percentage.exceeds", "indicators.slices.exceed-total",
        "expenditure.date.outside-period", "expenditure.recipient.ceiling",
    )
)  # fmt: skip
_NOT_COUNTED = {
    "activities": frozenset(("title", "type", "start", "end", "result", "lead", "plan", "joint")),
    "indicators": frozenset(("date",)),
    "expenditure": frozenset(("invoice_date",)),
    "outcomes": frozenset(("date",)),
    "visibility": frozenset(("emblem_shown",)),
    "stories": frozenset(("consent",)),
}
"""Columns by which nothing is added up: a row can be used without them."""


def waivable(rule: str, sheet: str, column: str) -> bool:
    """Whether a row with this error can be counted all the same, where somebody answers for it; else it takes a correction."""
    return rule in _COUNTED_ALL_THE_SAME or (rule.startswith("cell.") and column in _NOT_COUNTED.get(sheet, ()))


def ever_waivable(rule: str) -> bool:
    return rule in _COUNTED_ALL_THE_SAME or rule.startswith("cell.")
