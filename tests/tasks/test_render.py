"""The report as PDF: what stands in it, what must not, and that it is the same file every time."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import yaml

from domain.coverage import Coverage, Weighed
from domain.figures import Figures, FinanceLine, IndicatorFigure, MemberState, MissingRate, SdgFigure, SupportLine
from domain.findings import Finding
from domain.report import ReportDocument
from domain.restatement import Restatement
from domain.submission import AcceptedRow
from tasks.faults import OperatorFault
from tasks.profiles import load_profile
from tasks.render import REPLACEMENT, check_languages, cut, has_long_word, markdown, printable, render_html, render_report
from tasks.report_view import ReportView, rule_phrases
from tasks.wording import Wording
from tests import verapdf
from tests.builders import AGREEMENT_YAML, CONTRACT, accepted, small_agreement

IDENTIFIER = hashlib.sha256(b"inputs").hexdigest()
PROFILE = load_profile("prag-2018")
TEXTS = {"summary": "The network **grew**.", "action-plan": "Next.", "cooperation": "With all.", "visibility": "Everywhere.", "records": "In Brussels."}
MEMBERS = (
    "member,name,country,language,decimal,email,role,sensitivity\n"
    "aa,Alpha,BE,en,.,,coordinator,\nbb,Beta,KE,en,.,,beneficiary,\ncc,Gamma,SN,fr,\",\",,affiliated-entity,\n"
    "dd,Delta,PE,es,.,,third-party,\nee,Hidden House,MM,en,.,,beneficiary,internal\n"
)
PLAN = "activity,result,title,start,end,members,countries,sdg\nP1,Op1,Forgotten forum,2019-02-01,2019-03-01,bb,KE,8.8\nP2,Op1,Closing conference,2020-05-01,2020-05-03,aa;bb,BE,17\n"
HOSTILE = ["<script>alert(1)</script>", "{{ 7*7 }}", "<img src=file:///etc/passwd>", "{% include 'report.css' %}"]


def figure(indicator: str, scope: str, value: int | Fraction | None, slice_: tuple[tuple[str, str], ...] = (), **more: Any) -> IndicatorFigure:
    fields = {"level": "network", "area": "", "numerator": None, "denominator": None, "unit": "", "contributions": 2, "derived": False, "sources": ()} | more
    return IndicatorFigure(indicator, scope, slice=slice_, value=None if value is None else Fraction(value), **fields)  # type: ignore[arg-type]


def indicator_figures() -> list[IndicatorFigure]:
    women, men = (("sex", "female"),), (("sex", "male"),)
    figures = [figure("N1", scope, 41) for scope in ("period", "reporting")] + [figure("N1", "cumulative", 60, progress=Fraction(50))]
    for scope in ("reporting", "cumulative"):
        figures += [figure("P1", scope, 1234), figure("P1", scope, 700, women), figure("P1", scope, 500, men)]
        figures += [figure("R1", scope, Fraction(100, 3), numerator=Fraction(1), denominator=Fraction(3)), figure("Y1", scope, 2, numerator=Fraction(2), denominator=Fraction(3))]
        figures.append(figure("Q1", scope, None, level="member", area="cc"))
    return figures


def sdg_figures() -> list[SdgFigure]:
    rows = []
    for scope, factor in (("period", 1), ("reporting", 1), ("cumulative", 2)):
        rows += [
            SdgFigure(scope, "5", "goal", 0, 1, 0, 0, 0, 0, 0), SdgFigure(scope, "5.5", "target", 0, 1, 0, 0, 0, 0, 0),  # type: ignore[arg-type]
            SdgFigure(scope, "8", "goal", 2 * factor, 0, 30 * factor, 21 * factor, 0, 1, 123456 * factor),  # type: ignore[arg-type]
            SdgFigure(scope, "8.8", "target", 2 * factor, 0, 30 * factor, 21 * factor, 0, 1, 123456 * factor),  # type: ignore[arg-type]
            SdgFigure(scope, "", "unattributed", 0, 0, 0, 0, 0, 0, 5000),  # type: ignore[arg-type]
            SdgFigure(scope, "", "total", 2 * factor, 0, 30 * factor, 21 * factor, 0, 1, 123456 * factor + 5000),  # type: ignore[arg-type]
        ]  # fmt: skip
    return rows


def finance() -> list[FinanceLine]:
    """Heading 2 is 30 % above its budget; the others have 1.00 EUR of cost."""
    lines = []
    for number in range(1, 12):
        budget, cumulative = (1000000, 1300000) if number == 2 else (5000000, 100)
        share = Fraction(100 * (cumulative - budget), budget)
        lines.append(FinanceLine(str(number), "", budget, cumulative, 0, cumulative, cumulative - budget, share, number == 2))
    return lines


def activity(member: str, row: int, **values: Any) -> AcceptedRow:
    given = {"activity": f"A{row}", "title": "Training", "type": "training", "start": date(2019, 2, 1), "end": date(2019, 2, 2), "country": "KE", "result": "Op1"}
    return accepted("activities", member, "C1", row, **given | {"sdg": (("8.8", None), ("5.5", None))} | values)


def accepted_rows() -> dict[str, list[AcceptedRow]]:
    activities = [
        activity("bb", 2, title="Labour law for stewards", women=Decimal(30), men=Decimal(20), deviation="Two days instead of three"),
        activity("ee", 3, title="Secret meeting", men=Decimal(1), unknown=Decimal(1), country="MM"),
        activity("bb", 4, title="Rally", status="cancelled", deviation="Banned by the police", start=None, end=None),
    ]
    narrative = [accepted("narrative", "bb", "C1", number, section="changed", text=text) for number, text in enumerate(HOSTILE, 2)]
    narrative.append(accepted("narrative", "cc", "C1", 2, section="for-whom", text="Pour les travailleuses domestiques", lang="fr"))
    narrative.append(accepted("narrative", "ee", "C1", 2, section="changed", text="We are Hidden House"))
    outcomes = [accepted("outcomes", "cc", "C1", 2, what_changed="La loi est votée", country="SN", date=date(2019, 5, 1), our_contribution="Un rapport", sdg="8.8")]
    words = [accepted("indicators", "cc", "C1", 9, indicator="Q1", country="SN", comment="Le dialogue est devenu régulier")]
    shown = [accepted("visibility", "bb", "C1", 2, item="Poster", link="https://example.org/poster", emblem_shown="yes")]
    spent = [accepted("expenditure", "bb", "C1", 2, heading="2", country="KE", supplier="Kamau Taxis Ltd", payment_date=date(2019, 3, 1), currency="KES", amount=Decimal(1))]
    return {"activities": activities, "indicators": words, "expenditure": spent, "narrative": narrative, "outcomes": outcomes, "visibility": shown}


def findings() -> list[Finding]:
    supplier = Finding("bb", "C1", "0" * 12, "expenditure.document.missing", "warning", "expenditure", 7, "document", "F7", "Kamau Taxis Ltd")
    number = Finding("cc", "C1", "1" * 12, "cell.not-a-number", "error", "activities", 5, "women", "I5", "50+")
    return [supplier, replace(supplier, row=9, cell="F9"), number, Finding("ee", "C1", "2" * 12, "indicators.row.blank", "info", "indicators", 2)]


RESTATEMENTS = (
    Restatement("C0", "v0001", "indicators/cumulative/network//P1/sex=female", "value", "12", "15.5", "submission", "bb: 0123456789ab -> ba9876543210; ee: -> 0a1b2c3d4e5f"),
    Restatement("C0", "v0001", "sdg/period/goal/8/expenditure_eur", "expenditure_eur", "", "1234.50", "agreement", "agreement/rates.csv; agreement/logframe.csv"),
    Restatement("C0", "v0001", "finance/2/cumulative_eur", "cumulative_eur", "20.00", "30.00", "program", ""),
    Restatement("C0", "v0001", "indicators/cumulative/member/ee/P1", "value", "1", "2", "submission", "ee: -> 0a1b2c3d4e5f"),
)
COVERAGE = (
    Coverage("indicators/reporting/network//N1", 4, 2, 0, ("cc", "ee"), 1, 7, 0, 0),
    Coverage("indicators/cumulative/network//N1", 4, 4, 0, (), 0, 0, 0, 0),
    Coverage("finance/2/period_eur", 3, 3, 0, (), 2, 0, 123456, 0),
)
RECONCILIATION = {"compared": {"indicators.csv": 1000, "sdg.csv": 234}, "totals": {"costs to date, EUR": "12345.67", "participations to date": 8910}}


@cache
def document(cycle: str = "C1", kind: str = "action", **texts: str) -> ReportDocument:
    """A small report with something of everything, its figures made up."""
    agreement = small_agreement(members=MEMBERS, plan=PLAN, yaml=AGREEMENT_YAML.format(number=CONTRACT, sdg_money="main", due="2099-12-31T18:00").replace("kind: action", f"kind: {kind}"))
    figures = Figures(
        cycle, agreement.cycles_to(cycle), agreement.reporting_period(cycle), indicator_figures(), sdg_figures(), finance(),
        [SupportLine("dd", "6", 77700, 88800)], [MissingRate("PEN", "2019-04", Decimal("1500.5"), 2)],
    )  # fmt: skip
    states = [MemberState(member.member, cycle, "on time", "ab" * 6, "2019-07-30T16:01:59Z", 12, 1, 2) for member in agreement.members[:3]]
    states += [MemberState("dd", cycle, "missing", "", "", 0, 0, 0), MemberState("ee", cycle, "late", "cd" * 6, "2019-08-01T06:00:00Z", 3, 0, 1)]
    attachments = {"indicators.csv": b"indicator,value\nN1,41\n", "logframe.xlsx": b"PK\x03\x04"}
    return ReportDocument(
        agreement, PROFILE, figures, states, accepted_rows(), findings(), {**TEXTS, **texts}, attachments,
        restatements=RESTATEMENTS, coverage=COVERAGE, weighed=Weighed(3, 25, 7, 123456, 0, 1, COVERAGE[:1]), reconciliation=RECONCILIATION,
    )  # fmt: skip


@cache
def pdf(cycle: str = "C1", kind: str = "action", language: str = "en", **texts: str) -> bytes:
    return render_report(document(cycle, kind, **texts), language, IDENTIFIER)


@cache
def text_of(content: bytes) -> str:
    """What a reader of the PDF gets, spaces and line breaks as one space."""
    from pypdf import PdfReader

    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def structure(content: bytes) -> Iterator[Any]:
    """All structure elements of a tagged PDF."""
    with pikepdf.open(io.BytesIO(content)) as file:
        waiting = [file.Root.StructTreeRoot]
        while waiting:
            element = waiting.pop()
            if isinstance(element, pikepdf.Dictionary):
                yield element
                kids = element.get("/K", [])
                waiting += list(kids) if isinstance(kids, pikepdf.Array) else [kids]


# --- the file ---------------------------------------------------------------------------------------------------------


def test_it_is_tagged_and_says_language_and_title() -> None:
    with pikepdf.open(io.BytesIO(pdf())) as file:
        assert file.Root.MarkInfo.Marked
        assert str(file.Root.Lang) == "en"
        assert str(file.docinfo["/Title"]) == f"Interim narrative and financial report, {CONTRACT}, 1\u00a0Jan\u00a02019\u00a0– 30\u00a0Jun\u00a02019"
        assert b"<pdfuaid:part>1</pdfuaid:part>" in file.Root.Metadata.read_bytes()


def test_no_font_comes_from_the_machine() -> None:
    with pikepdf.open(io.BytesIO(pdf(summary="* a\n  * b\n    * `c` *d*\n\nArrow → ✓ 中文 မြန်မာ العربية 🙂"))) as file:
        fonts = {str(entry.BaseFont) for entry in file.objects if isinstance(entry, pikepdf.Dictionary) and entry.get("/Type") == "/Font"}
    assert fonts
    assert {re.sub(r"^/\w{6}\+", "", name).partition("-")[0] for name in fonts} <= {"Report", "Signs", "Funding", "Arabic", "Myanmar", "Chinese"}


def test_attachments_are_associated_data_of_the_report() -> None:
    with pikepdf.open(io.BytesIO(pdf())) as file:
        assert len(file.Root.AF) == 2
        assert {str(entry.AFRelationship) for entry in file.Root.AF} == {"/Data"}
        attached = {name: file.attachments[name].get_file() for name in file.attachments}
        assert {name: entry.read_bytes() for name, entry in attached.items()} == dict(document().attachments)
        assert attached["indicators.csv"].mime_type == "text/csv"
        assert attached["logframe.xlsx"].mime_type == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def test_the_same_document_gives_the_same_bytes_on_any_clock_zone_and_locale() -> None:
    script = "import hashlib; from tests.tasks.test_render import pdf; print(hashlib.sha256(pdf()).hexdigest())"
    surroundings = {"TZ": "Pacific/Kiritimati", "LANG": "fr_FR.UTF-8", "LC_ALL": "C", "PYTHONHASHSEED": "77", "SOURCE_DATE_EPOCH": "86400"}
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, **surroundings}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(pdf()).hexdigest()
    assert render_report(document(), "en", IDENTIFIER, date(2019, 6, 30)) == pdf()


def test_the_date_and_the_identifier_are_those_given_and_the_environment_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    dated = render_report(document(), "en", IDENTIFIER, date(2022, 2, 3))
    assert "SOURCE_DATE_EPOCH" not in os.environ
    with pikepdf.open(io.BytesIO(dated)) as file:
        assert str(file.docinfo["/CreationDate"]).startswith("D:20220203")
    assert render_report(document(), "en", "00" * 16) != pdf()


# --- what stands in it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "printed",
    [
        "Co-funded by the European Union",
        "Its contents are the sole responsibility of Coordinator and do not",
        f"Contract {CONTRACT}",
        "Reporting period 1 Jan 2019 – 30 Jun 2019",
        "1.6 Start date and end date of the reporting period 1 January 2019 – 30 June 2019",
        "30 participations of women, 21 of men, 0 of others and 1 of people of unknown sex",
        "The network grew.",
        "N1 A number (pieces) 10 2018 110 2020 41 60 50.0%",
        "R1 A share (%) – – 33.3% 33.3% –",
        "2 of 3",
        "Labour law for stewards",
        "Other than planned: Two days instead of three",
        "Banned by the police",
        "Forgotten forum",
        "Closing conference",
        "La loi est votée",
        "Le dialogue est devenu régulier",
        "Sex: women 700 700",
        "Sex: not disaggregated 34 34",
        "Activities under every goal they are mapped to 2 3 0 1",
        "Direct costs €1,284.56 €1,234.56 €50.00 €0.00",
        "above the budget by more than 25%",
        "10,000.00 0.00 13,000.00 13,000.00 3,000.00 30.0%",
        "1,500.50 PEN paid in April 2019 (2 rows)",
        "Delta 6 Other 777.00 888.00",
        "30 Jul 2019, 16:01",
        "Expenditure F7, F9",
        "no document number",
        "Pour les travailleuses domestiques",
        "https://example.org/poster",
        "29 August 2019",
        "Delta, C1: missing",
    ],
)
def test_it_prints(printed: str) -> None:
    assert printed in text_of(pdf())


def test_chapters_come_in_the_order_of_annex_vi() -> None:
    text = text_of(pdf())
    body = text[text.rindex("1 Description") :]
    chapters = ["1 Description", "2 Assessment of", "2.1 Executive", "2.2 Results", "2.3 Updated", "2.4 Updated", "3 Beneficiaries", "4 Visibility"]
    annexes = [f"Annex {number}: " for number in range(1, 7)]
    places = [body.index(title) for title in chapters + annexes]
    assert places == sorted(places)


def test_contents_lead_to_every_chapter() -> None:
    view = ReportView(document(), Wording("en"))
    html = render_html(document(), "en", date(2019, 6, 30))
    assert set(re.findall(r'<a href="#([\w-]+)"', html)) == {heading.anchor for heading in view.contents.values()}
    for heading in view.contents.values():
        assert f'id="{heading.anchor}"' in html


def test_what_members_wrote_is_printed_as_text() -> None:
    text = text_of(pdf())
    for written in HOSTILE:
        assert written in text
    assert "root:" not in text


def test_what_is_internal_is_counted_and_not_named() -> None:
    text = text_of(pdf())
    for secret in ("Secret meeting", "Hidden House", "Myanmar"):
        assert secret not in text
    assert "1 more is counted and not named for reasons of safety" in text
    assert "a member not named for reasons of safety C1 late" in text


def test_no_supplier_and_no_cell_of_a_finding_is_printed() -> None:
    assert "Kamau" not in text_of(pdf())
    assert "50+" not in text_of(pdf())


def test_a_missing_text_shows_in_its_place_and_on_the_checklist() -> None:
    lacking = document(summary=" ", visibility="")
    assert lacking.missing_texts == ["summary", "visibility"]
    text = text_of(pdf(summary=" ", visibility=""))
    assert "Executive summary: to be completed by the coordinator" in text
    assert "Executive summary: texts/C1/en/summary.md" in text
    assert "to be completed" not in text_of(pdf(variations="Fares doubled.")).replace("Texts to be completed", "")


def test_there_is_no_checklist_where_nothing_is_left_to_do() -> None:
    given = document()
    settled = replace(given, members=given.members[:3], figures=replace(given.figures, missing_rates=[]), texts={**given.texts, "variations": "Said."})
    assert "Before this report is sent" in render_html(given, "en", date(2019, 6, 30))
    assert "Before this report is sent" not in render_html(settled, "en", date(2019, 6, 30))


def test_what_was_not_reported_is_a_dash_and_never_zero() -> None:
    view = ReportView(document(), Wording("en"))
    assert view.value(view.figure("K1", "cumulative")) == "–"
    assert view.value(figure("N1", "cumulative", 0)) == "0"
    assert view.activities[0].people == 50
    assert view.activities[0].participations["other"] is None


def test_a_long_logframe_prints_what_was_reported_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.report_view.LONG_LOGFRAME", 3)
    html = render_html(document(), "en", date(2019, 6, 30))
    assert ">N1</span>" in html
    assert ">K1</span>" not in html
    assert "2 more indicators of the logframe were not reported" in html


def test_long_lists_are_cut_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.render.MAX_ROWS", 1)
    html = render_html(document(), "en", date(2019, 6, 30))
    assert HOSTILE[1] not in html
    assert "3 more stand in the report’s data files." in html


def test_participations_of_an_activity_add_up_over_cycles_while_it_counts_once() -> None:
    given = document("C3")
    again = replace(activity("bb", 2, women=Decimal(5)), cycle="C2")
    rows = [replace(activity("bb", 2, women=Decimal(30)), cycle="C3"), again]
    listed = ReportView(replace(given, accepted={**given.accepted, "activities": rows}), Wording("en")).activities
    assert [entry.participations["women"] for entry in listed] == [35]


def test_a_joint_activity_is_listed_once_with_its_lead_first() -> None:
    given = document()
    rows = [activity("cc", 2, joint="J", women=Decimal(3)), activity("bb", 3, joint="j", lead="yes", women=Decimal(7))]
    (listed,) = ReportView(replace(given, accepted={**given.accepted, "activities": rows}), Wording("en")).activities
    assert (set(listed.members), listed.row.member, listed.participations["women"]) == ({"Beta", "Gamma"}, "bb", 7)


def test_a_final_report_speaks_of_the_whole_action() -> None:
    text = text_of(pdf("C3"))
    assert "Final narrative and financial report" in text
    assert "1.6 Start date and end date of the action 1 January 2019 – 30 June 2020" in text
    assert "5 Location of records, accounting and supporting documents" in text
    assert "60 participations of women" in text  # of the whole action, beside the 30 of the reporting period
    assert "30 December 2020" in text  # six months: the coordinator does not sit where the action is


def test_an_operating_grant_has_a_work_programme() -> None:
    text = text_of(pdf(kind="operating"))
    assert "1.4 Title of the work programme" in text
    assert "of the action" not in text


def test_the_language_of_members_texts_is_marked_and_charts_have_words() -> None:
    languages, described = set(), set()
    for element in structure(pdf()):
        if "/Lang" in element:
            languages.add(str(element.Lang))
        if element.get("/S") == "/Figure":
            described.add(str(element.Alt))
    assert "fr" in languages
    emblem, *charts = sorted(described, reverse=True)
    assert emblem.startswith("Emblem of the European Union")
    assert any("Goal 8: activities 2, more as significant 0, participations 52, direct costs €1,235." in chart for chart in charts)
    assert any("Heading 2, Travel: €13,000 of a budget of €10,000 (130.0%)." in chart for chart in charts)


# --- its parts --------------------------------------------------------------------------------------------------------


def test_markdown_of_the_network_becomes_plain_elements_only() -> None:
    html = str(markdown("# Big\n\n<script>x</script> [a](javascript:alert(1)) ![p](file:///etc/passwd) [b](https://example.org)", 3))
    assert "<h3>Big</h3>" in html
    assert "&lt;script&gt;" in html
    assert 'href="https://example.org"' in html
    for forbidden in ("<script", "<img", 'href="javascript', 'href="file'):
        assert forbidden not in html
    assert str(markdown("[here](somewhere.html) [there](#s1) [up](//host/x)", 3)).count("href") == 0
    assert "<thead>" not in str(markdown("|a|\n|-|\n", 3))


def test_characters_without_a_glyph_are_replaced_and_steering_ones_dropped() -> None:
    characters = frozenset(map(ord, "aé "))
    assert printable("aé中\u202e\u200da\u3000\x00", characters) == f"aé{REPLACEMENT}a  "


SCRIPTS = {
    "Arabic and Urdu": "الحقوق الاجتماعية – مزدور حقوق", "Bengali": "শ্রমিক অধিকার", "Devanagari": "मजदूर अधिकार क्षत्रिय", "Ethiopic": "የሠራተኞች መብት", "Khmer": "សិទ្ធិការងារ និងយុត្តិធម៌",
    "Burmese": "အလုပ်သမားအခွင့်အရေး", "Thai": "สิทธิแรงงาน", "Chinese": "香港勞工權益 中国劳工权利", "Vietnamese": "Quyền của người", "Polish": "Świętość źdźbła", "Greek": "Δικαιώματα", "Cyrillic": "Права",
}  # fmt: skip


def test_the_scripts_of_members_are_printed_in_fonts_of_the_report(tmp_path: Path) -> None:
    from importlib.resources import as_file

    from tasks.render import _characters

    with as_file(resources.files("templates").joinpath("report")) as folder:
        for script, words in SCRIPTS.items():
            assert printable(words, _characters(folder)) == words, script
    if reason := verapdf.missing():
        pytest.skip(reason)
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(summary="\n\n".join(f"{words} **{words}** *{words}* → ✓ ■ ≥ {words}" for words in SCRIPTS.values())))
    assert [failure for standard in verapdf.PROFILES for failure in verapdf.failures(path, standard)] == []


def test_signs_that_turn_the_direction_of_text_are_dropped_though_fonts_have_them() -> None:
    from importlib.resources import as_file

    from tasks.render import _characters

    with as_file(resources.files("templates").joinpath("report")) as folder:
        assert printable("a\u202eb\u2066c\u200fd\ufeffe", _characters(folder)) == "abcde"


def test_long_texts_are_cut_where_they_stand_in_tables() -> None:
    assert cut("x" * 12, 10) == "x" * 10 + "\u00a0…"
    assert (cut(" short ", 10), cut(None, 10)) == ("short", "")


def test_only_words_that_would_not_fit_are_broken() -> None:
    assert not any(map(has_long_word, (None, "", "Tenue en ligne en raison de la pandémie")))
    assert has_long_word("see https://example.org/a/long/address")


def test_only_languages_with_texts_are_offered() -> None:
    check_languages(["en"])
    with pytest.raises(OperatorFault, match="cannot be rendered in 'xx'"):
        check_languages(["en", "xx"])


def test_every_rule_has_words_for_the_reports_reader() -> None:
    messages = yaml.safe_load(resources.files("expectations").joinpath("messages.yaml").read_text(encoding="utf-8"))
    assert set(messages) - set(rule_phrases()) == set()


@pytest.mark.parametrize("template", sorted(entry.name for entry in resources.files("templates").joinpath("report").iterdir() if entry.name.endswith(".j2")))
def test_every_sentence_of_a_template_can_be_translated(template: str) -> None:
    source = resources.files("templates").joinpath("report", template).read_text(encoding="utf-8")
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    assert re.findall(r"[^\W\d_]{3,}", re.sub(r"<[^>]*>", " ", bare)) == []


@pytest.mark.parametrize(
    ("language", "number", "percent", "euros", "day"),
    [
        ("en", "1,234,567.5", "12.5%", "€1,234.56", "30\u00a0June\u00a02019"),
        ("fr", "1\u202f234\u202f567,5", "12,5\u202f%", "1\u202f234,56\u00a0€", "30\u00a0juin\u00a02019"),
        ("es", "1.234.567,5", "12,5\u00a0%", "1.234,56\u00a0€", "30\u00a0de\u00a0junio\u00a0de\u00a02019"),
        ("pt", "1\u00a0234\u00a0567,5", "12,5%", "1\u00a0234,56\u00a0€", "30\u00a0de\u00a0junho\u00a0de\u00a02019"),
    ],
)
def test_numbers_and_dates_follow_the_language(language: str, number: str, percent: str, euros: str, day: str) -> None:
    wording = Wording(language)
    assert wording.number(Decimal("1234567.5")) == number
    assert wording.percent(Fraction(25, 2)) == percent
    assert wording.euros(123456) == euros
    assert wording.day(date(2019, 6, 30), "long") == day
    assert " " not in wording.percent(12) + wording.euros(123456) + wording.day(date(2019, 6, 30))


def test_rounding_is_half_away_from_zero_and_only_in_print() -> None:
    wording = Wording("en")
    assert wording.number(Fraction(1, 8)) == "0.13"
    assert wording.number(Fraction(-1, 8)) == "-0.13"
    assert wording.percent(Fraction(1, 20)) == "0.1%"
    assert (wording.number(Fraction(-1, 1000)), wording.number(None)) == ("0", "–")
    assert (wording.euros(-150, 0), wording.cents(-5)) == ("-€2", "-0.05")


# --- what is missing, what changed, what was checked --------------------------------------------------------------------


def test_what_is_missing_is_weighed_and_whoever_is_internal_is_not_named() -> None:
    text = text_of(pdf())
    assert "Errors left 3 rows of the reporting period out of the figures." in text
    assert "participations 25, people 7, costs €1,234.56" in text
    assert "N1, this reporting period Silent: Gamma, a member not named for reasons of safety 4 2 0 1 7 0.00" in text
    assert "Heading 2, this reporting period 3 3 0 2 0 1,234.56" in text
    assert "N1, to date 4 4" not in text  # it lacks nothing


def test_restated_figures_are_printed_with_their_cause() -> None:
    text = text_of(pdf())
    assert "C0 P1, women, to date 12 15.5 other submissions of Beta" in text.replace("Women", "women")
    assert "SDG 8, direct costs, this cycle – 1,234.50 changed: agreement/rates.csv, agreement/logframe.csv" in text.replace("/ ", "/")  # a long name breaks after the slash
    assert "Heading 2, to date 20.00 30.00 another version of the program" in text
    assert "0a1b2c3d4e5f" not in text
    nothing = text_of(render_report(replace(document(), restatements=()), "en", IDENTIFIER))
    assert "No figure of an earlier delivered report has changed." in nothing


def test_the_reconciliation_has_a_page_with_its_control_totals() -> None:
    text = text_of(pdf())
    assert "all 1,234 figures of indicators, goals and headings were computed a second time" in text
    assert "Direct costs to date, EUR 12,345.67" in text
    assert "Participations to date 8,910" in text
