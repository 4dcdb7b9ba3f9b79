"""The sheets of a submission and their columns (contract section 3): one table, which reader, rules and workbook all read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "code", "number", "date", "yes_no", "sdg"]
"""How a cell is read: text as it stands, code trimmed and "code – label" cut to its code, number to Decimal, date to datetime.date,
yes_no to "yes" or "no", sdg to the text of its list of codes."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind = "text"
    required: bool = False
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """Headings by language under which the column is recognised, the workbook's own first."""


@dataclass(frozen=True, slots=True)
class SheetSchema:
    name: str
    columns: tuple[Column, ...]
    part: Literal["programme", "finance"] | None = None
    """The part of a two-part submission that carries the sheet."""
    optional: bool = False
    """May be left out of any submission."""
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)


def _labels(en: str, fr: str, es: str, pt: str) -> dict[str, tuple[str, ...]]:
    return {language: tuple(text.split("|")) for language, text in zip(("en", "fr", "es", "pt"), (en, fr, es, pt), strict=True)}


def _column(name: str, kind: Kind, required: bool, en: str, fr: str, es: str, pt: str) -> Column:
    return Column(name, kind, required, _labels(en, fr, es, pt))


COVER_KEYS = (
    _column("contract", "code", True, "Contract number", "Numéro du contrat", "Número del contrato", "Número do contrato"),
    _column("cycle", "code", True, "Reporting cycle|Cycle", "Cycle de rapport|Cycle", "Ciclo de informe|Ciclo", "Ciclo de relatório|Ciclo"),
    _column("member", "code", True, "Member code|Member", "Code du membre|Membre", "Código del miembro|Miembro", "Código do membro|Membro"),
    _column("decimal", "text", False, "Decimal sign", "Signe décimal", "Signo decimal", "Sinal decimal"),
    _column("part", "code", False, "Part", "Partie", "Parte", "Parte"),
    _column("nil", "yes_no", False, "Nothing to report", "Rien à signaler", "Nada que informar", "Nada a relatar"),
    _column("prepared_by", "text", False, "Prepared by", "Préparé par", "Preparado por", "Preparado por"),
    _column("approved_by", "text", False, "Approved by", "Approuvé par", "Aprobado por", "Aprovado por"),
)

ACTIVITIES = SheetSchema(
    "activities",
    (
        _column("activity", "code", True, "Activity code", "Code de l'activité", "Código de la actividad", "Código da atividade"),
        _column("title", "text", True, "Title", "Intitulé|Titre", "Título", "Título"),
        _column("type", "code", True, "Type", "Type", "Tipo", "Tipo"),
        _column("start", "date", True, "Start date|Start", "Date de début|Début", "Fecha de inicio|Inicio", "Data de início|Início"),
        _column("end", "date", True, "End date|End", "Date de fin|Fin", "Fecha de fin|Fin", "Data de fim|Fim"),
        _column("country", "code", True, "Country", "Pays", "País", "País"),
        _column("result", "code", True, "Result", "Résultat", "Resultado", "Resultado"),
        _column("sdg", "sdg", True, "SDG", "ODD", "ODS", "ODS"),
        _column("women", "number", False, "Women", "Femmes", "Mujeres", "Mulheres"),
        _column("men", "number", False, "Men", "Hommes", "Hombres", "Homens"),
        _column("other", "number", False, "Other", "Autres|Autre", "Otros|Otro", "Outros|Outro"),
        _column("unknown", "number", False, "Unknown|Sex unknown", "Inconnu|Sexe inconnu", "Desconocido|Sexo desconocido", "Desconhecido|Sexo desconhecido"),
        _column("status", "code", False, "Status", "État|Statut", "Estado", "Estado"),
        _column("plan", "code", False, "Planned activity", "Activité prévue", "Actividad prevista", "Atividade prevista"),
        _column("joint", "code", False, "Joint activity code|Joint", "Code d'activité conjointe|Conjointe", "Código de actividad conjunta|Conjunta", "Código de atividade conjunta|Conjunta"),
        _column("lead", "yes_no", False, "Lead", "Chef de file", "Responsable|Líder", "Responsável|Líder"),
        _column("deviation", "text", False, "Deviation from plan|Deviation", "Écart par rapport au plan|Écart", "Desviación del plan|Desviación", "Desvio do plano|Desvio"),
        _column("outcome", "text", False, "What it led to|Outcome", "Ce qui en a résulté|Effet", "Lo que produjo|Efecto", "O que produziu|Efeito"),
        _column("partners", "text", False, "Partners", "Partenaires", "Socios", "Parceiros"),
        _column("description", "text", False, "Description", "Description", "Descripción", "Descrição"),
        _column("evidence", "text", False, "Evidence", "Preuves|Justificatifs", "Evidencias|Pruebas", "Evidências|Provas"),
        _column("sensitivity", "code", False, "Sensitivity", "Sensibilité", "Sensibilidad", "Sensibilidade"),
    ),
    part="programme",
    labels=_labels("Activities", "Activités", "Actividades", "Atividades"),
)

INDICATORS = SheetSchema(
    "indicators",
    (
        _column("indicator", "code", True, "Indicator code|Indicator", "Code de l'indicateur|Indicateur", "Código del indicador|Indicador", "Código do indicador|Indicador"),
        _column("country", "code", True, "Country", "Pays", "País", "País"),
        _column("value", "number", False, "Value", "Valeur", "Valor", "Valor"),
        _column("numerator", "number", False, "Numerator", "Numérateur", "Numerador", "Numerador"),
        _column("denominator", "number", False, "Denominator", "Dénominateur", "Denominador", "Denominador"),
        _column("date", "date", False, "Date", "Date", "Fecha", "Data"),
        _column("source", "text", False, "Source", "Source", "Fuente", "Fonte"),
        _column("comment", "text", False, "Comment", "Commentaire", "Comentario", "Comentário"),
    ),
    part="programme",
    labels=_labels("Indicators", "Indicateurs", "Indicadores", "Indicadores"),
)
"""Beside these, one code column per dimension of the logframe (sex, age, …), recognised under DIMENSION_LABELS too."""

