"""What operators open in a browser: the quality page and its Data Docs, in a real Chromium that reaches no network."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from tasks.quality import write_quality
from tasks.store import DirectoryStore
from tests.builders import clean, small_agreement
from tests.tasks.test_quality import FILES, Links, judgement, resolved
from tests.tasks.test_quality import seen as board_of

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

WHITE, BLUE, RED = (255, 255, 255), (0, 51, 153), (197, 55, 44)
PAGES = ("index.html", "data-docs/index.html", "data-docs/validations/activities-each-row.html", "data-docs/expectations/activities.html")
WIDE, PHONE = (1200, 2400), (500, 3600)
"""Width and height of the window in pixels; headless Chromium makes none narrower than 500."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """quality/C2 of a network of four members, with something found in both cycles."""
    root = tmp_path_factory.mktemp("store")
    agreement = small_agreement()
    files = FILES | {"inbox/C2/bb/second.zip": clean("bb", "C2"), "inbox/C2/aa/damaged.xlsx": b"PK"}
    for cycle, sent in (("C2", files), ("C1", FILES)):
        judged = judgement(sent, agreement)
        write_quality(DirectoryStore(root), board_of(judged, cycle, agreement), judged[1].validations)
    return root / "quality"


def chromium(profile: Path, *options: str) -> None:
    done = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={profile}", *options,
        ],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture
def seen(tmp_path: Path) -> Callable[[Path, tuple[int, int]], Image.Image]:
    """Opens a page in a window of that size and gives what is seen."""

    def look(page: Path, size: tuple[int, int]) -> Image.Image:
        picture = tmp_path / f"{page.stem}-{size[0]}.png"
        chromium(tmp_path / "profile", f"--window-size={size[0]},{size[1]}", f"--screenshot={picture}", page.as_uri())
        image = Image.open(picture).convert("RGB")
        assert image.size == size
        return image

    return look


def share(image: Image.Image, colour: tuple[int, int, int]) -> float:
    """The share of an image that has this colour, from 0 to 1."""
    colours = {found: number for number, found in image.getcolors(image.width * image.height) or []}
    return colours.get(colour, 0) / (image.width * image.height)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_seen_whole_without_a_network(
    site: Path, seen: Callable[[Path, tuple[int, int]], Image.Image], page: str, size: tuple[int, int]
) -> None:
    image = seen(site / "C1" / page, size)
    assert 0.3 < share(image, WHITE) < 0.985, "blank, or without its style"
    assert share(image, BLUE) > 0.0001, "the headings are not in their colour"
    edge = image.crop((size[0] - 8, 0, *size))
    assert share(edge, WHITE) == 1, "something runs over the right edge"


def test_the_charts_are_drawn(site: Path, seen: Callable[[Path, tuple[int, int]], Image.Image]) -> None:
    assert share(seen(site / "C2/index.html", WIDE), RED) > 0.0005


def test_on_paper_every_member_and_rule_is_there(site: Path, tmp_path: Path) -> None:
    paper = tmp_path / "page.pdf"
    chromium(tmp_path / "profile", "--no-pdf-header-footer", f"--print-to-pdf={paper}", (site / "C1/index.html").as_uri())
    pages = PdfReader(paper).pages
    assert 1 <= len(pages) <= 4 and pages[0].mediabox.width > pages[0].mediabox.height
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    for said in ("Alpha", "Beta", "Gamma", "Delta", "submission.unreadable", "cell.not-in-list", "Submission due on 31 December 2099"):
        assert said in text


def test_no_page_refers_to_anything_outside(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        html = page.read_text(encoding="utf-8")
        links = Links(html)
        for address in links.addresses:
            target = resolved(page.relative_to(site.parent).as_posix(), address)
            assert not address.startswith("//") and ":" not in address, f"{page}: {address}"
            assert target.startswith(("feedback/", "inbox/")) or (site.parent / target).is_file(), f"{page}: {address}"
        assert not links.elements & {"script", "link", "img", "iframe", "object"} and "url(" not in html and "@import" not in html
