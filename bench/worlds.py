"""Stores of networks of any size, for measurements: python -m bench.worlds FOLDER MEMBERS [--cycles N] [--rows N]

The sample's contract, logframe, plan and rates with so many members in forty countries, whose money the budget grows with. Each sends one file a cycle: eight
of ten an .xlsx, one an .ods, one a .zip of CSV, with headings in its language; 1,000 rows, of which 200 are activities, some 190 figures in three countries, the
rest payments, and answers to two guiding questions. Each makes the same eight mistakes, which give findings and reject nothing. The same bytes every time."""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

from bench.read import packed
from domain.sample.agreement import BUDGET, CONTRACT, CYCLES, MEMBERS, PLAN, SampleMember, agreement_files, between, indicators, pick, rate
from domain.sample.files import Table, ods, xlsx, zipped_csv
from domain.schema import COVER_KEYS, COVER_LABELS, DIMENSION_LABELS, SHEETS, sheet

ROWS = 1_000
"""Of a member's file: activities, figures and payments together."""
ACTIVITIES = 200
COUNTRIES = {
    "en": ["KE", "UG", "TZ", "GH", "ZM", "ZW", "ZA", "NG", "IN", "PK", "NP", "LK", "KH", "PH"],
    "fr": ["BF", "SN", "ML", "NE", "TG", "BJ", "CI", "CM", "MG", "TD"],
    "es": ["BO", "CO", "GT", "SV", "HN", "NI", "PE", "EC", "PY", "AR", "MX"],
    "pt": ["MZ", "AO", "CV", "GW", "BR"],
}
TITLES = {
    "en": ("Training of delegates in {place}, group {n}", "Dialogue with the labour office of {place}, {n}", "Public forum on decent work in {place}, {n}"),
    "fr": ("Formation des délégués à {place}, groupe {n}", "Dialogue avec l’inspection du travail de {place}, {n}", "Forum public sur le travail décent à {place}, {n}"),
    "es": ("Formación de delegadas en {place}, grupo {n}", "Diálogo con la inspección de trabajo de {place}, {n}", "Foro público sobre trabajo decente en {place}, {n}"),
    "pt": ("Formação de delegadas em {place}, grupo {n}", "Diálogo com a inspeção do trabalho de {place}, {n}", "Fórum público sobre trabalho digno em {place}, {n}"),
}
TOLD = {
    "en": "In {place} the committees met every month and took {n} proposals to the authorities, which answered two of them in writing; women chaired most of these meetings. ",
    "fr": "À {place} les comités se sont réunis chaque mois et ont porté {n} propositions aux autorités, qui ont répondu par écrit à deux d’entre elles. ",
    "es": "En {place} los comités se reunieron cada mes y llevaron {n} propuestas a las autoridades, que respondieron por escrito a dos de ellas. ",
    "pt": "Em {place} os comités reuniram-se todos os meses e levaram {n} propostas às autoridades, que responderam por escrito a duas delas. ",
}
TYPES = ("event", "training", "dialogue", "campaign", "research", "publication", "network", "other")
SEXES, AGES = ("female", "male", "unknown"), ("15-29", "30+", "unknown")
_LINES = tuple(heading for heading, *_ in BUDGET if heading not in ("6", "10"))

Row = dict[str, Any]


# --- the agreement ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Member:
    """`like` a member of the sample, but with its own code, name and country; the `nth` of its country."""

    number: int
    like: SampleMember
    nth: int

    @property
    def also_in(self) -> Sequence[str]:
        """Three countries it works in, its own first."""
        there = COUNTRIES[self.like.language]
        first = there.index(self.like.country) if self.like.country in there else 0
        return [self.like.country, *(there[(first + step) % len(there)] for step in (1, 2))]


def made_members(number: int) -> list[Member]:
    """The coordination, then copies of the sample's others; each of a language in the next of its countries."""
    made, of_language, of_country = [Member(0, MEMBERS[0], 0)], Counter[str](), Counter[str]()
    for n in range(1, number):
        like = MEMBERS[1 + (n - 1) % (len(MEMBERS) - 1)]
        there = COUNTRIES[like.language]
        country = there[of_language[like.language] % len(there)]
        own = replace(like, code=f"{like.code}-{n:04}", name=f"{like.name} {n}", country=country, from_="", to="")
        made.append(Member(n, own, of_country[country]))
        of_language[like.language] += 1
        of_country[country] += 1
    return made


def made_agreement(members: Sequence[Member]) -> dict[str, bytes]:
    """The sample's, nothing of it about single members, with these ones and a budget as many times as large as they are more."""
    files = {key: data for key, data in agreement_files(due_ahead=True).items() if key.startswith("agreement/") and "assignments" not in key and "subgrants" not in key}
    more = Decimal(len(members)) / len(MEMBERS) * 10
    rows = [(m.code, m.name, m.country, m.language, m.decimal, f"reports@{m.code}.example", m.role, m.sensitivity) for m in (member.like for member in members)]
    files["agreement/members.csv"] = "\n".join(["member,name,country,language,decimal,email,role,sensitivity", *(",".join(f'"{cell}"' for cell in row) for row in rows)]).encode()
    files["agreement/budget.csv"] = "\n".join(["heading,amount_eur,description", *(f'{heading},{Decimal(amount) * more:.2f},"{told}"' for heading, amount, told in BUDGET)]).encode()
    files["agreement/agreement.yaml"] = files["agreement/agreement.yaml"].replace(b"1500000.00", f"{Decimal(1_500_000) * more:.2f}".encode())
    return files


