"""Random agreements and members' files, sound and faulty, as an operator and members would write them."""

from __future__ import annotations

import csv
import hashlib
import io
import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations, product
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.plain import Cell, Cells, File, Record, Sheet, World

CONTRACT = "TEST/2019/7"
CODES = ("2019-H1", "2019-H2", "2020-H1")
REPORTS = (("interim", "none", "final"),) * 4 + (("interim", "none", "interim"), ("interim", "interim", "final"), ("none", "none", "final"))
COUNTRIES = ("KE", "SN", "PE", "BO", "298")
CURRENCIES = ("EUR", "KES", "XOF", "USD", "PEN")
DIMENSIONS = {"sex": ("female", "male", "unknown"), "age": ("0-14", "15-29", "30+"), "disability": ("with", "without", "unknown")}
SDGS = ("8.8", "8.5", "8.10", "5", "5.5", "16.7", "17.17", "4", "3.d", "16", "10.2", "1.a")
ROLES = ("coordinator", "beneficiary", "beneficiary", "affiliated-entity", "associate", "third-party")
TITLES = ("Training on labour law", 'A "dialogue", in two parts', "Two lines:\nthe second", "Atelier régional")
NO_NUMBERS = ("50+", "approx. 50", "50-60", "1.2.3", "about ten", "#REF!", "#VALUE!", "#DIV/0!", "12/05", "1 2", "0,123.4,5", "0 123", "5.", "1e3")
PLACEHOLDERS = ("TBD", "n/a", "N/D", "-", "xxx", "")
JUNK = ("ZZ", "unheard-of", "Kenya", "99")


def chance(rng: random.Random, share: float) -> bool:
    return rng.random() < share


# --- the agreement ----------------------------------------------------------------------------------------------------


def make_worlds(seed: int) -> list[World]:
    """Three inboxes under one random agreement (judging costs about as much for all as for one), of 2 to 12 members each; the first of every
    fortieth seed of 60 to 200 members."""
    rng = random.Random(seed)
    large = seed % 40 == 7
    sizes = [rng.choice((2, 3, 3, 4, 5, 6, 8, 12)) for _ in range(3)]
    if large:
        sizes[0] = rng.randint(60, 200)
    spans = (("2019-01-01", "2019-06-30", "2019-07-31T18:00"), ("2019-07-01", "2019-12-31", "2020-03-25T12:00"), ("2020-01-01", "2020-06-30", "2020-07-31T18:00"))
    cycles = [
        {"code": code, "start": start, "end": end, "opens": start, "due": due, "grace_days": str(rng.choice([0, 7, 10])), "report": report}
        for code, (start, end, due), report in zip(CODES, spans, rng.choice(REPORTS), strict=True)
    ]
    contract = {
        "number": CONTRACT, "start": "2019-01-01", "end": rng.choice(["2020-06-30", "2020-06-30", "2021-06-30"]), "sdg_money": rng.choice(["main", "weights"]),
        "indirect_rate": rng.choice(["7.00", "7.00", "6.55", "5.00", "0.00"]),
    }  # fmt: skip
    members = _members(rng, sum(sizes))
    tables = {"members": members, "logframe": _logframe(rng, rng.randint(3, 5) if large else rng.randint(4, 10)), "budget": _budget(rng), "rates": _rates(rng)}
    tables["assignments"] = _assignments(rng, members, tables["logframe"])
    extensions = {cycle["code"]: _extensions(rng, cycle, members) for cycle in cycles}
    zone = rng.choice(["Europe/Brussels", "America/Lima", "Asia/Karachi", "UTC"])
    worlds = [World(contract, zone, cycles, tables, extensions) for _ in sizes]
    left = list(members)
    for world, size in zip(worlds, sizes, strict=True):
        Inbox(rng, world, thin=1.0 if size <= 12 else 0.35).fill([left.pop(0) for _ in range(size)])
    return worlds


