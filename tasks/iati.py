"""iati.xml: the action as one activity of the IATI Standard 2.03, with the results, SDG tags, budget and transaction totals of a report.

It prints the figures of data/indicators.csv, data/sdg.csv and data/finance.csv and makes none of its own, but for the shares of countries. Nothing
in it is guessed. Three things no agreement says, and the file says so in a comment; the operator puts them right before it is published:

* the organisation's IATI identifier. `BE-UNREGISTERED` (the coordinator's country) stands in reporting-org/@ref; iati-identifier is that, a hyphen
  and the contract number, with what an identifier may not hold (/ & | ? and the like) made hyphens. The contract number as it stands is in other-identifier;
* the type of organisation: an NGO that leads a network in several countries is put down as 21, international NGO;
* the sector, which the standard asks of every activity: 99810, sector not specified. A guess would stand in statistics as a fact.

What is marked eu-only or internal is counted and not named: its organisation is not listed, its money lies in region 998. Members' own words and
the figures of single members and countries are not published.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.agreement import Agreement, Indicator
from domain.codes import COST_ROLES, REGIONS, goal_of, sdg_order
from domain.datafiles import plain_number, two_decimals
from domain.figures import Figures, IndicatorFigure, Scope
from domain.indicators import definitions_for, never_combined
from domain.money import CostLine, allocate, euros, rounded_half_away, spent_by_heading, with_totals
from domain.profile import Profile
from domain.sdg_figures import activities_as_last_reported
from domain.submission import AcceptedRow
from tasks.phrases import phrases

VERSION = "2.03"
ORGANISATION_TYPE = "21"
SECTOR = "99810"
UNSPECIFIED = "998"
"""The DAC's region of what is in no country one could name."""
RESULT_TYPES = {"output": "1", "outcome": "2", "impact": "3"}
MEASURES = {"percentage": "2", "qualitative": "5"}
"""Those of measures that are counted in units (1) are not listed."""
GRANT = "110"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_IDENTIFIER = re.compile(r"[^A-Za-z0-9._-]+")

Words = Mapping[str, Any]
Period = tuple[date, date]
"""First and last day."""


def iati_activity(
    agreement: Agreement, profile: Profile, figures: Figures, accepted: Mapping[str, Sequence[AcceptedRow]], lines: Sequence[CostLine], day: date
) -> bytes:
    """iati.xml in UTF-8: an iati-activities document with one iati-activity, valid against the IATI 2.03 schema and ruleset; texts of the program's
    own in the contract's language. `accepted`: rows of all cycles by sheet; `lines`: what the figures' money is made of; `day`: the last day of the
    reporting period, which is all the file knows of time. The same arguments give the same bytes."""
    from lxml import etree

    contract, words = agreement.contract, phrases("iati", agreement.contract.language)
    reference = f"{_identifier(contract.coordinator.country)}-UNREGISTERED"
    moment = f"{day.isoformat()}T00:00:00Z"
    root = etree.Element("iati-activities", {"version": VERSION, "generated-datetime": moment})
    root.append(etree.Comment(f" {words['publish'].format(reference=reference, type=ORGANISATION_TYPE, sector=SECTOR)} "))
    activity = _add(root, "iati-activity", {"default-currency": "EUR", "humanitarian": "0", "last-updated-datetime": moment})
    activity.set("{http://www.w3.org/XML/1998/namespace}lang", contract.language)

    shares, basis = _shares(agreement, figures, accepted.get("activities", ()), lines)
    _add_identity(activity, agreement, words, reference, day, basis)
    _add_places(activity, shares)
    _add(activity, "sector", {"vocabulary": "1", "code": SECTOR, "percentage": "100"})
    _add_tags(activity, profile, figures, contract.language)
    _add(activity, "default-finance-type", {"code": GRANT})
    _add_budget(activity, agreement, figures)
    _add_transactions(activity, agreement, figures, lines, words)
    _add_results(activity, agreement, figures, words)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


