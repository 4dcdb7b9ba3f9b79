"""Hostile words: whatever a member or the network's own authors write is printed as text, fetches nothing, and stays on the page."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from domain.schema import sheet
from tasks.render import MAX_ANSWER, MAX_LONG_ANSWERS, SURE_ANSWER, MembersWords, breakable, printable
from tasks.wording import Wording
from tests import verapdf
from tests.builders import ACTIVITY, NUMBER, PAYMENT, agreement_files, csv_text, submission
from tests.pdftables import Placed, placed_text

Fpa = Callable[..., tuple[int, str, str]]
MM = 72 / 25.4
ENDLESS = MAX_ANSWER
TOO_MUCH = 130_000


# --- what would be fetched --------------------------------------------------------------------------------------------


@dataclass
class Bait:
    """What markup could fetch: an address that counts who comes, a host whose name is looked up, a file of this machine."""

    address: str
    file: Path
    requests: list[str]
    host: str = "somewhere.invalid"

    def touched(self) -> list[str]:
        """What was asked for since the last time."""
        found = self.requests + [event for event in EVENTS if self.host in event or str(self.file) in event]
        self.requests.clear()
        EVENTS.clear()
        return found


EVENTS: list[str] = []
_WATCHED: list[str] = []


def _note(event: str, arguments: tuple[object, ...]) -> None:
    """What this process opens and looks up, as the interpreter itself tells."""
    if _WATCHED and event in ("open", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        said = f"{event} {arguments[0]!s}"
        if any(watched in said for watched in _WATCHED):
            EVENTS.append(said)


@pytest.fixture(scope="module")
def bait(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bait]:
    requests: list[str] = []

    class Counting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    file = tmp_path_factory.mktemp("secret") / "secret.svg"
    file.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text y="20">SECRET-OF-THE-MACHINE</text></svg>', encoding="utf-8")
    bait = Bait(f"http://127.0.0.1:{server.server_port}", file, requests)
    sys.addaudithook(_note)
    _WATCHED.extend([bait.host, str(file)])
    yield bait
    _WATCHED.clear()
    server.shutdown()


def hostile(bait: Bait) -> list[str]:
    """Each a way that text has become code, markup or a request somewhere."""
    return [
        "<script>alert(1)</script>",
        f'<img src="file://{bait.file}">',
        f"<img src={bait.address}/pixel.png>",
        f'<link rel="stylesheet" href="http://{bait.host}/a.css"><object data="file://{bait.file}"></object>',
        f"</p></body><style>@import url({bait.address}/b.css); * {{ display: none }}</style>",
        "{{ 7*7 }} {% include 'report.css' %} {{ v.document }}",
        "=cmd|' /C calc'!A0",
        "\u202egnissim si yenom eht\u202c \u2066isolated\u2069",
        "&lt;b&gt; &#x3c;i&#x3e; ]]> --> %(number)s {0}",
    ]


# --- the report of a hostile member -----------------------------------------------------------------------------------


@dataclass
class Delivered:
    folder: Path
    pdf: bytes
    words: list[str]
    placed: list[Placed]

    @property
    def body(self) -> str:
        """What stands between running heads and page numbers, without spaces."""
        return bare("".join(piece.text for piece in self.placed if not is_running_head(piece)))


def bare(text: str) -> str:
    return re.sub(r"[\s\u200b\u202a-\u202e\u2066-\u2069]", "", text)


def is_running_head(piece: Placed) -> bool:
    return piece.base > piece.size[1] - 20 * MM or piece.base < 15 * MM


def with_words(words: list[str]) -> bytes:
    """A submission in which everything that can hold words holds these."""
    said = "\n".join(words)
    endless, too_much = "".join(map(str, range(100_000)))[:ENDLESS], "The minister met us. " * (TOO_MUCH // 21 + 1)
    activities = [ACTIVITY | {"title": f"{words[0]} {'T' * 2000}", "outcome": f"{words[1]} {'Ω' * ENDLESS}", "deviation": said}]
    narrative = [
        {"section": "changed", "text": said, "about": words[2][:30]},
        {"section": "changed", "text": endless, "lang": "en"},
        {"section": "for-whom", "text": too_much[:TOO_MUCH], "lang": "fr"},
    ]
    outcomes = [{"date": "2019-03-03", "country": "KE", "what_changed": said, "process": "p" * ENDLESS, "sdg": "8.8"}]
    stories = [{"text": said + "s" * 3000, "consent": "yes"}]
    out = io.BytesIO(submission("bb", "C1", activities, [NUMBER | {"comment": said}], [PAYMENT]))
    with zipfile.ZipFile(out, "a") as archive:
        further: dict[str, list[dict[str, str]]] = {"narrative": narrative, "outcomes": outcomes, "stories": stories}
        for name, rows in further.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.csv", (2019, 1, 1, 0, 0, 0)), csv_text(rows, [column.name for column in sheet(name).columns]))
    return out.getvalue()


@pytest.fixture
def delivered(bait: Bait, storage: Callable[[Mapping[str, bytes]], Path], fpa: Fpa) -> Delivered:
    words = hostile(bait)
    network = "\n\n".join([*words, f"![a picture]({bait.address}/c.png) [a link](file://{bait.file})", "N" * ENDLESS])
    root = storage({**agreement_files(), "texts/C1/en/summary.md": network.encode(), "inbox/C1/bb/report.zip": with_words(words)})
    bait.touched()
    status, _, err = fpa("report", "C1")
    assert status < 2, err
    folder = root / "reports/C1/v0001"
    pdf = (folder / "report.en.pdf").read_bytes()
    return Delivered(folder, pdf, words, list(placed_text(pdf)))


def test_hostile_words_are_printed_as_text_fetch_nothing_and_stay_on_the_page(bait: Bait, delivered: Delivered) -> None:
    assert bait.touched() == []
    body = delivered.body
    for words in delivered.words:
        assert body.count(bare(words)) >= 3, words
    assert "SECRET-OF-THE-MACHINE" not in body
    assert "49" not in [piece.text for piece in delivered.placed]
    # whole answers, and how much is missing of what is not whole
    assert "".join(map(str, range(100_000)))[:ENDLESS] in body
    assert "p" * ENDLESS in body
    assert "N" * ENDLESS in body
    assert "30,000morecharactersstandinthemember’sfile" in body
    assert re.search(r"Ω{400}Ω*…\([\d,]+morecharactersstandinthemember’sfile\)", body)
    # on the page
    for piece in delivered.placed:
        assert piece.left > 19.5 * MM and piece.right < piece.size[0] - 19.5 * MM, piece
        assert 7 * MM < piece.base < piece.size[1] - 10 * MM, piece
        if is_running_head(piece):
            assert re.fullmatch(r"Contract TEST/2019/1|Reporting period .*|\d+\s/\s\d+", piece.text) or piece.page == 1, piece
    for standard in verapdf.PROFILES if not verapdf.missing() else ():
        assert verapdf.failures(delivered.folder / "report.en.pdf", standard) == []
    # and no data file has a formula
    for path in (delivered.folder / "data").glob("*.csv"):
        for row in csv.reader(path.open(encoding="utf-8", newline="")):
            assert not [cell for cell in row if cell[:1] in ("=", "@", "\t")], path.name


def test_the_bait_is_taken_where_nothing_holds_the_renderer_back(bait: Bait) -> None:
    """The proof above can fail: the same markup, rendered as markup, opens the file, looks the host up and comes to the address."""
    import weasyprint

    bait.touched()
    for words in hostile(bait):
        weasyprint.HTML(string=words).write_pdf()
    touched = " ".join(bait.touched())
    for taken in (str(bait.file), "/pixel.png", "/b.css", bait.host):
        assert taken in touched


@pytest.mark.parametrize(
    "sign", ["x", "\u3002", "ab\u00a0", "a\u00ad", "a\u0301", "ស្ដិ", "a\n", "\u2003"],
    ids=["letters", "full stops", "no-break spaces", "soft hyphens", "accents", "Khmer", "lines", "spaces"],
)  # fmt: skip
def test_an_endless_answer_costs_seconds(sign: str) -> None:
    """The renderer by itself measures the rest of a word for each of its lines: 100,000 letters took 80 seconds."""
    from tasks.render import render_report
    from tests.tasks.test_render import document

    given = document()
    rows = [replace(row, values={**row.values, "text": f"a{sign * (ENDLESS // len(sign))}a"}) for row in given.accepted["narrative"][:1]]
    began = time.thread_time()
    render_report(replace(given, accepted={**given.accepted, "narrative": rows}), "en", hashlib.sha256(b"").hexdigest())
    assert time.thread_time() - began < 20


# --- how much is printed ----------------------------------------------------------------------------------------------


def shown(printed: object) -> str:
    return re.sub(r"<[^>]*>|\u200b", "", str(printed))


def test_all_long_answers_of_a_report_share_one_room_and_short_ones_are_always_whole() -> None:
    words = MembersWords(Wording("en"))
    printed = [shown(words.cut("x" * MAX_ANSWER, MAX_ANSWER)) for _ in range(20)]
    assert [len(text) for text in printed[:10]] == [MAX_ANSWER] * 10
    assert sum(max(text.count("x") - SURE_ANSWER, 0) for text in printed) == MAX_LONG_ANSWERS
    assert printed[-1] == "x" * SURE_ANSWER + "\u00a0… (94,000 more characters stand in the member’s file)"
    assert shown(words.cut("y" * SURE_ANSWER, MAX_ANSWER)) == "y" * SURE_ANSWER


def test_short_lines_take_room_as_the_page_has_it_and_empty_ones_stand_for_one() -> None:
    words = MembersWords(Wording("fr"))
    assert shown(words.cut("a\n" * 3000, MAX_ANSWER)).count("a\n") == MAX_ANSWER // 40 - 1
    assert shown(words.cut("one\n \n\n\ntwo", MAX_ANSWER)) == "one\n\ntwo"


def test_what_is_left_out_is_said_in_the_reports_language_and_a_small_place_has_a_sign_only() -> None:
    assert '<span class="unit" lang="pt">' in str(MembersWords(Wording("pt")).cut("x" * 600, 500))
    assert MembersWords(Wording("pt")).cut("x" * 600, 60) == "x" * 60 + "\u00a0…"


def test_places_to_break_change_no_text_and_part_no_mark_from_its_letter() -> None:
    for text in ("x" * 500, "ស្ដិ" * 100, "e\u0301" * 100, "https://example.org/" + "a" * 300):
        broken = breakable(text)
        assert "\u200b" in broken and broken.replace("\u200b", "") == text
        assert not re.search("\u200b[\u0301\u17d2\u17b7]", broken)
    for text in ("x" * 80, "a word or two " * 50, "香港勞工權益" * 50):
        assert breakable(text) == text


def test_marks_do_not_tower_and_endless_space_is_one() -> None:
    assert printable("a" + "\u0301" * 50 + " " * 500 + "b", frozenset(map(ord, "ab \u0301"))) == "a" + "\u0301" * 4 + " b"
