"""The quality page of a cycle and its Data Docs: what operators see, offline, the same for the same inputs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from domain.completeness import counting_keys
from domain.exceptions import OperatorException
from domain.findings import Finding
from domain.reading import read_submission
from domain.rules import RULES
from domain.submission import Judged, Submission
from tasks.board import bar, board, finance, findings
from tasks.collect import judge_arrival
from tasks.datadocs import data_docs
from tasks.profiles import load_profile
from tasks.quality import Quality, Situation, quality_of, quality_page, write_quality
from tasks.store import DirectoryStore
from tasks.validate import judge
from tests.builders import ACTIVITY, MEMBERS, NUMBER, PAYMENT, agreement_files, clean, small_agreement, submission

AGREEMENT = small_agreement()
PROFILE = load_profile("prag-2018")
DAY = Situation(date(2019, 7, 20), {})
RECEIVED = datetime(2019, 7, 1, 12, tzinfo=UTC)
SUPPLIER = "Señora Quetzal"
HOSTILE = "<script>alert(1)</script>"


def faulty(member: str = "bb", cycle: str = "C1") -> bytes:
    """Two errors in one row, one in another, a warning; a supplier's name."""
    return submission(
        member,
        cycle,
        [ACTIVITY, ACTIVITY | {"activity": "A2", "type": "nonsense", "sdg": "8.99"}],
        [NUMBER],
        [PAYMENT | {"supplier": SUPPLIER, "document": ""}, PAYMENT | {"supplier": SUPPLIER, "amount": "about 5"}],
    )


Judgement = tuple[list[Submission], Judged]


def judgement(files: Mapping[str, bytes], agreement: Any = AGREEMENT) -> Judgement:
    """Reads and judges the files (by key); each arrives a minute after the one before."""
    submissions: list[Submission] = []
    for number, (key, data) in enumerate(files.items()):
        _, cycle, member, _ = key.split("/")
        s = read_submission(
            data, key=key, member=member, cycle=cycle, received_at=RECEIVED + timedelta(minutes=number), agreement=agreement
        )
        judge_arrival(agreement, s, False)
        submissions.append(s)
    return submissions, judge(agreement, submissions, counting_keys(submissions), frozenset({"changed"}), frozenset())


FILES = {"inbox/C1/aa/good.zip": clean("aa"), "inbox/C1/bb/bad.zip": faulty(), "inbox/C1/cc/damaged.xlsx": b"PK nonsense"}


@pytest.fixture(scope="module")
def judged_files() -> Judgement:
    return judgement(FILES)


