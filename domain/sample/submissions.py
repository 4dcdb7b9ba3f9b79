"""The sample's submissions: what members would send, mistakes included."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.sample.agreement import CONTRACT, CYCLES, LOGFRAME, MEMBERS, TAKES_PART, SampleMember, agreement_files, rate
from domain.sample.files import SampleFile, Table, ods, xlsx, zipped_csv
from domain.schema import COVER_KEYS, COVER_LABELS, DIMENSION_LABELS, SHEETS, sheet

INDICATORS = [dict(zip(LOGFRAME.splitlines()[0].split("|"), line.split("|"), strict=True)) for line in LOGFRAME.splitlines()[1:]]
DIRECT_EUR, SPENT = 1_800_000, (0.24, 0.27, 0.25)
"""The direct budget, and which part of it is spent in each cycle."""
SPENDING = (("1.1.1", 26, "salary"), ("1.1.2", 6, "salary"), ("1.3.2", 7, "per diem"), ("2", 17, "transport"), ("3", 3, "equipment"), ("4", 7, "office"),
            ("5.2", 7, "study"), ("5.7", 13, "seminar"), ("5.8", 3, "prints"), ("6", 14, "grant"))  # fmt: skip
"""Heading, share in percent of a member's spending, and kind. Travel is spent faster than planned."""