# --- elements ---------------------------------------------------------------------------------------------------------


def _add(parent: Any, tag: str, attributes: Mapping[str, str] = {}) -> Any:
    from lxml import etree

    return etree.SubElement(parent, tag, dict(attributes))


def _say(parent: Any, tag: str, text: str, attributes: Mapping[str, str] = {}) -> Any:
    """An element that holds a narrative."""
    element = _add(parent, tag, attributes)
    _add(element, "narrative").text = text
    return element


def _clean(text: str, otherwise: str = "-") -> str:
    """The text without characters that XML cannot hold; a narrative is never empty."""
    return _NOT_XML.sub("", text).strip() or otherwise


def _identifier(text: str) -> str:
    """What an identifier may hold: ASCII letters and digits, full stops, hyphens, low lines."""
    return _NOT_IN_IDENTIFIER.sub("-", text).strip("-") or "0"


# --- who and what -----------------------------------------------------------------------------------------------------


def _add_identity(activity: Any, agreement: Agreement, words: Words, reference: str, day: date, basis: str) -> None:
    """From iati-identifier to the dates. The EU's grants start and end on the contract's days, so planned and actual dates are the same."""
    contract = agreement.contract
    coordinator = _clean(contract.coordinator.name)
    _add(activity, "iati-identifier").text = f"{reference}-{_identifier(contract.number)}"
    _say(activity, "reporting-org", coordinator, {"ref": reference, "type": ORGANISATION_TYPE})
    _say(activity, "title", _clean(contract.title, _clean(contract.number)))
    _add_descriptions(activity, agreement, words, day, basis)

    taking_part = [member for member in agreement.members if member.role in COST_ROLES and member.sensitivity == "public"]
    _say(activity, "participating-org", _clean(contract.granting_authority), {"role": "1"})
    for role in ("2", "3"):
        _say(activity, "participating-org", coordinator, {"role": role})
    for name in dict.fromkeys([coordinator, *(_clean(member.name, member.member) for member in taking_part)]):
        _say(activity, "participating-org", name, {"role": "4"})

    other = _add(activity, "other-identifier", {"ref": _clean(contract.number), "type": "A9"})
    _say(other, "owner-org", _clean(contract.granting_authority))
    over = day >= contract.end
    _add(activity, "activity-status", {"code": "3" if over else "2"})
    dates = {"1": contract.start, "2": contract.start, "3": contract.end} | ({"4": contract.end} if over else {})
    for kind, on in dates.items():
        _add(activity, "activity-date", {"type": kind, "iso-date": on.isoformat()})


def _add_descriptions(activity: Any, agreement: Agreement, words: Words, day: date, basis: str) -> None:
    """The contract in a sentence (1, general), and how the numbers were made (4, other)."""
    contract, method = agreement.contract, words["method"]
    general = words["general"].format(
        number=contract.number, framework=contract.framework, authority=contract.granting_authority, contribution=two_decimals(Fraction(contract.eu_contribution)),
        share=f"{contract.eu_share:f}", start=contract.start, end=contract.end, day=day,
    )  # fmt: skip
    unnamed = sum(member.role in COST_ROLES and member.sensitivity != "public" for member in agreement.members)
    sentences = [method["money"], method[basis], method["results"]]
    if unnamed:
        sentences.append(method["unnamed"].format(count=unnamed, region=UNSPECIFIED))
    _say(activity, "description", _clean(general), {"type": "1"})
    _say(activity, "description", " ".join(sentences), {"type": "4"})


# --- where ------------------------------------------------------------------------------------------------------------