# --- what a member reports --------------------------------------------------------------------------------------------


def _valid(code: str) -> list[dict[str, str]]:
    """The logframe's rows in a cycle."""
    return [i for i in indicators() if (i["from"] or code) <= code <= (i["to"] or code)]


@cache
def _plan(code: str) -> list[tuple[str, ...]]:
    """The planned activities whose result the logframe has in a cycle."""
    results = {i["indicator"].rpartition("-")[0] for i in _valid(code)}
    return [row for row in PLAN if row[1] in results]


def activity_rows(member: Member, cycle: int) -> Iterator[Row]:
    """No two of a country are alike in type and dates: they would be suspected to be one. The sixtieth has an SDG that does not exist, the seventieth two codes."""
    _, first, _, _ = CYCLES[cycle]
    m = member.like
    for n in range(1, ACTIVITIES + 1):
        about = (m.code, cycle, n)
        order = member.nth * ACTIVITIES + n
        start = first + timedelta(days=order // len(TYPES) % 150)
        plan, result, _, _, _, _, _, sdg = pick(_plan(CYCLES[cycle][0]), "plan", *about)
        row: Row = {
            "activity": f"{'AB'[cycle]}{n:03}", "title": pick(TITLES[m.language], "title", *about).format(place=pick(m.places, *about), n=n), "type": TYPES[order % len(TYPES)],
            "start": start, "end": start + timedelta(days=order // (len(TYPES) * 150)), "country": m.country, "result": result, "sdg": sdg, "plan": plan,
            "women": between(5, 60, "women", *about), "men": between(5, 40, "men", *about), "unknown": between(0, 3, "unknown", *about), "status": "done",
            "outcome": TOLD[m.language].format(place=pick(m.places, *about), n=between(1, 9, "told", *about)).strip(), "partners": f"Union {between(1, 40, 'partner', *about)}",
        }  # fmt: skip
        if n % 40 == 0:
            row |= {"status": "postponed", "deviation": TOLD[m.language].format(place=m.places[0], n=n).strip(), "start": None, "end": None, "women": None, "men": None, "unknown": None}
        yield row | ({"sdg": "8.99"} if n == 60 else {"activity": f"{'AB'[cycle]}069"} if n == 70 else {})


def figure_rows(member: Member, cycle: int) -> Iterator[Row]:
    """Every indicator of the logframe in three countries, by sex, age and both where it asks for them. In the last country a total of people is one short."""
    code = CYCLES[cycle][0]
    for country in member.also_in:
        for indicator in _valid(code):
            about = (member.like.code, code, country, indicator["indicator"])
            base: Row = {"indicator": indicator["indicator"], "country": country, "source": indicator["source"]}
            for figures in _figures(indicator, member.like.language, member.like.places, about):
                short = indicator["indicator"] == "Op2.1-b" and country == member.also_in[-1] and "sex" not in figures
                yield base | figures | ({"value": figures["value"] - 1} if short else {})


def _figures(indicator: Row, language: str, places: Sequence[str], about: tuple[str, ...]) -> Iterator[Row]:
    by_sex, by_age = "SEX" in indicator["disaggregation"], "AGE" in indicator["disaggregation"]
    match indicator["measure"]:
        case "yes_no":
            yield {"value": {"en": "yes", "fr": "oui", "es": "sí", "pt": "sim"}[language]}
        case "qualitative":
            yield {"comment": TOLD[language].format(place=pick(places, *about), n=between(1, 9, *about)).strip()}
        case "percentage":
            for sex in (None, *SEXES[:2]) if by_sex else (None,):
                of = between(20, 60, "of", str(sex), *about)
                yield ({"sex": sex} if sex else {}) | {"numerator": between(10, of, str(sex), *about), "denominator": of}
        case "people" if by_sex:
            counted = {(sex, age): between(5, 30, sex, age, *about) for sex in SEXES for age in (AGES if by_age else ("",))}
            yield {"value": sum(counted.values())}
            yield from ({"sex": sex, "value": sum(n for key, n in counted.items() if key[0] == sex)} for sex in SEXES)
            if by_age:
                yield from ({"age": age, "value": sum(n for key, n in counted.items() if key[1] == age)} for age in AGES)
                yield from ({"sex": sex, "age": age, "value": n} for (sex, age), n in counted.items())
        case "money":
            yield {"value": between(2_000, 4_000, *about)}
        case _:
            yield {"value": between(4, 9, *about)}


def payment_rows(member: Member, cycle: int) -> Iterator[Row]:
    """Payments without end. Of every thousand one has no document, one no known activity, one a text for its amount, one comes twice, one is a correction."""
    _, first, last, _ = CYCLES[cycle]
    m = member.like
    for n in itertools.count(1):
        about = (m.code, cycle, n)
        paid = first + timedelta(days=between(0, (last - first).days, "paid", *about))
        currency = "EUR" if n % 10 == 0 else m.currency
        amount = (Decimal(between(4_000, 150_000, "amount", *about)) / 100 * rate(f"{paid:%Y-%m}", currency)).quantize(Decimal("0.01"))
        row: Row = {
            "heading": pick(_LINES, "heading", *about), "country": pick(member.also_in, *about), "payment_date": paid, "currency": currency, "amount": amount,
            "activity": f"{'AB'[cycle]}{between(1, 39, 'for', *about):03}", "supplier": f"Supplier {between(1, 60, 'supplier', *about)}", "document": f"{m.currency}-{cycle}-{n:05}",
            "invoice_date": paid - timedelta(days=between(0, 20, "invoiced", *about)), "description": f"As invoiced, item {n}",
        }  # fmt: skip
        match n % 1_000:
            case 50:
                yield row | {"document": None}
            case 60:
                yield row | {"activity": "Z9"}
            case 70:
                yield row | {"amount": "approx. 50"}
            case 80:
                yield from (row, row)
            case 90:
                yield row | {"amount": -amount}
            case 100 | 110:
                yield row | {"heading": "6", "recipient": f"R-{m.code}-{n}"}
            case _:
                yield row


def answers(member: Member, cycle: int) -> list[Row]:
    m = member.like
    return [
        {"section": section, "text": "".join(TOLD[m.language].format(place=place, n=between(1, 9, section, m.code, place)) for place in m.places)}
        for section in ("changed", "obstacles")
    ]  # fmt: skip


# --- the file ---------------------------------------------------------------------------------------------------------


def _table(name: str, rows: Sequence[Row], language: str) -> Table:
    schema = sheet(name)
    columns = [*(column.name for column in schema.columns), *(("sex", "age") if name == "indicators" else ())]
    used = [column for column in columns if any(row.get(column) is not None for row in rows)]
    return [[(DIMENSION_LABELS.get(column) or schema.column(column).labels)[language][0] for column in used], *([row.get(column) for column in used] for row in rows)]


def made_file(member: Member, cycle: int, rows: int = ROWS) -> tuple[str, bytes]:
    """(key, content) of what a member sends."""
    m, code = member.like, CYCLES[cycle][0]
    figures = list(figure_rows(member, cycle))
    activities = list(activity_rows(member, cycle))
    paid = list(itertools.islice(payment_rows(member, cycle), rows - len(figures) - len(activities)))
    ending, write = {3: ("ods", ods), 7: ("zip", zipped_csv)}.get(member.number % 10, ("xlsx", xlsx))
    said = {"contract": CONTRACT, "cycle": code, "member": m.code, "decimal": "," if ending == "zip" else m.decimal}
    keys = {column.name: column.labels[m.language][0] for column in COVER_KEYS}
    tables: dict[str, Table] = {COVER_LABELS[m.language][0]: [[keys[name], value] for name, value in said.items()]}
    for name, of_sheet in (("activities", activities), ("indicators", figures), ("expenditure", paid), ("narrative", answers(member, cycle))):
        labels = next(schema.labels for schema in SHEETS if schema.name == name)
        tables[labels[m.language][0]] = _table(name, of_sheet, m.language)
    return f"inbox/{code}/{m.code}/report {code}.{ending}", packed(write(tables))


def _put(root: Path, cycle: int, rows: int, member: Member) -> int:
    key, content = made_file(member, cycle, rows)
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return len(content)


def make_world(root: Path, number: int, cycles: int = 1, rows: int = ROWS, told: Callable[[str], None] = lambda said: None) -> int:
    """Writes the store of a network of so many members; what is there already is left, if a file says it is whole. Gives the bytes of the members' files."""
    whole = root.with_name(f"{root.name}.whole")
    if whole.exists():
        return int(whole.read_text())
    members = made_members(number)
    for key, content in made_agreement(members).items():
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(content)
    total = 0
    with multiprocessing.Pool() as pool:
        for cycle in range(cycles):
            for n, size in enumerate(pool.imap(partial(_put, root, cycle, rows), members, chunksize=4), 1):
                total += size
                if n % 100 == 0:
                    told(f"{n} of {number} files of {CYCLES[cycle][0]}")
    whole.write_text(str(total))
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("members", type=int)
    parser.add_argument("--cycles", type=int, choices=(1, 2), default=1)
    parser.add_argument("--rows", type=int, default=ROWS)
    arguments = parser.parse_args()
    total = make_world(arguments.folder, arguments.members, arguments.cycles, arguments.rows, lambda said: print(said, flush=True))
    print(f"{arguments.members} members' files, {total / 1e6:.1f} MB, in {arguments.folder}")


if __name__ == "__main__":
    main()