WORDS = {
    "en": {
        "training": "Training on labour rights", "dialogue": "Round table with the ministry of labour", "research": "SDG monitor: data and drafting", "campaign": "Campaign for a living wage",
        "event": "Public forum on decent work", "network": "Meeting of the national SDG platform", "publication": "Launch of the SDG monitor", "salary": "Salaries", "per diem": "Per diems",
        "transport": "Transport", "equipment": "Laptop", "office": "Rent and supplies", "study": "Study", "seminar": "Venue and catering", "prints": "Banners and prints", "grant": "Small grant",
        "supplier": ["Umoja Supplies", "City Travel", "Greenfield Printing", "Harbour Hotel", "Payroll", "Metro Office"],
        "cancelled": "Cancelled: the venue was closed by the authorities two days before.", "postponed": "Postponed to the next cycle because of the elections.",
        "changed": "The ministry now invites us to its yearly review of labour inspection; it did not before. The minutes name our monitor.",
        "not-done": "Two of five district meetings were not held, since roads were closed in the rainy season.", "obstacles": "Prices of transport rose; we combined visits.",
        "cooperation": "We met the EU delegation twice and shared the draft monitor with it.", "visibility": "The emblem stood on all prints and on the screen at every event.",
        "change": "Parliament raised the minimum wage of domestic workers", "who": "Parliament, labour committee", "ours": "Evidence of the SDG monitor, two hearings", "text": "Relations became regular: a focal point was named.",
    },
    "fr": {
        "training": "Formation sur les droits au travail", "dialogue": "Table ronde avec le ministère du Travail", "research": "Baromètre ODD : données et rédaction", "campaign": "Campagne pour un salaire vital",
        "event": "Forum public sur le travail décent", "network": "Réunion de la plateforme nationale ODD", "publication": "Lancement du baromètre ODD", "salary": "Salaires", "per diem": "Indemnités journalières",
        "transport": "Transport", "equipment": "Ordinateur portable", "office": "Loyer et fournitures", "study": "Étude", "seminar": "Salle et restauration", "prints": "Banderoles et imprimés", "grant": "Petite subvention",
        "supplier": ["Imprimerie du Fleuve", "Hôtel du Baobab", "Transports Réunis", "Librairie Centrale", "Paie", "Étude & Conseil"],
        "cancelled": "Annulée : la salle a été fermée par les autorités deux jours avant.", "postponed": "Reportée au cycle suivant en raison des élections.",
        "changed": "Le ministère nous associe désormais à la revue annuelle de l’inspection du travail. Le procès-verbal cite notre baromètre.",
        "not-done": "Deux réunions de cercle sur cinq n’ont pas eu lieu, les routes étant coupées.", "obstacles": "Le prix du transport a augmenté ; nous avons regroupé les déplacements.",
        "cooperation": "Nous avons rencontré deux fois la délégation de l’UE et lui avons remis le projet de baromètre.", "visibility": "L’emblème figurait sur tous les imprimés et à l’écran.",
        "change": "Le code de sécurité sociale couvre les travailleuses domestiques", "who": "Assemblée nationale", "ours": "Note d’analyse, audition en commission", "text": "Les relations sont devenues régulières : un point focal a été nommé.",
    },
    "es": {
        "training": "Taller sobre derechos laborales", "dialogue": "Mesa de diálogo con el ministerio de Trabajo", "research": "Monitor ODS: datos y redacción", "campaign": "Campaña por un salario digno",
        "event": "Foro público sobre trabajo decente", "network": "Reunión de la plataforma nacional ODS", "publication": "Presentación del monitor ODS", "salary": "Salarios", "per diem": "Viáticos",
        "transport": "Transporte", "equipment": "Computadora portátil", "office": "Alquiler y materiales", "study": "Estudio", "seminar": "Sala y alimentación", "prints": "Mantas e impresos", "grant": "Pequeña subvención",
        "supplier": ["Imprenta La Estrella", "Hotel Los Andes", "Transportes Unidos", "Papelería Central", "Planilla", "Consultores Asociados"],
        "cancelled": "Cancelada: las autoridades cerraron la sala dos días antes.", "postponed": "Aplazada al próximo ciclo por las elecciones.",
        "changed": "El ministerio nos invita ahora a la revisión anual de la inspección laboral. El acta cita nuestro monitor.",
        "not-done": "No se hicieron dos de cinco encuentros municipales por el cierre de carreteras.", "obstacles": "Subió el precio del transporte; juntamos los viajes.",
        "cooperation": "Nos reunimos dos veces con la delegación de la UE y le entregamos el borrador del monitor.", "visibility": "El emblema estuvo en todos los impresos y en pantalla.",
        "change": "El congreso aprobó la ley de salario mínimo para trabajadoras del hogar", "who": "Congreso, comisión laboral", "ours": "Datos del monitor, dos audiencias", "text": "Las relaciones son regulares: se nombró un punto focal.",
    },
    "pt": {
        "training": "Formação sobre direitos laborais", "dialogue": "Mesa-redonda com o Ministério do Trabalho", "research": "Monitor ODS: dados e redação", "campaign": "Campanha por um salário digno",
        "event": "Fórum público sobre trabalho digno", "network": "Reunião da plataforma nacional ODS", "publication": "Lançamento do monitor ODS", "salary": "Salários", "per diem": "Ajudas de custo",
        "transport": "Transporte", "equipment": "Computador portátil", "office": "Renda e material", "study": "Estudo", "seminar": "Sala e refeições", "prints": "Faixas e impressos", "grant": "Pequena subvenção",
        "supplier": ["Gráfica do Índico", "Hotel Palmar", "Transportes Litoral", "Papelaria Central", "Folha salarial", "Estudos e Apoio"],
        "cancelled": "Cancelada: as autoridades fecharam a sala dois dias antes.", "postponed": "Adiada para o ciclo seguinte por causa das eleições.",
        "changed": "O ministério convida-nos agora para a revisão anual da inspeção do trabalho. A ata cita o nosso monitor.",
        "not-done": "Dois de cinco encontros distritais não se realizaram, por estradas cortadas.", "obstacles": "O preço do transporte subiu; juntámos as viagens.",
        "cooperation": "Reunimos duas vezes com a delegação da UE e partilhámos o rascunho do monitor.", "visibility": "O emblema esteve em todos os impressos e no ecrã.",
        "change": "O parlamento alargou a segurança social aos trabalhadores domésticos", "who": "Assembleia da República", "ours": "Dados do monitor, duas audições", "text": "As relações tornaram-se regulares: foi nomeado um ponto focal.",
    },
}  # fmt: skip
KINDS = (("training", "Op1.2", "4.4; 8.6"), ("dialogue", "Op2.1", "16.7=60; 17.17=40"), ("research", "Op1.1", "17.18; 16.10"), ("campaign", "Op2.2", "8.8=60; 10.2=40"),
         ("event", "Op2.2", "8.5; 5.5; 10"), ("network", "Op2.1", "17.17; 16.7"), ("publication", "Op1.1", "17.18"))  # fmt: skip