class Links(HTMLParser):
    """The addresses a page refers to, its elements, and its rows as lists of texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.elements: set[str] = set()
        self.rows: list[list[str]] = []
        self.in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.addresses += [value or "" for name, value in attributes if name in ("href", "src", "srcset", "data", "action", "xlink:href")]
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, text: str) -> None:
        if self.in_cell:
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {text.strip()}".strip()


def seen(judged_files: Judgement, cycle: str = "C1", agreement: Any = AGREEMENT, situation: Situation = DAY) -> Quality:
    return quality_of(agreement, PROFILE, cycle, *judged_files, situation)


def page_of(judged_files: Judgement, cycle: str = "C1", agreement: Any = AGREEMENT, situation: Situation = DAY) -> str:
    return quality_page(seen(judged_files, cycle, agreement, situation)).decode()


def rows_of(html: str) -> dict[str, list[str]]:
    """Rows of all tables by their first word."""
    return {row[0].split()[0]: row for row in Links(html).rows if row and row[0]}


# --- the page ---------------------------------------------------------------------------------------------------------


def test_every_member_has_its_state_rows_and_findings(judged_files: Judgement) -> None:
    rows = rows_of(page_of(judged_files))
    assert rows["aa"][1:] == ["on time", "good.zip answer", "3", "0", "0", "0", "0", "0"]
    assert rows["bb"][1:] == ["on time", "bad.zip answer", "3", "2", "0", "3", "1", "0"]
    assert rows["cc"][1:] == ["rejected", "damaged.xlsx (rejected) answer", "0", "0", "1", "0", "0", "0"]
    assert rows["dd"][1:] == ["missing", "none", "0", "0", "0", "0", "0", "0"]
    assert rows["All"][3:] == ["6", "2", "1", "3", "1", "0"]


def test_every_rule_says_what_it_means_and_whom_it_concerns(judged_files: Judgement) -> None:
    rows = rows_of(page_of(judged_files))
    assert rows["submission.unreadable"][1:] == ["reject", "the file could not be read", "1", "cc"]
    assert rows["cell.not-in-list"][1:] == ["error", "a code that is in no list", "1", "bb"]
    assert rows["expenditure.document.missing"][1:] == ["warning", "no document number", "1", "bb"]


def test_what_is_to_be_done_is_said_first_by_whose_turn_it_is(judged_files: Judgement) -> None:
    page = page_of(judged_files, agreement=small_agreement(due="2019-07-31T18:00"))
    assert page.index("To do today, 20 July 2019") < page.index("coordination’s turn") < page.index("Members’ turn") < page.index("<h2>Members</h2>")
    for said in (
        "The interim report of C1 is due at the EU on 29 August 2019 (40 days left): no version is made yet.",
        "Nothing of the file could be used, a new one is taken until 10 August 2019 (21 days left): cc.",
        "Submission due on 31 July 2019 (11 days left): dd.",
        "Errors to mend, a mended file is taken until 10 August 2019 (21 days left): bb (3).",
    ):
        assert f"{said}</li>" in page
    later = page_of(judged_files, agreement=small_agreement(due="2019-07-31T18:00"), situation=Situation(date(2019, 8, 27), {"C1": ["v0001"]}))
    assert '<span class="chip part">soon</span> The interim report of C1 is due at the EU on 29 August 2019 (2 days left): v0001 is made, and not recorded as sent.' in later
    assert '<span class="chip bad">overdue</span> Submission owed since 31 July 2019 (27 days ago), and none is taken any more: dd.' in later


def test_with_nothing_to_do_it_says_so() -> None:
    agreement = small_agreement(yaml=agreement_files()["agreement/agreement.yaml"].decode().replace("report: interim", "report: none"))
    whole = judgement({f"inbox/C1/{member}/a.zip": clean(member) for member in ("aa", "bb", "cc", "dd")}, agreement)
    assert "Nothing: nobody owes anything." in page_of(whole, agreement=agreement)


def test_a_file_links_to_itself_and_to_the_answer_that_its_member_got(judged_files: Judgement) -> None:
    submissions, _ = judged_files
    addresses = Links(page_of(judged_files)).addresses
    files = [address for s in submissions for address in (f"../../{s.key}", f"../../feedback/C1/{s.member}/{s.submission}/summary.html")]
    assert addresses == [*files, "data-docs/index.html"]


def test_workbooks_and_the_newest_report_are_linked_where_they_lie(judged_files: Judgement) -> None:
    situation = Situation(DAY.today, {"C1": ["v0001", "v0002"]}, frozenset({"workbooks/C1/dd.xlsx"}), ("reports/C1/v0002/report.en.pdf", "reports/C1/v0002/manifest.json"))
    addresses = Links(page_of(judged_files, situation=situation)).addresses
    assert {"../../workbooks/C1/dd.xlsx", "../../reports/C1/v0002/report.en.pdf"} <= set(addresses)
    assert [address for address in addresses if "workbooks" in address] == ["../../workbooks/C1/dd.xlsx"]


def test_costs_stand_beside_the_budget_and_say_how_they_are() -> None:
    paid = [PAYMENT | {"heading": heading, "currency": "EUR", "amount": amount, "document": heading} for heading, amount in (("1", "25000"), ("2", "12000"), ("6", "12501"))]
    files = judgement({"inbox/C1/bb/a.zip": submission("bb", "C1", [ACTIVITY], [NUMBER], [*paid[:2], paid[2] | {"recipient": "R"}])})
    page = page_of(files)
    rows = rows_of(page)
    assert rows["1"] == ["1 Human resources", "50,000.00", "25,000.00", "50.0", ""]
    assert rows["2"][1:4] == ["10,000.00", "12,000.00", "120.0"] and rows["6"][3] == "125.0" and rows["3"][1:4] == ["0.00", "0.00", "–"]
    assert 'aria-label="120.0 % of heading 2 spent"><rect class="rest" x="0" y="4" width="128" height="10"/><rect class="part" x="0" y="4" width="153.6"' in page
    assert "Heading 6, Other: EUR 1.00 above its limit, 25 % above its budget; this takes an addendum." in page
    said = finance(seen(files).finance).replace("\u00a0", " ")
    assert "| 6 Other, **above what may be without an addendum** | 10,000.00 | 12,501.00 | 125.0 % ▰▰▰▰▰ |" in said
    assert "| 1 Human resources | 50,000.00 | 25,000.00 | 50.0 % ▰▰▰▱▱ |" in said and "| 3 Equipment and supplies | 0.00 | 0.00 | – |" in said


def test_a_bar_is_as_long_as_its_share() -> None:
    assert [bar(share if share is None else Decimal(share)) for share in (None, 0, 9, 10, 40, 100, 250, -30)] == ["", "▱▱▱▱▱", "▱▱▱▱▱", "▰▱▱▱▱", "▰▰▱▱▱", "▰▰▰▰▰", "▰▰▰▰▰", "▱▱▱▱▱"]


def test_earlier_files_are_listed_and_count_for_nothing() -> None:
    files = {
        "inbox/C1/bb/first.zip": faulty(),
        "inbox/C1/bb/second.zip": clean(),
        "inbox/C1/bb/third.zip": b"PK",
        "inbox/C1/aa/x.zip": b"PK",
        "inbox/C1/aa/y.zip": clean("aa"),
    }
    page = page_of(judgement(files))
    rows = rows_of(page)
    assert rows["bb"][1:] == ["on time", "third.zip (rejected) answer second.zip answer earlier: first.zip (replaced) answer", "3", "0", "1", "0", "0", "0"]
    assert rows["aa"][1:] == ["on time", "y.zip answer earlier: x.zip (rejected) answer", "3", "0", "0", "0", "0", "0"]
    assert "A newer file was rejected, the earlier one counts: bb." in page


def test_a_part_is_called_one_and_the_other_is_missing() -> None:
    rows = rows_of(page_of(judgement({"inbox/C1/bb/a.zip": clean(cover={"part": "programme"})})))
    assert rows["bb"][1:3] == ["missing", "a.zip (counts, programme part) answer"]


def test_findings_are_counted_over_the_cycles_so_far() -> None:
    files = {"inbox/C1/bb/a.zip": faulty(), "inbox/C2/bb/b.zip": clean(cycle="C2"), "inbox/C2/aa/c.zip": b"PK"}
    judged_files = judgement(files)
    assert seen(judged_files, "C2").trend == (
        ("C1", {"reject": 0, "error": 3, "warning": 1, "info": 0}),
        ("C2", {"reject": 1, "error": 0, "warning": 0, "info": 0}),
    )
    second = page_of(judged_files, "C2")
    assert 'aria-label="Errors by cycle: C1 3, C2 0"' in second and 'aria-label="Rejects by cycle: C1 0, C2 1"' in second
    assert 'aria-label="Findings by rule: submission.unreadable 1"' in second
    assert "C2" not in page_of(judged_files, "C1")


def test_charts_hold_their_numbers_as_text(judged_files: Judgement) -> None:
    charts = [chart for chart in re.findall(r"<svg.*?</svg>", page_of(judged_files), flags=re.DOTALL) if "of heading" not in chart]
    assert len(charts) == 4
    for chart in charts:
        label = re.search(r'aria-label="[^:"]+: ([^"]+)"', chart)
        assert label is not None and 'role="img"' in chart
        assert re.findall(r"<text[^>]*>([^<]+)</text>", chart) == label[1].replace(",", "").split()


def test_nobody_having_sent_anything_is_a_page_too() -> None:
    page = page_of(([], judge(AGREEMENT, [], set(), frozenset(), frozenset())))
    assert ": aa, bb, cc, dd." in page and "Nothing was found" in page and "Findings by rule" not in page


def test_whatever_was_typed_is_text() -> None:
    agreement = small_agreement(members=MEMBERS.replace("Alpha", f"Alpha {HOSTILE} | *bold*"))
    finding = Finding("a b&'<i>", "C1", "abababababab", "submission.unknown-member", "reject", value=HOSTILE)
    unknown = Submission("a b&'<i>", "C1", f"inbox/C1/a b&'<i>/{HOSTILE}.zip", "ab" * 32, 3, RECEIVED, findings=[finding])
    judged = judge(agreement, [unknown], set(), frozenset(), frozenset())
    page = page_of(([unknown], judged), agreement=agreement)
    assert "<script" not in page and "<i>" not in page and "&lt;script&gt;alert(1)" in page
    assert Links(page).addresses[1] == "../../feedback/C1/a%20b%26%27%3Ci%3E/abababababab/summary.html"
    markdown = board(seen(([unknown], judged), agreement=agreement), "quality/C1/index.html")
    assert "<" not in markdown and "unknown member" in markdown
    assert "(/files/feedback/C1/a%20b%26%27%3Ci%3E/abababababab/summary.html)" in markdown and "Alpha" not in markdown


def test_what_was_waived_and_corrected_is_listed(judged_files: Judgement) -> None:
    submissions, judged = judged_files
    waived = OperatorException(
        "waiver", "activities.dates.reversed", "bb", "C1", "activities", "2", "end", "E2", "x", "", f"board {HOSTILE}", "Ana", "accepted"
    )
    idle = OperatorException(
        "correction", "", "bb", "C1", "expenditure", "3", "amount", "", "5", "50", "typo", "Ana", "the cell says something else"
    )
    elsewhere = replace(waived, cycle="C2", by="Bo")
    changed = Judged(judged.findings, judged.accepted, judged.left_out, judged.validations, [waived, idle, elsewhere])
    page = page_of((submissions, changed))
    assert rows_of(page)["waiver"] == ["waiver of activities.dates.reversed", "bb", "activities, E2", "board " + HOSTILE, "Ana", "accepted"]
    assert rows_of(page)["correction"][2] == "expenditure, row 3, amount: 5 → 50"
    assert "1 waiver or correction has no effect; see below." in page and ">Bo<" not in page
    assert "Waived and corrected" not in page_of(judged_files)


def test_an_operators_own_duties_are_named() -> None:
    agreement = small_agreement(
        rates="month,currency,rate\n2019-01,KES,110\n",
        subgrants="recipient,name,country,lot,signed,amount_eur,member\nR,Riverside,KE,1,2019-01-01,9000.00,bb\n",
    )
    support = PAYMENT | {"heading": "6", "currency": "EUR", "amount": "1500", "recipient": "R"}
    page = page_of(
        judgement({"inbox/C1/bb/a.zip": submission("bb", "C1", [ACTIVITY], [NUMBER], [PAYMENT, support])}, agreement), agreement=agreement
    )
    assert "An exchange rate is missing in agreement/rates.csv (1 payment); yours to add." in page
    assert "A third party is above the ceiling of the contract (bb); the report cannot be approved." in page


# --- for Prefect ------------------------------------------------------------------------------------------------------


def test_the_artifacts_say_the_same_as_the_page(judged_files: Judgement) -> None:
    situation = Situation(DAY.today, {}, frozenset({"workbooks/C1/bb.xlsx"}))
    quality = seen(judged_files, situation=situation)
    markdown = board(quality, "quality/C1/index.html")
    answer = f"/files/feedback/C1/bb/{judged_files[0][1].submission}/summary.html"
    assert f"| bb | on time | [bad.zip](/files/inbox/C1/bb/bad.zip) ([answer]({answer})), [workbook](/files/workbooks/C1/bb.xlsx) | 3, 2 left out | 3 errors, 1 warning |" in markdown
    assert "| dd | missing |  | 0 |  |" in markdown
    assert "**2 on time, 1 rejected, 1 missing**" in markdown and markdown.index("To do today") < markdown.index("### Members")
    assert "[the board as a page](/files/quality/C1/index.html)" in markdown
    assert all(line.sentence in markdown.replace("\\_", "_") for line in quality.to_do)
    table = findings(quality)
    assert {(row["member"], row["severity"], row["rule"], row["findings"]) for row in table} >= {
        ("cc", "reject", "submission.unreadable", 1), ("bb", "error", "cell.not-in-list", 1), ("bb", "warning", "expenditure.document.missing", 1),
    }  # fmt: skip
    assert sum(row["findings"] for row in table) == sum(quality.counts.values())


# --- Data Docs --------------------------------------------------------------------------------------------------------


def docs_of(judged: Judged, run: str = "C1") -> dict[str, str]:
    return {path: content.decode() for path, content in data_docs(judged.validations, run).items()}


def test_the_pages_are_named_by_suite_and_pass(judged_files: Judgement) -> None:
    docs = docs_of(judged_files[1])
    assert {
        "index.html",
        "validations/activities-each-row.html",
        "validations/activities-rows-together.html",
        "expectations/activities.html",
    } <= set(docs)
    for path, html in docs.items():
        found = Links(html).addresses
        assert found and all(resolved(path, address) in {*docs, "../index.html"} for address in found), path


def resolved(path: str, address: str) -> str:
    """A relative address from a page of the site, as a path from its root."""
    parts: list[str] = []
    for part in [*path.split("/")[:-1], *address.split("/")]:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def test_a_result_shows_rule_severity_and_how_many_rows(judged_files: Judgement) -> None:
    rows = [
        row
        for row in Links(docs_of(judged_files[1])["validations/activities-each-row.html"]).rows
        if row[0].startswith("activities.sdg.unknown")
    ]
    [row] = rows
    assert row[0] == "activities.sdg.unknown error"
    assert (
        "every code is a goal or target of the SDG framework" in row[1] and "1 unexpected values found. ≈33.33% of 3 total rows." in row[1]
    )
    assert row[3:] == ["1", "3"]
    page = docs_of(judged_files[1])["expectations/expenditure.html"]
    assert "unexpected" not in page
    assert any(row[0] == "expenditure.document.missing warning" and row[2] == "each row by itself" for row in Links(page).rows)


def test_rules_stand_in_the_order_in_which_they_are_judged(judged_files: Judgement) -> None:
    rows = Links(docs_of(judged_files[1])["expectations/activities.html"]).rows[1:]
    for over in ("each row by itself", "rows together"):
        rules = [row[0].split()[0] for row in rows if row[2] == over]
        assert len(rules) > 1 and rules == sorted(rules, key=RULES.index)


def test_the_same_rows_give_the_same_bytes_at_any_time() -> None:
    first, second = (judgement(FILES)[1] for _ in range(2))
    assert data_docs(first.validations, "C1") == data_docs(second.validations, "C1")
    before = [validation.to_json_dict() for validation in first.validations]
    data_docs(first.validations, "C1")
    assert before == [validation.to_json_dict() for validation in first.validations]


def test_no_member_s_cell_and_no_foreign_address_is_in_them(judged_files: Judgement) -> None:
    for path, html in {**docs_of(judged_files[1]), "page": page_of(judged_files)}.items():
        assert html.startswith('<!DOCTYPE html>\n<html lang="en">'), path
        links = Links(html)
        assert not links.elements & {"script", "img", "link", "iframe", "object", "embed", "form", "base"}, path
        assert not any(re.match(r"[a-z][a-z0-9+.-]*:|//", address, re.IGNORECASE) for address in links.addresses), path
        assert "://" not in html and "@import" not in html and "url(" not in html, path
        assert SUPPLIER not in html and "nonsense" not in html.replace("PK nonsense", "") and "about 5" not in html, path
        assert not re.search(r"\b20[2-9]\d-\d\d-\d\d|T\d\d:\d\d", html), path


def test_a_run_without_rows_has_an_index() -> None:
    docs = data_docs([], "C1")
    assert list(docs) == ["index.html"] and b"No row was judged" in docs["index.html"]


def test_a_suite_judged_twice_in_one_pass_has_two_pages(judged_files: Judgement) -> None:
    validations = judged_files[1].validations
    cover = next(validation for validation in validations if validation.suite_name == "cover")
    docs = data_docs([cover, cover], "C1")
    assert {"validations/cover-each-row.html", "validations/cover-each-row-2.html"} <= set(docs)


# --- writing ----------------------------------------------------------------------------------------------------------


def written(root: Path, judged_files: Judgement) -> Sequence[str]:
    return write_quality(DirectoryStore(root), seen(judged_files), judged_files[1].validations)


def test_only_what_changed_is_written_again(tmp_path: Path, judged_files: Judgement) -> None:
    keys = written(tmp_path, judged_files)
    assert keys[-1] == "quality/C1/index.html" and "quality/C1/data-docs/index.html" in keys
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html")} == set(keys)
    assert written(tmp_path, judged_files) == []
    (tmp_path / "quality/C1/index.html").write_text("changed")
    assert written(tmp_path, judged_files) == ["quality/C1/index.html"]


def test_pages_that_are_no_more_are_deleted_and_other_files_are_not(tmp_path: Path, judged_files: Judgement) -> None:
    written(tmp_path, judged_files)
    old = tmp_path / "quality/C1/data-docs/validations/gone-each-row.html"
    old.write_text("old")
    kept = [tmp_path / "quality/C1/notes.txt", tmp_path / "quality/C2/data-docs/index.html"]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("an operator's")
    assert written(tmp_path, judged_files) == []
    assert not old.exists() and all(path.exists() for path in kept)


def test_the_agreement_is_left_alone(tmp_path: Path, judged_files: Judgement) -> None:
    store = DirectoryStore(tmp_path)
    for key, content in agreement_files().items():
        store.write(key, content)
    written(tmp_path, judged_files)
    assert {key: (tmp_path / key).read_bytes() for key in agreement_files()} == agreement_files()