def _shares(agreement: Agreement, figures: Figures, activities: Sequence[AcceptedRow], lines: Sequence[CostLine]) -> tuple[dict[str, int], str]:
    """Hundredths of a percent by country or region, 10000 in all by largest remainder, and what they follow: by_money, by_activities or nothing.

    Money first; what corrections make nothing or less has no share, nor has what comes to no hundredth. Under region 998 goes what unnamed members and
    activities did, and what others did in a country that only unnamed members are from: it would tell where they are."""
    public = {member.member: member.country for member in agreement.members if member.sensitivity == "public"}
    telling = {member.country for member in agreement.members} - set(public.values())
    withheld = {(row.member, _same(row.values["activity"])) for row in activities if row.values.get("sensitivity") in ("eu-only", "internal")}

    def area(row: AcceptedRow) -> str:
        named = row.member in public and row.values["country"] not in telling and (row.member, _same(row.values["activity"])) not in withheld
        return str(row.values["country"]) if named else UNSPECIFIED

    money: Counter[str] = Counter()
    for line in lines:
        if line.cost:
            money[area(line.row)] += line.cents
    if any(cents > 0 for cents in money.values()):
        return _hundredths(money), "by_money"
    counted = Counter(area(activity.row) for activity in activities_as_last_reported(activities, figures.cycles))
    return (_hundredths(counted), "by_activities") if counted else ({UNSPECIFIED: 10000}, "nothing")


def _hundredths(weights: Mapping[str, int]) -> dict[str, int]:
    areas = sorted(area for area, weight in weights.items() if weight > 0)
    parts = allocate(10000, [Decimal(weights[area]) for area in areas])
    return {area: part for area, part in zip(areas, parts, strict=True) if part}


def _same(code: str | None) -> str:
    """Codes are compared trimmed and without case."""
    return (code or "").strip().casefold()


def _add_places(activity: Any, shares: Mapping[str, int]) -> None:
    """Countries, then regions by DAC number."""
    for code, share in shares.items():
        if code not in REGIONS:
            _add(activity, "recipient-country", {"code": code, "percentage": _percent(share)})
    for code, share in shares.items():
        if code in REGIONS:
            _add(activity, "recipient-region", {"vocabulary": "1", "code": code, "percentage": _percent(share)})


def _percent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _add_tags(activity: Any, profile: Profile, figures: Figures, language: str) -> None:
    """The targets (vocabulary 3) that activities to date serve, and the goals (2) they serve without a target: IATI asks for no goal beside a target of it."""
    served = [f for f in figures.sdg if f.scope == "cumulative" and f.activities_main + f.activities_significant > 0]
    targets = sorted({figure.sdg for figure in served if figure.kind == "target"}, key=sdg_order)
    goals = sorted({figure.sdg for figure in served if figure.kind == "bare"} - {goal_of(target) for target in targets}, key=sdg_order)
    for goal in goals:
        _say(activity, "tag", profile.goals[goal].name(language), {"vocabulary": "2", "code": goal})
    for target in targets:
        _add(activity, "tag", {"vocabulary": "3", "code": target})


# --- money ------------------------------------------------------------------------------------------------------------


def _add_value(parent: Any, cents: int, on: date) -> None:
    _add(parent, "value", {"currency": "EUR", "value-date": on.isoformat()}).text = euros(cents)


def _add_budget(activity: Any, agreement: Agreement, figures: Figures) -> None:
    """The total eligible costs (heading 11) as valid in the report's cycle. A budget may not be longer than a year, and the contract does not say
    what falls in which: the total is spread by days, to the cent, and called indicative."""
    total = sum(line.budget for line in figures.finance if line.heading == "11")
    years = list(_years(agreement.contract.start, agreement.contract.end))
    revised = agreement.budget_in(figures.cycle) != agreement.budget_in(figures.cycles[0])
    for (start, end), cents in zip(years, allocate(total, [Decimal((end - start).days + 1) for start, end in years]), strict=True):
        if cents:
            budget = _add(activity, "budget", {"type": "2" if revised else "1", "status": "1"})
            _add_days(budget, (start, end))
            _add_value(budget, cents, start)