Rows = dict[str, list[dict[str, Any]]]


@dataclass(slots=True)
class Draft:
    """A submission in the making: rows by sheet, and how it is written down."""

    member: SampleMember
    cycle: str
    start: date
    end: date
    index: int
    rng: random.Random
    rows: Rows = field(default_factory=dict)
    cover: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> Mapping[str, Any]:
        return WORDS[self.member.language]

    def day(self, share: float) -> date:
        return self.start + timedelta(days=int((self.end - self.start).days * share))


# --- clean content ----------------------------------------------------------------------------------------------------


def _activities(draft: Draft) -> list[dict[str, Any]]:
    rows = []
    for number in range(1, 6 + draft.rng.randrange(4)):
        kind, result, sdg = KINDS[(number + draft.rng.randrange(2)) % len(KINDS)]
        start = draft.day(0.08 * number + draft.rng.random() * 0.1)
        women, men = draft.rng.randrange(8, 70), draft.rng.randrange(5, 55)
        rows.append(
            {"activity": f"A{draft.index}.{number}", "title": draft.words[kind], "type": kind, "start": start, "end": start + timedelta(days=draft.rng.randrange(1, 4)),
             "country": draft.member.country, "result": result, "sdg": sdg, "women": women, "men": men, "other": draft.rng.choice([None, None, 1]), "status": "done"}
        )  # fmt: skip
    return rows