DIMENSION_LABELS: dict[str, dict[str, tuple[str, ...]]] = {
    "sex": _labels("Sex", "Sexe", "Sexo", "Sexo"),
    "age": _labels("Age", "Âge", "Edad", "Idade"),
    "disability": _labels("Disability", "Handicap", "Discapacidad", "Deficiência"),
    "area": _labels("Area", "Milieu", "Zona", "Zona"),
}

EXPENDITURE = SheetSchema(
    "expenditure",
    (
        _column("heading", "code", True, "Budget heading|Heading", "Rubrique budgétaire|Rubrique", "Rúbrica presupuestaria|Rúbrica", "Rubrica orçamental|Rubrica"),
        _column("country", "code", True, "Country", "Pays", "País", "País"),
        _column("payment_date", "date", True, "Payment date", "Date de paiement", "Fecha de pago", "Data de pagamento"),
        _column("currency", "code", True, "Currency", "Monnaie|Devise", "Moneda", "Moeda"),
        _column("amount", "number", True, "Amount", "Montant", "Importe", "Montante"),
        _column("activity", "code", False, "Activity code", "Code de l'activité", "Código de la actividad", "Código da atividade"),
        _column("supplier", "text", False, "Supplier", "Fournisseur", "Proveedor", "Fornecedor"),
        _column("document", "text", False, "Document number|Document", "Numéro de pièce|Pièce", "Número de documento|Documento", "Número do documento|Documento"),
        _column("invoice_date", "date", False, "Invoice date", "Date de facture", "Fecha de factura", "Data da fatura"),
        _column("recipient", "code", False, "Third party|Recipient", "Tiers bénéficiaire", "Tercero beneficiario", "Terceiro beneficiário"),
        _column("description", "text", False, "Description", "Description", "Descripción", "Descrição"),
    ),
    part="finance",
    labels=_labels("Expenditure", "Dépenses", "Gastos", "Despesas"),
)

NARRATIVE = SheetSchema(
    "narrative",
    (
        _column("section", "code", True, "Question", "Question", "Pregunta", "Pergunta"),
        _column("text", "text", True, "Text", "Texte", "Texto", "Texto"),
        _column("about", "code", False, "About", "À propos de", "Sobre", "Sobre"),
        _column("lang", "code", False, "Language", "Langue", "Idioma", "Língua|Idioma"),
    ),
    part="programme",
    optional=True,
    labels=_labels("Narrative", "Récit", "Relato", "Narrativa"),
)

OUTCOMES = SheetSchema(
    "outcomes",
    (
        _column("date", "date", False, "Date", "Date", "Fecha", "Data"),
        _column("country", "code", False, "Country", "Pays", "País", "País"),
        _column("what_changed", "text", False, "What changed", "Ce qui a changé", "Qué cambió", "O que mudou"),
        _column("who_changed_it", "text", False, "Who changed it", "Qui l'a changé", "Quién lo cambió", "Quem o mudou"),
        _column("process", "text", False, "Process", "Processus", "Proceso", "Processo"),
        _column("our_contribution", "text", False, "Our contribution", "Notre contribution", "Nuestra contribución", "A nossa contribuição"),
        _column("sdg", "sdg", False, "SDG", "ODD", "ODS", "ODS"),
        _column("evidence", "text", False, "Evidence", "Preuves", "Evidencias", "Evidências"),
    ),
    part="programme",
    optional=True,
    labels=_labels("Outcomes", "Effets", "Efectos", "Efeitos"),
)

VISIBILITY = SheetSchema(
    "visibility",
    (
        _column("item", "text", False, "Item", "Élément", "Elemento", "Elemento"),
        _column("link", "text", False, "Link", "Lien", "Enlace", "Ligação"),
        _column("emblem_shown", "yes_no", False, "Emblem shown", "Emblème affiché", "Emblema visible", "Emblema visível"),
    ),
    part="programme",
    optional=True,
    labels=_labels("Visibility", "Visibilité", "Visibilidad", "Visibilidade"),
)

RISKS = SheetSchema(
    "risks",
    (
        _column("risk", "text", False, "Risk", "Risque", "Riesgo", "Risco"),
        _column("response", "text", False, "Response", "Réponse", "Respuesta", "Resposta"),
    ),
    part="programme",
    optional=True,
    labels=_labels("Risks", "Risques", "Riesgos", "Riscos"),
)

STORIES = SheetSchema(
    "stories",
    (
        _column("text", "text", False, "Text", "Texte", "Texto", "Texto"),
        _column("consent", "yes_no", False, "Consent", "Consentement", "Consentimiento", "Consentimento"),
    ),
    part="programme",
    optional=True,
    labels=_labels("Stories", "Témoignages", "Testimonios", "Testemunhos"),
)

COVER_LABELS = _labels("Cover", "Couverture", "Portada", "Capa")
SHEETS: tuple[SheetSchema, ...] = (ACTIVITIES, INDICATORS, EXPENDITURE, NARRATIVE, OUTCOMES, VISIBILITY, RISKS, STORIES)
"""The data sheets, in the workbook's order; the cover is read as keys and values (COVER_KEYS)."""


def sheet(name: str) -> SheetSchema:
    return next(schema for schema in SHEETS if schema.name == name)