def _years(start: date, end: date) -> Iterator[Period]:
    """The years of a contract, counted from its first day."""
    while start <= end:
        try:
            following = start.replace(year=start.year + 1)
        except ValueError:  # 29 February
            following = date(start.year + 1, 3, 1)
        yield start, min(following - timedelta(days=1), end)
        start = following


def _add_days(parent: Any, period: Period) -> None:
    for name, day in zip(("period-start", "period-end"), period, strict=True):
        _add(parent, name, {"iso-date": day.isoformat()})


def _add_transactions(activity: Any, agreement: Agreement, figures: Figures, lines: Sequence[CostLine], words: Words) -> None:
    """The EU's contribution as incoming commitment (11), and for each cycle the eligible costs as expenditure (4): together heading 11 to date.

    What the EU paid, and what of the costs was passed on to third parties, no file of the agreement says in a way that could be published."""
    contract = agreement.contract
    commitment = _add_transaction(activity, "11", contract.start, rounded_half_away(Fraction(contract.eu_contribution) * 100), words["commitment"])
    _say(commitment, "provider-org", _clean(contract.granting_authority))
    _say(commitment, "receiver-org", _clean(contract.coordinator.name))
    for cycle, cents in _expenditure(figures, lines, contract.indirect_rate):
        if cents:
            _add_transaction(activity, "4", agreement.cycle(cycle).end, cents, _clean(words["expenditure"].format(cycle=cycle)))


def _add_transaction(activity: Any, kind: str, on: date, cents: int, said: str) -> Any:
    transaction = _add(activity, "transaction")
    _add(transaction, "transaction-type", {"code": kind})
    _add(transaction, "transaction-date", {"iso-date": on.isoformat()})
    _add_value(transaction, cents, on)
    _say(transaction, "description", said)
    return transaction


def _expenditure(figures: Figures, lines: Sequence[CostLine], indirect_rate: Decimal) -> Iterator[tuple[str, int]]:
    """Each cycle with its eligible costs in cents; indirect costs are the difference of the cumulative ones, as in the financial table."""
    of_cycle: dict[str, list[CostLine]] = defaultdict(list)
    for line in lines:
        of_cycle[line.row.cycle].append(line)
    spent: Counter[str] = Counter()
    before = 0
    for cycle in figures.cycles:
        for heading, cents in spent_by_heading(of_cycle[cycle]).items():
            spent[heading] += cents
        to_date = with_totals(spent, indirect_rate)["11"]
        yield cycle, to_date - before
        before = to_date


# --- results ----------------------------------------------------------------------------------------------------------


def _add_results(activity: Any, agreement: Agreement, figures: Figures, words: Words) -> None:
    """A result for each of the logframe with its indicators, reported or not."""
    of_result: dict[tuple[str, str], list[Indicator]] = defaultdict(list)
    for definition in definitions_for(agreement, figures.cycles).values():
        of_result[definition.level, definition.result].append(definition)
    of_indicator: dict[str, list[IndicatorFigure]] = defaultdict(list)
    for figure in figures.indicators:
        of_indicator[figure.indicator].append(figure)
    for (level, code), definitions in of_result.items():
        together = all(_may_be_added(definition) for definition in definitions)
        result = _add(activity, "result", {"type": RESULT_TYPES[level], "aggregation-status": _boolean(together)})
        _say(result, "title", _clean(definitions[-1].statement, _clean(code)))
        for definition in definitions:
            _add_indicator(result, agreement, figures, definition, of_indicator[definition.indicator], words)


def _may_be_added(definition: Indicator) -> bool:
    """Whether figures of several members may be summed; a percentage may not, however its parts are combined."""
    return definition.across_members == "sum" and definition.measure not in ("percentage", "qualitative")


def _boolean(value: bool) -> str:
    return "1" if value else "0"


