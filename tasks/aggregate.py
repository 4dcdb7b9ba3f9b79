"""Aggregate: from accepted rows to the figures of a report."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

from domain.agreement import Agreement
from domain.figures import Figures, IndicatorFigure, MissingRate
from domain.funding import member_costs, rates_used, recipient_costs
from domain.indicators import definitions_for, indicator_figures
from domain.money import CostLine, cost_lines, finance_lines, support_lines
from domain.profile import Profile
from domain.progress import expected_value, rating
from domain.sdg_figures import sdg_figures
from domain.submission import Judged, Submission, in_order


@contextmanager
def no_cycles_sought() -> Iterator[None]:
    """Figures of a million rows are millions of objects, and none of them refers back to another: looking for such cycles again and again
    (Python's garbage collection) would take a third of the time; in setting a long report, a fifth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@no_cycles_sought()
def aggregate(
    agreement: Agreement, profile: Profile, judged: Judged, submissions: Sequence[Submission], cycle: str, before: Mapping[str, int] | None
) -> tuple[Figures, list[CostLine]]:
    """All figures of a report of this cycle, and the cost lines they are made of.

    `before`: the cumulative column (heading to cents) of the report delivered for the cycle just before the reporting period, if one was."""
    cycles, reporting = agreement.cycles_to(cycle), agreement.reporting_period(cycle)
    accepted = {sheet: in_order(judged.accepted[sheet], cycles) for sheet in ("activities", "indicators", "expenditure")}
    lines = cost_lines(agreement, accepted["expenditure"])
    labels = {heading: words[agreement.contract.language] for heading, words in profile.headings.items()}
    figures = Figures(
        cycle=cycle,
        cycles=cycles,
        reporting=reporting,
        indicators=rated(indicator_figures(agreement, accepted["indicators"], cycles, reporting), agreement, profile, cycle),
        sdg=sdg_figures(agreement, accepted["activities"], lines, cycles, reporting),
        finance=finance_lines(agreement, lines, cycles, reporting, before, labels, profile.flexibility_pct),
        support=support_lines(lines, reporting),
        missing_rates=missing_rates(judged, submissions),
        costs=member_costs(lines, reporting),
        recipients=recipient_costs(lines, accepted["activities"], reporting),
        rates=rates_used(agreement, lines, reporting),
    )
    return figures, lines


def rated(figures: Sequence[IndicatorFigure], agreement: Agreement, profile: Profile, cycle: str) -> list[IndicatorFigure]:
    """The figures, those of the network to date with what the plan lets expect on the cycle's last day, and how they stand to it."""
    day, definitions = agreement.cycle(cycle).end, definitions_for(agreement, agreement.cycles_to(cycle))

    def with_rating(figure: IndicatorFigure) -> IndicatorFigure:
        if figure.level != "network" or figure.slice or figure.scope != "cumulative":
            return figure
        definition = definitions[figure.indicator]
        return replace(figure, expected=expected_value(definition, day), rating=rating(definition, figure.value, day, profile.ratings))

    return [with_rating(figure) for figure in figures]


def missing_rates(judged: Judged, submissions: Sequence[Submission]) -> list[MissingRate]:
    """What rates.csv lacks: by currency and month the money of rows in error for it alone, over the submissions that count."""
    sheets = {(s.member, s.cycle, s.submission): s.sheets["expenditure"] for s in submissions if "expenditure" in s.sheets}
    left_out: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for finding in judged.findings:
        if finding.rule == "expenditure.rate.missing":
            sheet = sheets[finding.member, finding.cycle, finding.submission]
            amount = next(row.values["amount"] for row in sheet.rows if row.number == finding.row)
            left_out[finding.details["currency"], finding.details["month"]].append(amount or Decimal(0))
    return [MissingRate(currency, month, sum(amounts, Decimal(0)), len(amounts)) for (currency, month), amounts in sorted(left_out.items())]