def _value(draft: Draft, indicator: Mapping[str, str]) -> int:
    """A plausible size, growing over the cycles where it is one to date."""
    measure, code = indicator["measure"], indicator["indicator"]
    size = {"people": 40, "number": 1, "money": 4000}.get(measure, 1) * (20 if code == "Op2.2-a" else 60 if code == "Op1.1-b" else 1)
    own = draft.member.weight + draft.rng.randrange(2) + 1
    return size * own * (draft.index if indicator["value_kind"] == "cumulative" else 1) + draft.rng.randrange(max(2, size // 4))


def _indicator_rows(draft: Draft, indicator: Mapping[str, str]) -> list[dict[str, Any]]:
    base: dict[str, Any] = {"indicator": indicator["indicator"], "country": draft.member.country}
    match indicator["measure"]:
        case "qualitative":
            return [base | {"comment": draft.words["text"]}]
        case "yes_no":
            return [base | {"value": {"en": "yes", "fr": "oui", "es": "sí", "pt": "sim"}[draft.member.language]}]
        case "percentage":
            denominator = draft.rng.randrange(20, 90)
            return [base | {"numerator": int(denominator * (0.3 + 0.07 * draft.index)), "denominator": denominator}]
        case "number" if indicator["across_members"] == "mean":
            scale = {"Oc2-b": 5, "Op1.2-c": 3}.get(indicator["indicator"], 1)
            return [base | {"value": Decimal(draft.rng.randrange(40, 90)) * scale / 10}]
    total = _value(draft, indicator)
    rows = [base | {"value": total}]
    if "SEX" in indicator["disaggregation"]:
        women = int(total * 0.55)
        rows += [base | {"sex": "female", "value": women}, base | {"sex": "male", "value": total - women - 1}, base | {"sex": "other", "value": 1}]
    if "AGE" in indicator["disaggregation"]:
        rows += [base | {"age": "15-29", "value": int(total * 0.4)}, base | {"age": "30+", "value": total - int(total * 0.4)}]
    return rows


def _indicators(draft: Draft) -> list[dict[str, Any]]:
    position = MEMBERS.index(draft.member)
    order = [cycle[0] for cycle in CYCLES]
    rows = []
    for number, indicator in enumerate(INDICATORS):
        first, last = indicator["from"] or order[0], indicator["to"] or order[-1]
        valid = order.index(first) <= order.index(draft.cycle) <= order.index(last)
        if valid and (position * 5 + number * 3) % len(MEMBERS) < TAKES_PART[indicator["indicator"]]:
            rows += _indicator_rows(draft, indicator)
    return rows


def _expenditure(draft: Draft, activities: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    weights = sum(member.weight for member in MEMBERS if member.role in ("coordinator", "beneficiary", "affiliated-entity"))
    budget = Decimal(DIRECT_EUR) * Decimal(str(SPENT[draft.index - 1])) * draft.member.weight / weights
    rows: list[dict[str, Any]] = []
    for heading, share, kind in SPENDING:
        pieces = 3 if share > 6 else 2
        for piece in range(pieces):
            paid = draft.day(min(0.97, 0.05 + 0.9 * (piece + draft.rng.random()) / pieces))
            per_euro = Decimal(1) if draft.member.currency == "EUR" else Decimal(rate(f"{paid:%Y-%m}", draft.member.currency))
            euros = budget * share / 100 / pieces * Decimal(draft.rng.randrange(90, 111)) / 100
            amount = (euros * per_euro).quantize(Decimal(1) if draft.member.currency in ("XOF", "COP") else Decimal("0.01"))
            activity = draft.rng.choice(activities)["activity"] if activities and kind not in ("salary", "office") else None
            rows.append(
                {"heading": heading, "country": draft.member.country, "payment_date": paid, "currency": draft.member.currency, "amount": amount, "activity": activity,
                 "supplier": draft.rng.choice(draft.words["supplier"]), "document": f"{draft.member.country}-{draft.index}{len(rows) + 1:03d}", "description": draft.words[kind]}
            )  # fmt: skip
    return rows


def _narrative(draft: Draft) -> list[dict[str, Any]]:
    return [{"section": section, "text": draft.words[section], "lang": draft.member.language} for section in ("changed", "not-done", "obstacles", "cooperation", "visibility")]


def _draft(member: SampleMember, index: int) -> Draft:
    cycle, start, end, _ = CYCLES[index - 1]
    draft = Draft(member, cycle, start, end, index, random.Random(f"{member.code} {cycle}"))  # noqa: S311 (a sample, not a secret)
    activities = _activities(draft)
    draft.rows = {
        "activities": activities,
        "indicators": _indicators(draft),
        "expenditure": _expenditure(draft, activities) if member.weight else [],
        "narrative": _narrative(draft),
    }
    draft.cover = {"contract": CONTRACT, "cycle": cycle, "member": member.code, "decimal": member.decimal, "prepared_by": "M&E"}
    return draft


# --- what people do to it ---------------------------------------------------------------------------------------------


def _find(rows: Sequence[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    return next(row for row in rows if all(row.get(key) == value for key, value in wanted.items()))


def _joint(draft: Draft, lead: bool) -> None:
    row = _find(draft.rows["activities"], activity=f"A{draft.index}.2")
    row |= {"joint": f"J{draft.index}-ANDES", "lead": "sí" if lead else "no", "type": "dialogue", "result": "Op2.1", "sdg": "16.7=60; 17.17=40"}


def _not_done(draft: Draft, status: str) -> None:
    row = draft.rows["activities"][-1]
    row |= {"status": status, "deviation": draft.words[status], "start": None, "end": None, "women": None, "men": None, "other": None}


def _advocacy(draft: Draft) -> None:
    draft.rows["outcomes"] = [
        {"date": draft.day(0.7), "country": draft.member.country, "what_changed": draft.words["change"], "who_changed_it": draft.words["who"], "our_contribution": draft.words["ours"], "sdg": "8.8"}
    ]
    draft.rows["visibility"] = [{"item": draft.words["publication"], "emblem_shown": "yes"}]


def _mistakes_2019_h1(draft: Draft) -> None:
    """One mistake here, one there, as they come in."""
    activities, indicators, expenditure = (draft.rows[name] for name in ("activities", "indicators", "expenditure"))
    match draft.member.code:
        case "haki-ke":
            _find(indicators, indicator="Op2.1-a")["value"] = "approx. 50"
            expenditure.append(dict(expenditure[3]))
        case "faso-bf":
            activities[2]["sdg"] = "8.15"
            _find(indicators, indicator="Op1.2-a", sex="female")["value"] += 500
        case "teranga-sn":
            activities[1]["start"], activities[1]["end"] = activities[1]["end"] + timedelta(days=3), activities[1]["start"]
        case "andina-bo":
            _joint(draft, lead=True)
            _advocacy(draft)
        case "cauca-co":
            _joint(draft, lead=False)
            expenditure[4]["document"] = None
        case "ixchel-gt":
            rows = [row for row in indicators if row["indicator"] == "Op1.2-a" and set(row) == {"indicator", "country", "value"}]
            indicators.remove(rows[0])
            expenditure[-1] |= {"recipient": "SG-01", "supplier": "Colectivo Lempira"}
        case "cuscatlan-sv":
            _not_done(draft, "cancelled")
            _not_done_before = draft.rows["activities"][-2]
            _not_done_before |= {"status": "postponed", "deviation": draft.words["postponed"], "start": None, "end": None, "women": None, "men": None, "other": None}
        case "zambeze-mz":
            row = _find(indicators, indicator="Op1.2-b")
            row |= {"numerator": None, "denominator": None, "value": 74}
            expenditure.append(dict(expenditure[0]) | {"amount": -expenditure[0]["amount"] / 4, "document": f"{expenditure[0]['document']}-C", "description": "Correção"})
        case "mekong-kh":
            activities[0]["women"] = "TBD"


def _mistakes_later(draft: Draft) -> None:
    if draft.member.code in ("andina-bo", "cauca-co"):
        _joint(draft, lead=draft.member.code == "andina-bo")
    if draft.member.code == "haki-ke" and draft.index == 2:
        draft.rows["expenditure"][1]["payment_date"] = date(2019, 6, 20)
    if draft.member.code in ("teranga-sn", "zambeze-mz") and draft.index == 3:
        _advocacy(draft)
    if draft.member.code == "sahel-ml" and draft.index == 3:
        _not_done(draft, "postponed")


# --- writing it down --------------------------------------------------------------------------------------------------


def _grouped(number: Decimal | int, decimal: str) -> str:
    """1234.5 -> "1 234,5" with no-break spaces, or "1,234.5": numbers typed as text."""
    text = f"{number:,}"
    return text.replace(",", "\u00a0").replace(".", ",") if decimal == "," else text


def _tables(draft: Draft, names: Sequence[str], labelled: bool, title: bool, as_text: bool, cover: Mapping[str, str]) -> dict[str, Table]:
    """The sheets as rows of cells: machine names or the language's labels, perhaps with a title above and numbers typed as text."""
    language = draft.member.language
    keys = {column.name: column.labels[language][0] if labelled else column.name for column in COVER_KEYS}
    tables: dict[str, Table] = {(COVER_LABELS[language][0] if labelled else "cover"): [[keys[name], value] for name, value in cover.items()]}
    for schema in SHEETS:
        rows = draft.rows.get(schema.name)
        if schema.name not in names or rows is None:
            continue
        used = [column.name for column in schema.columns if column.required or any(row.get(column.name) is not None for row in rows)]
        if schema.name == "indicators":
            used = [*used[:2], "sex", "age", *[name for name in ("value", "numerator", "denominator", "comment") if any(name in row for row in rows)]]
        heading = [_label(schema.name, name, language) if labelled else name for name in used]
        above: list[list[Any]] = [[f"{schema.labels[language][0]} – {draft.cycle}"], []] if title else []
        body = [[_typed(row.get(name), draft.member.decimal, as_text and name in ("amount", "value")) for name in used] for row in rows]
        tables[schema.labels[language][0] if labelled else schema.name] = [*above, heading, *body]
    return tables


def _label(sheet_name: str, column: str, language: str) -> str:
    labels = DIMENSION_LABELS.get(column) or sheet(sheet_name).column(column).labels
    return labels[language][0]


def _typed(cell: Any, decimal: str, as_text: bool) -> Any:
    return _grouped(cell, decimal) if as_text and isinstance(cell, int | Decimal) and abs(Decimal(cell)) >= 1000 else cell


PROGRAMME = ("activities", "indicators", "narrative", "outcomes", "visibility")
ALL = (*PROGRAMME, "expenditure")


def _write(draft: Draft, names: Sequence[str] = ALL, **cover: str) -> tuple[str, bytes]:
    """(ending, content) in the member's way of sending files."""
    code, language = draft.member.code, draft.member.language
    labelled, title = language != "en" or code == "haki-ke", code in ("faso-bf", "cuscatlan-sv", "zambeze-mz")
    tables = _tables(draft, names, labelled and code != "faso-bf", title, code in ("teranga-sn", "cauca-co", "haki-ke"), draft.cover | cover)
    if code == "faso-bf":
        return "zip", zipped_csv(tables)
    return ("ods", ods(tables)) if code == "zambeze-mz" else ("xlsx", xlsx(tables))


def _files_of(draft: Draft) -> list[tuple[str, bytes, datetime]]:
    """(file name, content, arrival) of a member in a cycle."""
    code, first = draft.member.code, draft.index == 1
    name = f"{code}_{draft.cycle}"
    sent = datetime(draft.end.year, draft.end.month, 1, 9, 30, tzinfo=UTC) + timedelta(days=32 + draft.rng.randrange(24), minutes=7 * draft.rng.randrange(60))
    if first and code == "andina-bo":
        return [
            (f"{name}_programa.xlsx", _write(draft, PROGRAMME, part="programme")[1], sent),
            (f"{name}_finanzas.xlsx", _write(draft, ("expenditure",), part="finance")[1], sent + timedelta(days=2)),
        ]
    if first and code == "indus-pk":
        return [(f"{name}.xlsx", xlsx(_tables(draft, (), False, False, False, draft.cover | {"nil": "yes"})), sent)]
    ending, content = _write(draft)
    files = [(f"{name}.{ending}", content, sent)]
    if first and code == "haki-ke":  # five days after the due date
        files = [(f"{name}.{ending}", content, datetime(2019, 8, 5, 15, 12, tzinfo=UTC))]
    if first and code == "mekong-kh":
        draft.rows["activities"][0]["women"] = 31
        files.append((f"{name} final_FINAL(2).xlsx", _write(draft)[1], sent + timedelta(days=3)))
    if first and code == "sahel-ml":  # sent without the finance sheet first
        files = [(f"{name}.xlsx", _write(draft, PROGRAMME)[1], sent - timedelta(days=4)), (f"{name}_v2.xlsx", content, sent)]
    return files


TEXTS = {
    "summary": "The network monitors the SDGs in thirteen countries and takes its evidence to those who decide. In this period members published monitors, trained "
    "activists and met authorities in **dialogues that are becoming regular**. Two of the reforms they asked for were adopted.\n\nThe logic of the action holds. "
    "Targets for outputs are within reach; outcomes on leadership of women move more slowly.\n",
    "cooperation": "Members work through a steering group that met twice. Authorities were open in most countries; where they were not, members worked with ombuds institutions.\n",
    "visibility": "All publications carry the emblem and the statement of funding. The delegations were invited to every launch.\n",
    "action-plan": "In the next period members will:\n\n- hold the second round of national dialogues,\n- publish the regional synthesis of the monitors,\n- start the campaign for social protection.\n",
}


def _texts() -> dict[str, bytes]:
    """The network's own words; the first report still lacks its action plan."""
    texts = {f"texts/{cycle}/en/{section}.md": text.encode() for cycle in ("2019-H1", "2020-H1") for section, text in TEXTS.items()}
    del texts["texts/2019-H1/en/action-plan.md"]
    return texts


def _owes(member: SampleMember, start: date, end: date) -> bool:
    return not (member.from_ and date.fromisoformat(member.from_) > end) and not (member.to and date.fromisoformat(member.to) < start)


def sample_files(due_ahead: bool = False) -> list[SampleFile]:
    """Every file of the sample by storage key. `due_ahead`: for a store that says itself when a file arrived, so that nothing is late."""
    files = [SampleFile(key, content) for key, content in {**agreement_files(due_ahead), **_texts()}.items()]
    mistakes: Callable[[Draft], None]
    for index, (cycle, start, end, _) in enumerate(CYCLES, start=1):
        mistakes = _mistakes_2019_h1 if index == 1 else _mistakes_later
        for member in MEMBERS:
            if not _owes(member, start, end) or (member.code, index) == ("zenzele-za", 1):
                continue
            draft = _draft(member, index)
            mistakes(draft)
            files += [SampleFile(f"inbox/{cycle}/{member.code}/{name}", content, arrived) for name, content, arrived in _files_of(draft)]
    return files