def _add_indicator(result: Any, agreement: Agreement, figures: Figures, definition: Indicator, reported: Sequence[IndicatorFigure], words: Words) -> None:
    """The logframe names SDG targets, not SDG indicators, so the only reference is the indicator's own code (vocabulary 99)."""
    attributes = {"measure": MEASURES.get(definition.measure, "1"), "ascending": _boolean(definition.direction == "up")}
    indicator = _add(result, "indicator", attributes | {"aggregation-status": _boolean(_may_be_added(definition))})
    code = _clean(definition.indicator)
    _say(indicator, "title", _clean(definition.title, code))
    _say(indicator, "description", _clean(_described(definition, words)))
    _add(indicator, "reference", {"vocabulary": "99", "code": code})
    numeric = definition.measure != "qualitative"
    if numeric and definition.baseline is not None and definition.baseline_year is not None:
        _add(indicator, "baseline", {"year": str(definition.baseline_year), "value": f"{definition.baseline:f}"})
    targets = _targets(agreement, definition) if numeric else {}
    actuals = _actuals(agreement, figures, definition, reported)
    for period in sorted(targets.keys() | actuals.keys()):
        element = _add(indicator, "period")
        _add_days(element, period)
        if period in targets:
            _add(element, "target", {"value": f"{targets[period]:f}"})
        for figure in actuals.get(period, ()):
            _add_actual(element, definition, figure, words)
        if period in actuals and not numeric:
            count = len({figure.area.partition("/")[0] for figure in actuals[period]})
            _say(_add(element, "actual"), "comment", words["answered"].format(count=count))


def _described(definition: Indicator, words: Words) -> str:
    """Unit, how members' figures become one, and the source."""
    how: str = definition.across_members
    if definition.measure == "qualitative" or (definition.measure in ("percentage", "yes_no") and not never_combined(definition)):
        how = definition.measure
    sentences = [words["unit"].format(unit=definition.unit), words["combined"][how]]
    if definition.source:
        sentences.append(words["source"].format(source=definition.source.rstrip(". ")))
    return " ".join(sentences)


def _targets(agreement: Agreement, definition: Indicator) -> dict[Period, Decimal]:
    """Milestones and the target by the time from the contract's start to the end of their year, or to the contract's end if that lies in it."""
    contract = agreement.contract
    values = dict(definition.milestones)
    if definition.target is not None:
        values[definition.target_year or contract.end.year] = definition.target
    found = {}
    for year, value in values.items():
        end = contract.end if contract.end.year == year else date(year, 12, 31)
        found[min(contract.start, date(year, 1, 1)) if contract.start > end else contract.start, end] = value
    return found


def _actuals(agreement: Agreement, figures: Figures, definition: Indicator, reported: Sequence[IndicatorFigure]) -> dict[Period, list[IndicatorFigure]]:
    """The network's figures of the reporting period, and those to date from the contract's start; where the two are one time, those to date.

    Of a qualitative indicator its members' (empty) figures; of others that are never combined nothing."""
    first, last = agreement.cycle(figures.reporting[0]).start, agreement.cycle(figures.cycle).end
    periods: dict[Period, Scope] = {(first, last): "reporting"}
    periods[agreement.contract.start, last] = "cumulative"
    wanted = "member" if definition.measure == "qualitative" else "network"
    found = {period: [f for f in reported if f.scope == scope and f.level == wanted] for period, scope in periods.items()}
    return {period: of_period for period, of_period in found.items() if any(f.value is not None or wanted == "member" for f in of_period)}


def _add_actual(period: Any, definition: Indicator, figure: IndicatorFigure, words: Words) -> None:
    """The value as data/indicators.csv gives it. A percentage of nothing has none, and an actual must have one: it is left out."""
    if figure.value is None:
        return
    number = two_decimals if definition.measure == "money" else plain_number
    actual = _add(period, "actual", {"value": number(figure.value)})
    for name, category in figure.slice:
        _add(actual, "dimension", {"name": _clean(name), "value": _clean(category)})
    if not figure.slice:
        _say(actual, "comment", words["scope"][figure.scope])
