"""What members of the sample have to tell, before anybody makes a mistake: activities, indicators, costs and answers of each member and cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.sample.agreement import (
    ASSIGNMENTS,
    BUDGET,
    CONTRACT,
    COSTS_BY,
    CYCLES,
    MEMBERS,
    SUBGRANTS,
    SampleMember,
    between,
    indicators,
    pick,
    rate,
)
from domain.sample.words import ANSWERS, COMMENTS, COSTS, NO, PANDEMIC, PAYROLL, REFORMS, REMARKS, SUPPLIERS, TITLES, YES

Row = dict[str, Any]
"""Cells by column; "kind" beside them says what sort of activity it is, and is no column."""

LOCKDOWN = date(2020, 3, 16)


@dataclass(slots=True)
class Draft:
    """A submission in the making: `index` is 1 for the first cycle, `start` and `end` are the days of the cycle on which the member takes part."""

    member: SampleMember
    index: int
    cycle: str
    start: date
    end: date
    cover: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def language(self) -> str:
        return self.member.language

    @property
    def place(self) -> str:
        return self.member.places[self.index % len(self.member.places)]

    def day(self, share: int) -> date:
        """The day by which so many percent of the draft's time have passed."""
        return self.start + timedelta(days=(self.end - self.start).days * share // 100)

    def say(self, wordings: Sequence[str], *about: object, **filled: str) -> str:
        return pick(wordings, self.member.code, self.cycle, *about).format(**({"place": pick(self.member.places, self.cycle, *about)} | filled))


def drafts() -> list[Draft]:
    """One for each member and cycle in which it takes part, in order of cycle and member."""
    found = []
    for index, (cycle, start, end, _) in enumerate(CYCLES, start=1):
        for member in MEMBERS:
            first = max(start, date.fromisoformat(member.from_)) if member.from_ else start
            last = min(end, date.fromisoformat(member.to)) if member.to else end
            if first <= last:
                found.append(_draft(member, index, cycle, first, last))
    return found


def _draft(member: SampleMember, index: int, cycle: str, start: date, end: date) -> Draft:
    draft = Draft(member, index, cycle, start, end)
    draft.cover = {"contract": CONTRACT, "cycle": cycle, "member": member.code, "decimal": member.decimal, "prepared_by": "M&E"}
    draft.rows["activities"] = _activities(draft)
    draft.rows["indicators"] = _indicators(draft)
    draft.rows["expenditure"] = _expenditure(draft)
    draft.rows["narrative"] = _narrative(draft)
    reform = REFORMS.get((member.code, cycle))
    if reform:
        draft.rows["outcomes"] = [{"date": draft.day(80), "country": member.country, **reform}]
    return draft


# --- activities -------------------------------------------------------------------------------------------------------

KINDS: dict[str, tuple[str, str, str, tuple[str, ...], int]] = {
    "training": ("training", "Op1.2", "A1.2.1", ("4.4; 8.6", "4.4=70; 5.5=30"), 30),
    "women": ("training", "Op1.2", "A1.2.2", ("5.5; 8.5", "5.5"), 24),
    "dialogue": ("dialogue", "Op2.1", "A2.1.1", ("16.7=60; 17.17=40", "16.7; 8.8"), 26),
    "network": ("network", "Op2.1", "A2.1.2", ("17.17; 16.7", "17"), 18),
    "research": ("research", "Op1.1", "A1.1.1", ("17.18; 16.10",), 0),
    "publication": ("publication", "Op1.1", "A1.1.2", ("16.10; 17.18", "16.10=50; 10.2=50"), 45),
    "campaign": ("campaign", "Op2.2", "A2.2.1", ("8.8=60; 10.2=40", "8.5; 1.3"), 60),
    "event": ("event", "Op2.2", "A2.2.2", ("8.5; 5.5; 10", "10; 8.5"), 70),
    "protection": ("event", "Op2.3", "A2.3.1", ("1.3; 8.10", "8.10=50; 1.4=50"), 40),
    "climate": ("event", "Op3.2", "A3.2.1", ("13.3=50; 8.4=50", "13.2; 8.4"), 28),
}
"""Kind of activity: type, result, planned activity, SDGs as members give them, usual number of participants."""
MEETINGS = ("training", "women", "dialogue", "network", "publication", "event", "protection", "climate")


def _activities(draft: Draft) -> list[Row]:
    code = draft.member.code
    known = [kind for kind in KINDS if kind != "climate" or draft.index > 1]  # the addendum brought climate in with the second cycle
    known.sort(key=lambda kind: (kind != "dialogue", between(0, 10**9, kind, code, draft.cycle)))
    chosen = known[: between(6, 9, "activities", code, draft.cycle)]
    chosen.sort(key=lambda kind: between(0, 10**9, "order", kind, code, draft.cycle))
    rows = [_activity(draft, kind, number, len(chosen)) for number, kind in enumerate(chosen, start=1)]
    return rows + [_grant_activity(draft, grant) for grant in _grants(draft.member) if draft.start <= date.fromisoformat(grant[4]) <= draft.end]


def _activity(draft: Draft, kind: str, number: int, of: int) -> Row:
    type_, result, plan, sdgs, size = KINDS[kind]
    code, language = draft.member.code, draft.language
    start = draft.day(96 * (number - 1) // of + between(1, 90 // of, "start", kind, code, draft.cycle))
    row: Row = {
        "kind": kind, "activity": f"{draft.member.country}-{draft.index}{number:02d}", "title": draft.say(TITLES[language][kind], kind), "type": type_,
        "start": start, "end": min(draft.end, start + timedelta(days=between(0, 2, "days", kind, code, draft.cycle))), "country": draft.member.country,
        "result": result, "sdg": pick(sdgs, kind, code, draft.cycle), "status": "done", "plan": plan,
    }  # fmt: skip
    if kind in ("research", "campaign"):
        row["end"] = min(draft.end, start + timedelta(days=45))
    online = start >= LOCKDOWN and kind in MEETINGS
    if size:
        people = size * between(70, 130, "people", kind, code, draft.cycle) * (60 if online else 100) // 10_000
        row["women"] = people * between(45, 72 if kind != "women" else 95, "women", kind, code, draft.cycle) // 100
        row["men"] = people - row["women"]
        row["other"] = 1 if between(0, 5, "other", kind, code, draft.cycle) == 0 else None
    if online:
        row["deviation"] = REMARKS[language]["online"][0]
    for column, remark, one_in in (("outcome", "led to", 3), ("partners", "partners", 2), ("description", "description", 2)):
        if between(1, one_in, column, kind, code, draft.cycle) == 1:
            row[column] = draft.say(REMARKS[language][remark], column, kind)
    return row


# --- small grants -----------------------------------------------------------------------------------------------------

_TRANCHES = (40, 40, 20)
"""Percent of a grant paid in the cycle of its signature and in the following ones."""


def _grants(member: SampleMember) -> list[tuple[str, ...]]:
    return [grant for grant in SUBGRANTS if grant[6] == member.code]


def _signed_in(grant: Sequence[str]) -> int:
    """The number of the cycle in which a grant was signed, from 1."""
    return next(index for index, (_, start, end, _) in enumerate(CYCLES, start=1) if start <= date.fromisoformat(grant[4]) <= end)


def _tranche(grant: Sequence[str], index: int) -> Decimal:
    """EUR of a grant paid in a cycle."""
    number = index - _signed_in(grant)
    return Decimal(grant[5]) * _TRANCHES[number] / 100 if 0 <= number < len(_TRANCHES) else Decimal(0)


def _grant_activity(draft: Draft, grant: Sequence[str]) -> Row:
    recipient, name, country, _, signed, _, _ = grant
    title = TITLES[draft.language]["grant"][0].format(grantee=name)
    return {
        "kind": "grant", "activity": f"{draft.member.country}-{recipient}", "title": title, "type": "sub-grant", "start": date.fromisoformat(signed), "end": date.fromisoformat(signed),
        "country": country, "result": "Op3.1", "sdg": "1.4; 17.3", "status": "done", "plan": "A3.1.1",
    }  # fmt: skip


# --- indicators -------------------------------------------------------------------------------------------------------

TAKES_PART = {
    "Im1-a": 13, "Im1-b": 4, "Oc1-a": 12, "Oc1-b": 10, "Oc1-c": 8, "Oc2-a": 9, "Oc2-b": 6, "Oc2-c": 6, "Oc2-d": 5, "Oc3-a": 11, "Oc3-b": 7, "Op1.1-a": 12, "Op1.1-b": 7,
    "Op1.2-a": 14, "Op1.2-b": 8, "Op1.2-c": 6, "Op2.1-a": 12, "Op2.1-b": 9, "Op2.2-a": 7, "Op2.2-b": 12, "Op2.2-c": 4, "Op2.3-a": 8, "Op3.2-a": 6, "Op3.2-b": 4,
}  # fmt: skip
"""How many members report an indicator; those on small grants are reported by who gives them."""
SIZES = {
    "Oc1-a": 3, "Oc1-b": 3, "Oc3-b": 2, "Op1.1-a": 3, "Op1.1-b": 8000, "Op1.2-a": 105, "Op2.1-a": 3, "Op2.1-b": 105, "Op2.2-a": 2900, "Op2.2-c": 170, "Op2.3-a": 2, "Op3.1-b": 150,
    "Op3.2-a": 4,
}  # fmt: skip
"""What a member adds in a cycle, about."""
RATES_PERMILLE = {"Im1-b": (700, 330, 50), "Oc2-a": (34, 400, 45), "Oc3-a": (24, 390, 30), "Op1.2-b": (85, 690, 25)}
"""Of percentages: usual denominator, permille in the first cycle, gain a cycle."""
MEANS = {"Oc1-c": (58, 5, 9), "Oc2-b": (410, -45, 80), "Op1.2-c": (185, 5, 40)}
"""Of means, in tenths: first cycle, gain a cycle, spread."""


def _reports(member: SampleMember, number: int, code: str, index: int) -> bool:
    if code.startswith("Op3.1"):
        return any(_signed_in(grant) <= index for grant in _grants(member))
    return (MEMBERS.index(member) * 5 + number * 3) % len(MEMBERS) < TAKES_PART[code]


def _indicators(draft: Draft) -> list[Row]:
    order = [cycle[0] for cycle in CYCLES]
    rows = []
    for number, indicator in enumerate(indicators()):
        first, last = indicator["from"] or order[0], indicator["to"] or order[-1]
        if first <= draft.cycle <= last and _reports(draft.member, number, indicator["indicator"], draft.index):
            rows += _indicator_rows(draft, indicator)
    return rows


def _indicator_rows(draft: Draft, indicator: Mapping[str, str]) -> list[Row]:
    code, member = indicator["indicator"], draft.member
    base: Row = {"indicator": code, "country": member.country}
    if code == "Op3.1-a":
        return [base | {"country": grant[2], "value": sum(_tranche(grant, i) for i in range(1, draft.index + 1))} for grant in _grants(member) if _signed_in(grant) <= draft.index]
    match indicator["measure"]:
        case "qualitative":
            return [base | {"comment": draft.say(COMMENTS[draft.language][code], code)}]
        case "yes_no":
            return [base | {"value": (YES if _holds(draft, code) else NO)[draft.language]}]
        case "percentage":
            return _pairs(draft, code, base, "SEX" in indicator["disaggregation"])
    if code == "Oc2-d":
        return [base | {"value": between(3, 5, code, member.code) - (draft.index == 3 and (member.code, "2020-H1") in REFORMS)}]
    if code in MEANS:
        first, gain, spread = MEANS[code]
        return [base | {"value": Decimal(first + gain * (draft.index - 1) + between(-spread, spread, code, member.code)) / 10}]
    total = sum(_added(code, member, i) for i in range(1, draft.index + 1)) + _baseline(code, member) if indicator["value_kind"] == "cumulative" else _added(code, member, draft.index)
    return [base | {"value": total}, *_slices(draft, base, total, indicator["disaggregation"])]


def _added(code: str, member: SampleMember, index: int) -> int:
    """What a member adds to a count in a cycle: its own level, more in the second cycle, less in the third, when little could be held."""
    permyriad = between(65, 140, "level", code, member.code) * between(92, 108, "growth", code, member.code, index) * (100, 112, 85)[index - 1] // 100
    return max(1, (SIZES[code] * permyriad + 5000) // 10_000)


def _baseline(code: str, member: SampleMember) -> int:
    return next((int(baseline) for who, what, _, _, baseline, _ in ASSIGNMENTS if (who, what) == (member.code, code)), 0)


def _holds(draft: Draft, code: str) -> bool:
    if code == "Im1-a":
        return any((draft.member.code, cycle) in REFORMS for cycle, *_ in CYCLES[: draft.index])
    return draft.index + MEMBERS.index(draft.member) % 3 >= 3


def _pairs(draft: Draft, code: str, base: Row, by_sex: bool) -> list[Row]:
    size, first, gain = RATES_PERMILLE[code]
    denominator = size * between(75, 125, "denominator", code, draft.member.code, draft.index) // 100
    permille = first + gain * (draft.index - 1) + between(-60, 60, "rate", code, draft.member.code)
    numerator = denominator * permille // 1000
    rows = [base | {"numerator": numerator, "denominator": denominator}]
    if by_sex:
        women, of_women = numerator * 48 // 100, denominator * 51 // 100
        rows.append(base | {"sex": "female", "numerator": women, "denominator": of_women})
        rows.append(base | {"sex": "male", "numerator": numerator - women, "denominator": denominator - of_women})
    return rows


def _slices(draft: Draft, base: Row, total: int, disaggregation: str) -> list[Row]:
    """The slices of a total; one member crosses sex and age."""
    if not disaggregation:
        return []
    women = total * between(49, 62, "women", base["indicator"], draft.member.code, draft.index) // 100
    by_sex = {"female": women, "male": total - women - 1, "other": 1}
    if "AGE" not in disaggregation:
        return [base | {"sex": sex, "value": value} for sex, value in by_sex.items()]
    young = {sex: value * 42 // 100 for sex, value in by_sex.items()}
    if draft.member.code == "haki-ke":
        return [base | {"sex": sex, "age": age, "value": value} for sex in by_sex for age, value in (("15-29", young[sex]), ("30+", by_sex[sex] - young[sex]))]
    by_age = {"15-29": sum(young.values()), "30+": total - sum(young.values())}
    return [base | {"sex": sex, "value": value} for sex, value in by_sex.items()] + [base | {"age": age, "value": value} for age, value in by_age.items()]


# --- money ------------------------------------------------------------------------------------------------------------

SPENDING = (
    ("1.1.1", "salary", (22, 25, 26), 4), ("1.1.2", "office staff", (22, 25, 26), 2), ("1.3.2", "per diem", (25, 30, 12), 2), ("2", "transport", (48, 62, 18), 5),
    ("3", "equipment", (25, 15, 42), 1), ("4", "office", (26, 26, 26), 3), ("5.2", "study", (30, 28, 22), 2), ("5.7", "seminar", (24, 32, 14), 4), ("5.8", "prints", (25, 30, 20), 1),
)  # fmt: skip
"""Budget line, kind of cost, percent of the line that the network spends in each cycle, payments. Travel runs ahead of its heading; in 2020 it stops."""
OF_SUPPORT = (("1.1.1", "salary", 40, 3), ("2", "transport", 20, 3), ("5.7", "seminar", 30, 3), ("5.8", "prints", 10, 1))
"""How a third party spends its support: line, kind of cost, percent, payments."""
SERVES = {
    "per diem": ("training", "women", "protection"), "transport": MEETINGS, "study": ("research", "publication"), "seminar": MEETINGS, "prints": ("campaign", "publication", "event"),
}  # fmt: skip
"""Kinds of activities that a cost is for; other costs are for all of them."""


def _expenditure(draft: Draft) -> list[Row]:
    rows: list[Row] = []
    for heading, kind, euros, payments in _plans(draft):
        for number in range(payments):
            rows.append(_payment(draft, heading, kind, euros / payments, number, payments))
    rows += [_grant_payment(draft, grant) for grant in _grants(draft.member) if _tranche(grant, draft.index)]
    for number, row in enumerate(rows, start=1):
        row.setdefault("document", f"{draft.member.country}{draft.index}-{number:03d}")
    return rows


def _plans(draft: Draft) -> list[tuple[str, str, Decimal, int]]:
    """Line, kind of cost, EUR and number of payments of a member in a cycle."""
    member = draft.member
    if member.role == "third-party":
        received = sum((_tranche(grant, draft.index) for grant in SUBGRANTS if grant[1] == member.name), Decimal(0))
        return [(heading, kind, received * percent * 9 / 1000, payments) for heading, kind, percent, payments in OF_SUPPORT]
    weights = sum(one.weight for one in MEMBERS if one.role in COSTS_BY)
    budget = {heading: Decimal(amount) for heading, amount, _ in BUDGET}
    plans = [(heading, kind, budget[heading] * percents[draft.index - 1] / 100 * member.weight / weights, n) for heading, kind, percents, n in SPENDING]
    return plans if member.weight else []


def _in_currency(draft: Draft, euros: Decimal, paid: date) -> Decimal:
    currency = draft.member.currency
    return (euros * rate(f"{paid:%Y-%m}", currency)).quantize(Decimal(1) if currency in ("XOF", "COP") else Decimal("0.01"))


def _payment(draft: Draft, heading: str, kind: str, euros: Decimal, number: int, payments: int) -> Row:
    about = (kind, number, draft.member.code, draft.cycle)
    activity = _activity_paid_for(draft, kind, about)
    if kind in SERVES and activity:
        paid = min(draft.end, activity["start"] + timedelta(days=between(0, 18, "paid", *about)))
    else:
        paid = draft.day(100 * (number + 1) // payments - between(1, 6, "paid", *about))
    if kind not in ("salary", "office staff", "office"):
        euros = euros * between(85, 115, "amount", *about) / 100
    supplier = PAYROLL[draft.language] if kind in ("salary", "office staff", "per diem") else draft.say(SUPPLIERS[draft.language][kind], "supplier", *about)
    return {
        "heading": heading, "country": draft.member.country, "payment_date": paid, "currency": draft.member.currency, "amount": _in_currency(draft, euros, paid),
        "activity": activity["activity"] if activity else None, "supplier": supplier,
        "description": draft.say(COSTS[draft.language][kind], "cost", *about, month=f"{paid:%m}", year=f"{paid:%Y}"),
    }  # fmt: skip


def _activity_paid_for(draft: Draft, kind: str, about: tuple[object, ...]) -> Row | None:
    """The activity a cost is for; offices and administration are for none, and not every member divides its salaries."""
    if kind in ("office", "office staff", "equipment") or (kind == "salary" and MEMBERS.index(draft.member) % 3 == 0):
        return None
    activities = [row for row in draft.rows["activities"] if row["kind"] != "grant"]
    served = [row for row in activities if row["kind"] in SERVES.get(kind, KINDS)]
    return pick(served or activities, "activity", *about)


def _grant_payment(draft: Draft, grant: Sequence[str]) -> Row:
    recipient, name, country, _, signed, _, _ = grant
    paid = max(draft.day(30), date.fromisoformat(signed) + timedelta(days=10))
    return {
        "heading": "6", "country": country, "payment_date": paid, "currency": draft.member.currency, "amount": _in_currency(draft, _tranche(grant, draft.index), paid),
        "activity": f"{draft.member.country}-{recipient}", "supplier": name, "document": f"{recipient}/{draft.index}", "recipient": recipient,
        "description": COSTS[draft.language]["grant"][0],
    }  # fmt: skip


# --- answers ----------------------------------------------------------------------------------------------------------


def _narrative(draft: Draft) -> list[Row]:
    """Neighbours who share a language do not share their words in the same cycle, as far as the wordings reach."""
    rank = [member.code for member in MEMBERS if member.language == draft.language].index(draft.member.code)
    rows = []
    for section, wordings in ANSWERS[draft.language].items():
        if section == "for-whom" and rank % 2:
            continue
        options = PANDEMIC[draft.language].get(section, wordings) if draft.index == 3 else wordings
        text = options[(rank + draft.index) % len(options)].format(place=draft.place)
        rows.append({"section": section, "text": text, "about": "Oc2" if section == "changed" else None, "lang": draft.language})
    return rows