def _extensions(rng: random.Random, cycle: Record, members: Sequence[Record]) -> list[Record]:
    due = datetime.fromisoformat(cycle["due"])
    return [
        {"member": row["member"], "due": f"{due + timedelta(days=rng.randint(1, 30)):%Y-%m-%dT%H:%M}", "reason": "Floods", "by": "Officer"}
        for row in members if chance(rng, 0.05)
    ]  # fmt: skip


def _members(rng: random.Random, number: int) -> list[Record]:
    codes = rng.sample([f"{name}-{i}" for i in range(-(-number // 4)) for name in ("haki", "ndi", "sol", "umoja")], number)
    return [
        {
            "member": code, "name": code.title(), "country": rng.choice(["KE", "SN", "PE"]), "language": rng.choice(["en", "fr", "es", "pt"]), "decimal": rng.choice(".,"),
            "email": "", "role": "coordinator" if i == 0 else rng.choice(ROLES[1:]), "from": rng.choice(["", "", "", "2019-03-01"]), "to": rng.choice(["", "", "", "2019-12-31"]),
        }
        for i, code in enumerate(codes)
    ]  # fmt: skip


def _logframe(rng: random.Random, number: int) -> list[Record]:
    rows: list[Record] = []
    for i in range(number):
        measure = rng.choice(["number", "number", "people", "people", "people", "money", "percentage", "percentage", "yes_no", "qualitative"])
        kind = rng.choice(["period", "period", "cumulative"])
        ways = ["sum", "latest"] if measure == "percentage" else ["sum", "sum", "max", "mean", "latest"]
        row = {
            "indicator": f"Op{i}.1-{rng.choice('aB')}", "level": "output", "result": f"Op{i % 3}", "statement": "A result", "title": f"Indicator {i}", "measure": measure, "unit": "pieces",
            "direction": rng.choice(["up", "down"]), "value_kind": kind, "across_members": rng.choice(["sum", "sum", "sum", "sum", "max", "mean", "none"]),
            "across_periods": rng.choice(ways), "disaggregation": _disaggregation(rng, DIMENSIONS), "sdg": "8.8", "milestones": "", "source": "",
        }  # fmt: skip
        rows += _with_addendum(rng, row | _target(rng))
    return rows


def _target(rng: random.Random) -> Record:
    baseline, target = rng.choice([("", ""), ("10", "110"), ("5.5", "5.5"), ("0", "-20"), ("", "50"), ("3", "")])
    return {"baseline": baseline, "baseline_year": "2018" if baseline else "", "target": target, "target_year": "2021" if target else ""}


def _disaggregation(rng: random.Random, dims: dict[str, tuple[str, ...]]) -> str:
    chosen = rng.sample(sorted(dims), rng.choice([0, 1, 1, 2, 2, 3]))
    return "; ".join(f"{name}:{'|'.join(dims[name])}" for name in chosen)


def _with_addendum(rng: random.Random, row: Record) -> list[Record]:
    """The row alone, or only from or to some cycle, or with a later one that changes target and categories."""
    match rng.choice(["alone"] * 6 + ["ends", "begins", "changes", "changes"]):
        case "ends":
            return [row | {"from": "", "to": CODES[rng.randint(0, 1)]}]
        case "begins":
            return [row | {"from": CODES[rng.randint(1, 2)], "to": ""}]
        case "changes":
            begins = rng.randint(1, 2)
            fewer = {name: tuple(c for c in categories if c not in ("30+", "unknown")) for name, categories in DIMENSIONS.items()}
            later = row | _target(rng) | {"from": CODES[begins], "to": "", "disaggregation": rng.choice([row["disaggregation"], _disaggregation(rng, fewer)])}
            return [row | {"from": "", "to": CODES[begins - 1] if chance(rng, 0.7) else ""}, later]
    return [row | {"from": "", "to": ""}]


def _budget(rng: random.Random) -> list[Record]:
    rows: list[Record] = []
    for heading in "123456":
        amount = f"{rng.choice([0, 5000, 12000.5, 80000]):.2f}"
        match rng.choice(["whole", "whole", "lines", "addendum", "none"]):
            case "whole":
                rows.append({"heading": heading, "amount_eur": amount, "from": "", "to": ""})
            case "lines":
                rows += [{"heading": f"{heading}.{line}", "amount_eur": amount, "from": "", "to": rng.choice(["", "", CODES[1]])} for line in ("9.1", "9.2")]
            case "addendum":
                rows.append({"heading": heading, "amount_eur": amount, "from": "", "to": rng.choice(["", CODES[0]])})
                rows.append({"heading": heading, "amount_eur": "33333.33", "from": CODES[1], "to": ""})
    return [*rows, {"heading": "10", "amount_eur": "1000.00", "from": "", "to": ""}]


def _rates(rng: random.Random) -> list[Record]:
    months = [f"{year}-{month:02d}" for year in (2019, 2020) for month in range(1, 13)]
    rates = {"KES": "1%d.25", "XOF": "655.957", "USD": "1.1%d", "PEN": "4"}  # a quarter of an odd number of cents is a half
    rows = [{"month": month, "currency": currency, "rate": rate % rng.randint(10, 40) if "%" in rate else rate} for currency, rate in rates.items() for month in months]
    return [row for row in rows if not chance(rng, 0.02)]


def _assignments(rng: random.Random, members: Sequence[Record], logframe: Sequence[Record]) -> list[Record]:
    codes = sorted({row["indicator"] for row in logframe})
    return [
        {"member": member["member"], "indicator": code, "country": country, "from": rng.choice(["", CODES[1]]), "to": "", "baseline": rng.choice(["", "4", "12.5", "30"]), "target": ""}
        for member in members for code in codes for country in COUNTRIES[:2] if chance(rng, 0.15)
    ]  # fmt: skip


def agreement_files(world: World) -> dict[str, bytes]:
    """What the operator writes, by store key."""
    contract = world.contract
    lines = [
        "contract:", f"  number: {contract['number']}", "  title: A random action", "  framework: FPA/1", "  kind: action", "  profile: prag-2018",
        "  granting_authority: European Commission", "  coordinator: {name: Coordinator, contact: The officer, role: Officer, country: BE}", f"  start: {contract['start']}",
        f"  end: {contract['end']}", "  eu_contribution: 75000.00", "  eu_share: 75.00", f"  indirect_rate: {contract['indirect_rate']}", "  language: en",
        "  report_languages: [en]", "  funding: co-funded", "  third_party_ceiling: 60000.00", f"  sdg_money: {contract['sdg_money']}", f"timezone: {world.timezone}", "cycles:",
    ]  # fmt: skip
    lines += ["  - {" + ", ".join(f'{key}: "{value}"' for key, value in cycle.items()) + "}" for cycle in world.cycles]
    files = {"agreement/agreement.yaml": "\n".join(lines).encode()}
    columns = {"assignments": ["member", "indicator", "country", "from", "to", "baseline", "target"]}
    for name, rows in world.tables.items():
        files[f"agreement/{name}.csv"] = _csv(columns.get(name) or list(dict.fromkeys(key for row in rows for key in row)), rows)
    for cycle, rows in world.extensions.items():
        files[f"desk/{cycle}/extensions.csv"] = _csv(["member", "due", "reason", "by"], rows)
    return files


def _csv(columns: Sequence[str], rows: Sequence[Record]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


# --- what members send ------------------------------------------------------------------------------------------------


@dataclass
class Inbox:
    """Fills a world with files. `thin` below 1: members report less."""

    rng: random.Random
    world: World
    thin: float = 1.0
    faults: float = field(init=False)
    """Share of cells that are in error."""

    def __post_init__(self) -> None:
        self.faults = self.rng.choice([0.0, 0.02, 0.05, 0.2]) * self.thin

    def fill(self, members: Sequence[Record]) -> None:
        for cycle in range(3):
            for member in members:
                self.send(member, cycle)

    def send(self, member: Record, cycle: int) -> None:
        """A member's files in a cycle, by one of the ways members send them."""
        ways = {
            "good": 40, "late": 5, "too-late": 4, "rejected": 4, "silent": 8, "good good": 8, "good rejected": 5, "good too-late": 3, "rejected good": 2, "nil": 3, "good nil": 2,
            "nil good": 2, "programme finance": 4, "programme": 2, "finance good": 2, "good programme": 3, "good finance": 3, "good finance programme": 1, "good rejected good": 2, "edge": 4, "same-time good": 2,
        }  # fmt: skip
        way = self.rng.choices(list(ways), list(ways.values()))[0].split()
        minutes = sorted(self.rng.sample(range(1, 40_000), len(way)), reverse=True)
        for i, (kind, before) in enumerate(zip(way, minutes, strict=True)):
            if kind == "silent":
                return
            file = self.file(member, cycle, kind, f"{'zyx'[i] if chance(self.rng, 0.5) else 'abc'[i]}.zip")
            due = self.due(cycle)
            shift = {"late": timedelta(minutes=1), "edge": self.rng.choice([timedelta(0), timedelta(seconds=1), timedelta(days=7), timedelta(days=7, seconds=1), timedelta(days=10)])}
            shift["too-late"] = timedelta(days=45, minutes=i)
            file.received = due + shift.get(kind, -timedelta(minutes=5_000 if "same-time" in way else before))
            self.world.files.append(file)

    def due(self, cycle: int) -> datetime:
        """The common due date, in UTC."""
        return datetime.fromisoformat(self.world.cycles[cycle]["due"]).replace(tzinfo=ZoneInfo(self.world.timezone)).astimezone(UTC)

    def file(self, member: Record, cycle: int, kind: str, name: str) -> File:
        rng = self.rng
        cover = {"contract": CONTRACT.lower() if chance(rng, 0.1) else CONTRACT, "cycle": CODES[cycle], "member": member["member"]}
        decimal = member["decimal"]
        if chance(rng, 0.2):
            decimal = cover["decimal"] = rng.choice(".,")
        if kind in ("programme", "finance"):
            cover["part"] = kind
        if kind == "nil":
            cover["nil"] = rng.choice(["yes", "oui", "sí", "sim"])
        workbook = chance(rng, 0.06 * self.thin)
        file = File(member["member"], CODES[cycle], name, self.due(cycle), cover, {}, workbook=workbook, delimiter=rng.choice(",;"))
        maker = Rows(rng, self, cycle, member["member"], decimal, workbook)
        if kind not in ("finance", "nil"):
            file.sheets["activities"] = maker.activities()
            file.sheets["indicators"] = maker.indicators()
        if kind not in ("programme", "nil") or chance(rng, 0.1):
            file.sheets["expenditure"] = maker.expenditure()
        if kind == "rejected":
            self.spoil(file)
        write(rng, file)
        return file

    def spoil(self, file: File) -> None:
        """Makes it one that is rejected."""
        match self.rng.choice(["contract", "cycle", "member", "key", "sheet", "column", "unreadable"]):
            case "key":
                del file.cover["contract"]
            case "sheet":
                del file.sheets[self.rng.choice(["activities", "indicators", "expenditure"])]
            case "column":
                name, column = self.rng.choice([("activities", "sdg"), ("indicators", "country"), ("expenditure", "amount")])
                file.sheets[name].columns.remove(column)
            case "unreadable":
                file.readable = False
            case key:
                file.cover[key] = {"contract": "OTHER/1", "cycle": CODES[CODES.index(file.cycle) - 1], "member": "nobody"}[key]


@dataclass
class Rows:
    """The rows of one file."""

    rng: random.Random
    inbox: Inbox
    cycle: int
    member: str
    decimal: str
    workbook: bool

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def fault(self) -> bool:
        return self.chance(self.inbox.faults)

    def sheet(self, columns: Sequence[str], rows: Sequence[Cells]) -> Sheet:
        ordered = [*columns, "note of our own"] if self.chance(0.2) else list(columns)
        if self.chance(0.3):
            self.rng.shuffle(ordered)
        return Sheet(ordered, [(0, row) for row in rows])

    # --- cells

    def number(self, value: Decimal | int) -> Cell:
        """A number as this file writes it, perhaps grouped, or none."""
        if self.fault():
            return self.rng.choice([*NO_NUMBERS, *PLACEHOLDERS, "23,14", "23.14", "7,5", "7.5", ".5", "1 234 56", "1,23,456", "-"])
        value = Decimal(value)
        if self.workbook and self.chance(0.6):
            return value
        digits = f"{abs(value):f}"
        whole, _, decimals = digits.partition(".")
        if self.chance(0.5) and len(whole) > 3:
            whole = f"{int(whole):,}".replace(",", self.rng.choice([" ", "\u00a0", "'", "," if self.decimal == "." else "."]))
        if not decimals and self.chance(0.1):
            decimals = "0"
        return ("-" if value < 0 else "") + whole + (self.decimal + decimals if decimals else "")

    def day(self, day: date) -> Cell:
        if self.fault():
            return self.rng.choice(["31/02/2019", "12/31/2019", "spring", "2019-13-01", "#REF!", ""])
        if self.workbook and self.chance(0.6):
            return day
        return self.rng.choice([day.isoformat(), f"{day:%d/%m/%Y}"])

    def code(self, code: str, title: str = "") -> str:
        if self.fault():
            return self.rng.choice([*JUNK, "", "n/a", "#N/A"])
        return self.rng.choice([code] * 6 + [code.lower(), code.upper(), f" {code} ", f"{code} – {title or 'a label'}"])

    def days(self) -> tuple[date, date]:
        """Start and end, mostly in the cycle."""
        cycle = self.inbox.world.cycles[self.cycle]
        first, last = date.fromisoformat(cycle["start"]), date.fromisoformat(cycle["end"])
        start = first + timedelta(days=self.rng.randint(0, (last - first).days))
        end = start + timedelta(days=self.rng.choice([0, 1, 3, 40]))
        if self.fault():
            return self.rng.choice([(end + timedelta(days=1), start), (first - timedelta(days=40), first - timedelta(days=1)), (last + timedelta(days=1), last + timedelta(days=9))])
        if self.chance(0.1):
            return first - timedelta(days=9), first
        return start, end

    # --- activities

    def activities(self) -> Sheet:
        columns = ["activity", "title", "type", "start", "end", "country", "result", "sdg", "women", "men", "other", "unknown", "status", "joint", "lead", "sensitivity"]
        numbers = self.rng.sample(range(1, 7), round(self.rng.randint(0, 5) * self.inbox.thin))
        joints = self.rng.sample(["J1", "J2", "J3"], 3)
        rows = [self.activity(f"A{number}", joints) for number in numbers]
        if rows and self.fault():
            rows.append(rows[0] | {"activity": str(rows[0]["activity"]).swapcase(), "women": self.number(77)})
        return self.sheet(columns, rows)

    def activity(self, code: str, joints: list[str]) -> Cells:
        rng = self.rng
        start, end = self.days()
        status = rng.choice(["", "", "done", "done", "ongoing", "unplanned", "postponed", "cancelled", "Done"])
        undated = status in ("postponed", "cancelled") and self.chance(0.4)
        if status == "postponed" and self.chance(0.5):
            start, end = start + timedelta(days=200), end + timedelta(days=200)
        joint = ""
        if joints and self.chance(0.25):
            joint = joints[-1] if self.chance(0.1) else joints.pop()
        people = {name: self.people() for name in ("women", "men", "other", "unknown") if self.chance(0.7)}
        return people | {
            "activity": rng.choice([code, code, code.lower()]), "title": "" if self.fault() else rng.choice(TITLES), "type": self.code(rng.choice(["event", "training", "sub-grant"])),
            "start": None if undated else self.day(start), "end": None if undated else self.day(end), "country": self.code(rng.choice(COUNTRIES)),
            "result": self.code(rng.choice(self.results()), "A result"), "sdg": self.sdg(), "status": "finished" if self.fault() else status,
            "joint": rng.choice([joint, joint.lower()]), "lead": "perhaps" if self.fault() else rng.choice(["", "", "yes", "no", "sim"]),
        }  # fmt: skip

    def results(self) -> list[str]:
        return sorted({row["result"] for row in self.logframe().values()}) or ["Op0"]

    def logframe(self) -> dict[str, Record]:
        """The rows valid in this cycle, as the operator meant them."""
        found = {}
        for row in self.inbox.world.tables["logframe"]:
            since, until = (CODES.index(row[name]) if row[name] else default for name, default in (("from", 0), ("to", 2)))
            if since <= self.cycle <= until:
                found[row["indicator"]] = row
        return found

    def people(self) -> Cell:
        if self.fault():
            return self.rng.choice(["-3", "2.5", "2,5", "many", "0.0", "0,0"])
        return self.number(self.rng.choice([0, self.rng.randint(1, 80), self.rng.randint(1000, 3000)]))

    def sdg(self) -> Cell:
        rng = self.rng
        if self.fault():
            bad: list[Cell] = ["18", "8.99", "SDG?", "8.8=60; 5.5=30", "8.8=60; 5.5", "8.8=0; 5.5=100", "8.8=-20; 5.5=120", "", "1;2;3;4;5;6;7;8;9;10;11", "8.8, 5.5"]
            return rng.choice([*bad, Decimal("8.1"), Decimal("17.1"), date(2019, 8, 8)]) if self.workbook else rng.choice(bad)
        if self.workbook and self.chance(0.3):
            return rng.choice([Decimal("8.8"), Decimal("5"), Decimal("16.7")])
        codes = rng.sample(SDGS, rng.choice([1, 1, 2, 3, 4, 10]))
        if self.chance(0.5):
            cuts = sorted(rng.sample(range(1, 100), len(codes) - 1))
            shares = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
            if 100 % len(codes) == 0 and self.chance(0.3):
                shares = [100 // len(codes)] * len(codes)
            return "; ".join(f"{code}={share}" for code, share in zip(codes, shares, strict=True))
        return rng.choice(["; ", ";"]).join(codes)

    # --- expenditure

    def expenditure(self) -> Sheet:
        columns = ["heading", "country", "payment_date", "currency", "amount", "activity", "supplier", "document", "invoice_date", "recipient", "description"]
        rows = [self.payment(number) for number in range(round(self.rng.randint(0, 8) * self.inbox.thin))]
        if rows and self.chance(0.1):
            rows.append(dict(rows[-1]))
        return self.sheet(columns, rows)

    def payment(self, number: int) -> Cells:
        rng = self.rng
        headings = [*"1123456", *(row["heading"] for row in self.inbox.world.tables["budget"] if row["heading"] != "10")]
        amount = Decimal(rng.choice([rng.randint(1, 99_999), rng.randint(100_000, 90_000_000), -rng.randint(1, 50_000), 0])) / 100
        return {
            "heading": rng.choice(["7", "10", "0", "9.9", "12"]) if self.fault() else rng.choice(headings), "country": self.code(rng.choice(COUNTRIES)), "payment_date": self.day(self.paid()),
            "currency": self.code(rng.choice(CURRENCIES)), "amount": self.number(amount), "activity": rng.choice(["", *(f"A{n}" for n in range(1, 8)), "a2", "Z9", "A3 – Training"]),
            "supplier": rng.choice(["Hotel", ""]), "document": f"D{number}", "invoice_date": self.day(self.paid()) if self.chance(0.2) else "", "recipient": rng.choice(["", "R1"]),
        }  # fmt: skip

    def paid(self) -> date:
        cycle = self.inbox.world.cycles[self.cycle]
        first, last = date.fromisoformat(cycle["start"]), date.fromisoformat(cycle["end"])
        if self.fault():
            return self.rng.choice([date(2018, 12, 31), last + timedelta(days=1), last + timedelta(days=31), last + timedelta(days=32), last + timedelta(days=200)])
        if self.chance(0.1):
            return self.rng.choice([first - timedelta(days=1), date(2019, 1, 1), first, last])
        return first + timedelta(days=self.rng.randint(0, (last - first).days))

    # --- indicators

    def indicators(self) -> Sheet:
        columns = ["indicator", "country", "value", "numerator", "denominator", "date", "comment", *DIMENSIONS]
        valid = self.logframe()
        rows: list[Cells] = []
        for row in {row["indicator"]: row for row in self.inbox.world.tables["logframe"]}.values():
            if self.chance(0.25) or not (row["indicator"] in valid or self.chance(0.1)):
                continue
            for country in self.rng.sample(COUNTRIES, self.rng.choice([1, 1, 2, 3]) if self.inbox.thin == 1 else 1):
                rows += self.contribution(valid.get(row["indicator"], row), country)
        if self.chance(0.5):
            self.rng.shuffle(rows)
        return self.sheet([c for c in columns if c not in DIMENSIONS or self.chance(0.97) or any(row.get(c) for row in rows)], rows)

    def contribution(self, row: Record, country: str) -> list[Cells]:
        """The rows of one indicator and country: a total, slices, crossings, which fit one another or not."""
        rng = self.rng
        dims = {part.split(":")[0].strip(): part.split(":")[1].split("|") for part in row["disaggregation"].split(";") if part.strip()}
        base = {combination: self.amount(row) for combination in product(*([(name, c) for c in dims[name]] for name in dims))}
        slices: dict[tuple[Any, ...], Decimal] = {}
        for size in range(len(dims) + 1):
            for names in combinations(dims, size):
                if chance(rng, {0: 0.7, 1: 0.55}.get(size, 0.35)):
                    slices |= self.group(dims, names, base)
        rows = []
        for slice_, value in slices.items():
            cells = self.figure(row, value) | {"indicator": self.code(row["indicator"], row["title"]), "country": self.code(country, "a country")}
            cells |= {name: self.code(category) for name, category in slice_}
            if self.fault():
                cells |= {rng.choice(list(DIMENSIONS)): rng.choice(["female", "30+", "with", "femle"])}
            if self.fault():
                cells["date"] = self.day(date(2019, 5, 1))
            rows.append(cells)
            if self.chance(0.03 + self.inbox.faults / 4):
                rows.append(cells | rng.choice([{}, {}, {"comment": "again"}, self.figure(row, value), self.figure(row, value + 1)]))
        return rows

    def group(self, dims: dict[str, list[str]], names: Sequence[str], base: dict[tuple[Any, ...], Decimal]) -> dict[tuple[Any, ...], Decimal]:
        """The slices that fill these dimensions: sums of the base, perhaps with one missing or too large."""
        rng = self.rng
        found = {}
        gaps, off = rng.choice([0.0, 0.0, 0.15]), rng.choice([0, 0, 0, -1, 1])
        for combination in product(*([(name, c) for c in dims[name]] for name in names)):
            if chance(rng, gaps) or (any(c == "unknown" for _, c in combination) and chance(rng, 0.4)):
                continue
            found[combination] = sum((value for key, value in base.items() if set(combination) <= set(key)), Decimal(0))
        if found and off:
            key = rng.choice(list(found))
            found[key] = max(found[key] + off * rng.randint(1, 9), Decimal(0))
        return found

    def amount(self, row: Record) -> Decimal:
        rng = self.rng
        whole = rng.choice([0, rng.randint(0, 40), rng.randint(0, 40), rng.randint(900, 2500)])
        if row["measure"] == "people":
            return Decimal(whole)
        return Decimal(whole * 100 + rng.choice([0, 0, 25, 10, 7])) / 100 * (-1 if chance(rng, 0.04) else 1)

    def figure(self, row: Record, value: Decimal) -> Cells:
        rng = self.rng
        match row["measure"]:
            case "qualitative":
                return {"comment": rng.choice(["Better", "Worse", "", "=1+1", "n/a"])}
            case "yes_no":
                return {"value": "perhaps" if self.fault() else rng.choice(["yes", "no", "oui", "Sí", "não", "Non", ""])}
            case "percentage":
                return self.percentage()
            case "people" if self.fault():
                return {"value": rng.choice(["-4", "3.5", "3,5"])}
        extra = {"numerator": self.number(3)} if self.chance(0.02) else {}
        return {"value": self.number(value), "comment": rng.choice(["", "", "As agreed"])} | extra

    def percentage(self) -> Cells:
        rng = self.rng
        if self.fault():
            n, d = rng.choice([("1", "0"), ("6", "5"), ("", "4"), ("3", ""), ("3", "-5"), ("TBD", "7"), ("x", "7")])
            return {"numerator": n, "denominator": d, "value": self.number(50)}
        if self.chance(0.15):
            return {"value": self.number(Decimal(rng.randint(0, 1000)) / 10)}
        d = rng.choice([0, 7, 40, 2500, rng.randint(1, 90)])
        n = rng.randint(0, d)
        pair: Cells = {"numerator": self.number(n), "denominator": self.number(d)}
        return pair | ({"value": self.number(99)} if self.chance(0.2) else {})


# --- writing files ----------------------------------------------------------------------------------------------------


def write(rng: random.Random, file: File) -> None:
    """Gives the file its bytes, and every row its number."""
    above = {name: rng.choice([0, 0, 0, 1, 3]) for name in file.sheets}
    file.cover["prepared_by"] = f"{file.member} {rng.random()}"  # so that no two files are the same
    if not file.readable:
        file.data = f"not a workbook {file.cover['prepared_by']}".encode()
    elif file.workbook:
        file.name = file.name.replace(".zip", ".xlsx")
        file.data = _workbook(file, above)
    else:
        file.data = _zip(file, above)
    file.submission = hashlib.sha256(file.data).hexdigest()[:12]


def _zip(file: File, above: dict[str, int]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("cover.csv"), _records([list(pair) for pair in file.cover.items()], ",")[0])
        for name, sheet in file.sheets.items():
            top = [["What we did"]] * min(above[name], 1) + [[""]] * (above[name] - 1)
            rows = [[_text(row.get(column)) for column in sheet.columns] for _, row in sheet.rows]
            text, lines = _records([*top, sheet.columns, *rows], file.delimiter)
            sheet.rows = [(line, cells) for line, (_, cells) in zip(lines[len(top) + 1 :], sheet.rows, strict=True)]
            archive.writestr(zipfile.ZipInfo(f"{name}.csv"), text)
    return out.getvalue()


def _text(cell: Cell) -> str:
    return "" if cell is None else cell if isinstance(cell, str) else str(cell)


def _records(rows: Sequence[Sequence[str]], delimiter: str) -> tuple[str, list[int]]:
    """CSV, and the line on which each record begins."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    lines = []
    for row in rows:
        lines.append(out.getvalue().count("\n") + 1)
        writer.writerow(row)
    return out.getvalue(), lines


def _workbook(file: File, above: dict[str, int]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": datetime(2019, 1, 1)})
        as_day = book.add_format({"num_format": "dd/mm/yyyy"})
        cover = book.add_worksheet("cover")
        for i, (key, value) in enumerate(file.cover.items()):
            cover.write_row(i, 0, [key, value])
        for name, sheet in file.sheets.items():
            page, first = book.add_worksheet(name), above[name]
            page.write_row(first, 0, sheet.columns)
            for place, (_, cells) in enumerate(sheet.rows, start=first + 1):
                for column, title in enumerate(sheet.columns):
                    match cells.get(title):
                        case str(words) if words:
                            page.write_string(place, column, words)
                        case Decimal() as number:
                            page.write_number(place, column, float(number))
                        case date() as day:
                            page.write_datetime(place, column, datetime(day.year, day.month, day.day), as_day)
            sheet.rows = [(number, cells) for number, (_, cells) in enumerate(sheet.rows, start=first + 2)]
    return out.getvalue()
