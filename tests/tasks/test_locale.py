"""The report in French, Spanish and Portuguese: whole catalogues, nothing left in English, and each language's own habits."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache

import pikepdf
import pytest
from babel.messages.catalog import Message
from lxml import html

from domain.codes import LANGUAGES
from domain.sample import sample_files
from tasks.demo import CYCLES, translated_texts
from tasks.profiles import load_profile, profile_names
from tasks.render import LANGUAGES as RENDERED
from tasks.render import render_html, render_report, render_reports
from tasks.report_view import ReportView
from tasks.wording import Wording
from templates.locale.messages import LOCALES, catalogue_path, faults, faults_of, spaced, update
from tests.tasks.test_render import IDENTIFIER, document, pdf, structure, text_of

DAY = date(2019, 6, 30)
ENGLISH = {"the", "of", "and", "with", "from", "this", "by", "are", "was", "were", "reported", "period", "members", "report"}
"""Words that a sentence left in English would have, and that no other language of the report has."""


@cache
def own_text(language: str, kind: str = "action", cycle: str = "C1") -> str:
    """What the report says itself: without what members and the agreement say, which is marked with its own language."""
    given = document(cycle, kind)
    page = html.fromstring(render_html(replace(given, texts={}), language, DAY))
    for element in page.xpath("//body//*[@lang]"):
        element.drop_tree()
    words = [*page.xpath("//text()"), *page.xpath("//@alt"), *page.xpath("//@data-running")]
    return "\n".join(str(word) for word in words)


# --- the catalogues ---------------------------------------------------------------------------------------------------


def test_every_language_of_the_members_can_be_reported_in() -> None:
    assert RENDERED == LANGUAGES
    assert set(LOCALES) | {"en"} == set(LANGUAGES)


@pytest.mark.parametrize("language", LOCALES)
def test_a_catalogue_is_whole_and_sound(language: str) -> None:
    assert list(faults(language)) == [], "run make messages, then translate what it lists"


@pytest.mark.parametrize("language", LOCALES)
def test_make_messages_has_nothing_to_do(language: str) -> None:
    assert update(language) == catalogue_path(language).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (Message("Goal %(goal)s", "Objectif %(goal)s"), None),
        (Message(("%(n)s row", "%(n)s rows"), ("%(n)s ligne", "%(n)s lignes")), None),
        (Message("Result", ""), "not translated"),
        (Message(("%(n)s row", "%(n)s rows"), ("%(n)s ligne",)), "not translated"),
        (Message(("%(n)s row", "%(n)s rows"), ("%(n)s ligne", "")), "not translated"),
        (Message("Goal %(goal)s", "Objectif %(but)s"), "other placeholders"),
        (Message("Goal %(goal)s", "Objectif"), "other placeholders"),
        (Message("above 100%%", "plus de 100\u202f%"), "other placeholders"),
        (Message("{name} wrote", "{nom} a écrit"), "other placeholders"),
        (Message("Result", "Résultat", flags=["fuzzy"]), "fuzzy"),
        (Message("; ", "\u202f;"), "a space at the end too many or too few"),
        (Message("Why?", "Pourquoi ?"), "not the narrow no-break space before or in a sign"),
        (Message("Why?", "Pourquoi?"), "not the narrow no-break space before or in a sign"),
        (Message("“Yes”", "«Oui»"), "not the narrow no-break space before or in a sign"),
    ],
)
def test_a_faulty_translation_is_found(message: Message, fault: str | None) -> None:
    assert list(faults_of(message, 2, "fr")) == ([fault] if fault else [])


def test_french_signs_get_their_space_and_placeholders_none() -> None:
    assert spaced("« Oui » : 5 % ; %(n)s ?", "fr") == "«\u202fOui\u202f»\u202f: 5\u202f%\u202f; %(n)s\u202f?"
    assert spaced("Sí : 5 %", "es") == "Sí : 5 %"


def test_plurals_follow_the_language() -> None:
    forms = "%(num)s more is counted and not named for reasons of safety.", "%(num)s more are counted and not named for reasons of safety."
    plural = {language: [Wording(language).ngettext(*forms, number) == Wording(language).ngettext(*forms, 5) for number in (0, 1, 2)] for language in LANGUAGES}
    assert plural == {"en": [True, False, True], "fr": [False, False, True], "es": [True, False, True], "pt": [True, False, True]}


# --- the report -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize(("kind", "cycle"), [("action", "C1"), ("operating", "C3")])
def test_nothing_is_left_in_english(kind: str, cycle: str, language: str) -> None:
    text = own_text(language, kind, cycle)
    assert len(text) > 10_000
    assert {word.casefold() for word in re.findall(r"[^\W\d_]+", re.sub(r"\b(texts/\S+|\w+\.(csv|xlsx|md)|[a-z]+\.[a-z-]+(\.[a-z-]+)?)\b", "", text))} & ENGLISH == set()


def test_the_search_for_english_finds_it() -> None:
    assert {"the", "of", "and", "members"} <= {word.casefold() for word in re.findall(r"\w+", own_text("en"))}


def test_french_prints_no_breakable_space_before_a_sign() -> None:
    assert re.findall(r".{0,20}(?:[ \u00a0][:;?!%»]|«[ \u00a0]).{0,20}", own_text("fr")) == []


@pytest.mark.parametrize(
    ("language", "printed"),
    [
        ("fr", ["Cofinancé par l’Union européenne", "1.4 Intitulé de l’action", "Effet direct Oc1 : Another", "Valeur de référence", "Sexe : femmes 700 700", "33,3 %",
                "1 284,56 €", "1 500,50 PEN payés en avril 2019 (2 lignes)", "Objectif 8 : Travail décent", "Bénéficiaires finaux", "29 août 2019", "dépasse le budget de plus de 25 %",
                "1er janvier 2019 – 30 juin 2019", "Delta, C1 : non reçu", "pas de numéro de pièce", "Ressources humaines", "Sénégal", "2 sur 3"]),
        ("es", ["Cofinanciado por la Unión Europea", "1.4 Título de la acción", "Efecto directo Oc1: Another", "Valor de referencia", "Sexo: mujeres 700 700", "33,3 %",
                "1.284,56 €", "1.500,50 PEN pagados en abril de 2019 (2 filas)", "Objetivo 8: Trabajo decente", "Beneficiarios finales", "29 de agosto de 2019",
                "supera el presupuesto en más del 25 %", "¿Qué cambió en este período", "Delta, C1: no recibido", "sin número de documento", "Recursos humanos", "Senegal", "2 de 3"]),
        ("pt", ["Cofinanciado pela União Europeia", "1.4 Título da ação", "Efeito direto Oc1: Another", "Valor de referência", "Sexo: mulheres 700 700", "33,3%",
                "1 284,56 €", "1 500,50 PEN pagos em abril de 2019 (2 linhas)", "Objetivo 8: Trabalho digno", "Beneficiários finais", "29 de agosto de 2019",
                "excede o orçamento em mais de 25%", "O que mudou neste período", "Delta, C1: não recebido", "sem número de documento", "Recursos humanos", "Senegal", "2 de 3"]),
    ],
)  # fmt: skip
def test_the_report_speaks_the_language(language: str, printed: list[str]) -> None:
    text = text_of(pdf(language=language)).replace("\u202f", " ")
    assert [words for words in printed if words not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_names_its_language_in_words_and_in_code(language: str) -> None:
    content = pdf(language=language)
    with pikepdf.open(io.BytesIO(content)) as file:
        assert str(file.Root.Lang) == language
        assert str(file.docinfo["/Title"]).startswith(ReportView(document(), Wording(language)).kind_title)
        described = {str(file.attachments[name].obj.Desc) for name in file.attachments}
    assert described == {Wording(language).gettext("Data of this report: %(file)s") % {"file": name} for name in document().attachments}
    alternatives, languages = set(), set()
    for element in structure(content):
        if element.get("/S") == "/Figure":
            alternatives.add(str(element.Alt))
        if "/Lang" in element:
            languages.add(str(element.Lang))
    assert len(alternatives) == 3  # emblem, goals, budget
    assert any(text.startswith(Wording(language).gettext("Bar chart.")) for text in alternatives)
    assert {"en", "fr"} - {language} <= languages


def test_what_the_agreement_says_is_marked_as_in_the_contracts_language() -> None:
    assert '<span lang="en">A small action</span>' in render_html(document(), "fr", DAY)
    assert '<span lang="en">' not in render_html(replace(document(), accepted={}), "en", DAY)


def test_the_grant_is_called_by_its_kind_with_the_words_own_gender() -> None:
    assert "Intitulé de l’action" in own_text("fr")
    assert "Intitulé du programme de travail" in own_text("fr", "operating")
    assert "la totalidad del programa de trabajo" in own_text("es", "operating", "C3")
    assert "a totalidade da ação" in own_text("pt", "action", "C3")


@pytest.mark.parametrize("language", LOCALES)
def test_long_names_of_goals_take_two_lines_in_the_chart(language: str) -> None:
    view = ReportView(document(), Wording(language))
    labels = {goal: view.chart_label(goal) for goal in view.profile.goals}
    assert {goal: " ".join(lines) for goal, lines in labels.items()} == {goal: view.goal_name(goal) for goal in labels}
    assert max(map(len, labels.values())) <= 2


def test_countries_stand_in_the_order_of_the_alphabet() -> None:
    wording = Wording("fr")
    assert wording.alphabetical(map(wording.country, ("ZA", "SN", "EC", "US", "BE", "EC"))) == ["Afrique du Sud", "Belgique", "Équateur", "États-Unis", "Sénégal"]
    assert (wording.country("998"), wording.country("298"), wording.country(None)) == ("partout", "Afrique", "–")


def test_groups_are_printed_in_words_and_others_as_the_logframe_writes_them() -> None:
    wording = Wording("pt")
    assert [wording.category(*group) for group in (("sex", "female"), ("Sex", "Male"), ("age", "15-29"), ("colour", "red"))] == ["mulheres", "homens", "15-29", "red"]


def test_dates_and_percentages_have_the_small_habits_of_french() -> None:
    wording = Wording("fr")
    assert (wording.day(date(2019, 7, 1)), wording.day(date(2019, 7, 11), "long")) == ("1er\u00a0juil.\u00a02019", "11\u00a0juillet\u00a02019")
    assert (wording.percent(Fraction(25, 2)), wording.at_most_percent(75)) == ("12,5\u202f%", "75\u202f%")
    assert (wording.month("2019-08"), wording.moment("2019-07-30T16:01:59Z")) == ("août\u00a02019", "30\u00a0juil.\u00a02019, 16:01")


# --- several at once, profiles, the sample ----------------------------------------------------------------------------


def test_languages_side_by_side_give_the_files_that_they_give_alone() -> None:
    assert render_reports({language: (document(), language) for language in ("en", "fr")}, IDENTIFIER) == {"en": pdf(), "fr": pdf(language="fr")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("profile", sorted(profile_names()))
def test_a_report_is_made_under_every_profile(profile: str, language: str) -> None:
    rules = load_profile(profile)
    page = html.fromstring(render_html(replace(document(), profile=rules), language, DAY)).text_content()
    assert rules.funding["co-funded"][language] in page
    assert rules.disclaimer[language].replace("{name}", "Coordinator").replace("{funding}", rules.funding["co-funded"][language]) in page
    assert "{" not in page.replace("{{ 7*7 }}", "").replace("{% include", "")


def test_under_ndici_the_disclaimer_opens_with_the_statement_of_funding() -> None:
    given = replace(document(), profile=load_profile("ndici-2021"))
    assert "Co-funded by the European Union. Its contents are the sole responsibility of Coordinator" in text_of(render_report(given, "en", IDENTIFIER))


def test_the_samples_texts_are_there_in_every_language() -> None:
    english = {file.key for file in sample_files() if file.key.startswith("texts/")}
    assert {key.split("/")[1] for key in english} == set(CYCLES)
    assert {file.key for file in translated_texts()} == {key.replace("/en/", f"/{language}/") for key in english for language in LOCALES}
