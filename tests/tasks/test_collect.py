"""What comes in from the inbox: which files, when they arrived, and what a file that breaks its reader costs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tasks import children, collect
from tasks.collect import list_inbox, read_inbox
from tasks.store import open_store
from tests.builders import clean, small_agreement

AGREEMENT = small_agreement()


def test_only_submissions_are_taken_from_the_inbox(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    for name in ("report.zip", "~$report.xlsx", "photo.jpg", "evidence/list.xlsx", "old.xls", ".hidden.xlsx", "sub/folder.ods"):
        store.write(f"inbox/C1/bb/{name}", b"x")
    store.write("inbox/C1/stray.xlsx", b"x")
    store.write("inbox/C9/bb/report.zip", b"x")
    assert [arrival.info.key for arrival in list_inbox(store, ["C1"])] == ["inbox/C1/bb/old.xls", "inbox/C1/bb/report.zip", "inbox/C1/bb/sub/folder.ods"]


def test_the_receipt_is_written_at_first_sight_and_holds_from_then_on(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.write("inbox/C1/bb/report.zip", clean())
    os.utime(tmp_path / "inbox/C1/bb/report.zip", (1561900000, 1561900000))
    (first,) = read_inbox(store, AGREEMENT, ["C1"]).submissions
    os.utime(tmp_path / "inbox/C1/bb/report.zip", (1999999999, 1999999999))  # a store that was copied and restored
    inbox = read_inbox(store, AGREEMENT, ["C1"])
    assert inbox.submissions[0].received_at == first.received_at
    receipt = json.loads(store.read(f"feedback/C1/bb/{first.submission}/receipt.json"))
    assert receipt["received_at"] == "2019-06-30T13:06:40Z"
    assert {entry.key for entry in inbox.inputs} == {"inbox/C1/bb/report.zip", f"feedback/C1/bb/{first.submission}/receipt.json"}


def test_the_same_file_sent_twice_is_one_submission(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.write("inbox/C1/bb/a.zip", clean())
    store.write("inbox/C1/bb/b.zip", clean())
    (submission,) = read_inbox(store, AGREEMENT, ["C1"]).submissions
    assert submission.key == "inbox/C1/bb/b.zip"


def test_a_file_that_takes_too_long_is_one_finding_and_the_others_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.builders import NUMBER, submission

    store = open_store(str(tmp_path))
    many = [NUMBER | {"indicator": f"N{i}", "comment": "x" * 40} for i in range(150_000)]
    store.write("inbox/C1/aa/long.zip", submission("aa", "C1", [], many))
    store.write("inbox/C1/bb/report.zip", clean())
    monkeypatch.setattr(children, "SECONDS", 0.6)
    found = {s.member: [(f.rule, f.details.get("reason")) for f in s.findings] for s in read_inbox(store, AGREEMENT, ["C1"]).submissions}
    assert found == {"aa": [("submission.unreadable", "took-too-long")], "bb": []}


def test_a_folder_of_no_member_is_not_read(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.write("inbox/C1/who/report.zip", b"anything")
    (submission,) = read_inbox(store, AGREEMENT, ["C1"]).submissions
    assert [f.rule for f in submission.findings] == ["submission.unknown-member"]


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.write("inbox/C1/bb/report.zip", clean())
    huge = tmp_path / "inbox/C1/bb/video.xlsx"
    with huge.open("wb") as file:
        file.truncate(3 * 1024**3)  # nobody could hold it in memory with others
    inbox = read_inbox(store, small_agreement(), ["C1"])
    found = {submission.key: submission for submission in inbox.submissions}
    assert [(f.rule, f.details) for f in found["inbox/C1/bb/video.xlsx"].findings if f.severity == "reject"] == [("submission.unreadable", {"reason": "too-large"})]
    assert found["inbox/C1/bb/video.xlsx"].size == 3 * 1024**3
    assert not found["inbox/C1/bb/report.zip"].rejected


def test_evidence_is_listed_with_its_hash_and_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    store = open_store(str(tmp_path))
    for key, data in {"bb/evidence/list 1.pdf": b"names", "bb/evidence/photos/a.jpg": b"light", "bb/report.zip": clean(), "cc/evidence/x.xlsx": b"", "who/evidence/y": b"y"}.items():
        store.write(f"inbox/C1/{key}", data)
    inbox = read_inbox(store, small_agreement(), ["C1"])
    assert [(file.member, file.file, file.size, file.sha256) for file in inbox.evidence] == [
        ("bb", "list 1.pdf", 5, hashlib.sha256(b"names").hexdigest()),
        ("bb", "photos/a.jpg", 5, hashlib.sha256(b"light").hexdigest()),
        ("cc", "x.xlsx", 0, hashlib.sha256(b"").hexdigest()),
    ]
    assert {submission.key for submission in inbox.submissions} == {"inbox/C1/bb/report.zip"}
    assert "inbox/C1/bb/evidence/photos/a.jpg" in {entry.key for entry in inbox.inputs}
    assert b"list 1.pdf" in store.read("feedback/C1/bb/evidence.csv")
    monkeypatch.setattr(type(store), "head", lambda *_: pytest.fail("hashed again"))
    assert read_inbox(store, small_agreement(), ["C1"]).evidence == inbox.evidence


# --- readings that are kept -------------------------------------------------------------------------------------------


def test_a_file_that_has_not_changed_is_neither_fetched_nor_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fixtures = sorted((Path(__file__).parent.parent / "fixtures/should_fail").glob("*.*"))[::4] + sorted((Path(__file__).parent.parent / "fixtures/should_pass").glob("*.*"))[::6]
    store = open_store(str(tmp_path))
    for number, path in enumerate(fixtures):
        store.write(f"inbox/C1/bb/{number:03d}{path.suffix}", path.read_bytes())
    first = read_inbox(store, small_agreement(), ["C1"])
    assert len(first.submissions) == len(fixtures) > 50
    monkeypatch.setattr(collect, "read_files", lambda _, jobs: [] if not jobs else pytest.fail("read again"))
    fetched: list[str] = []
    read_many = type(store).read_many
    monkeypatch.setattr(type(store), "read_many", lambda self, keys: fetched.extend(keys) or read_many(self, keys))
    assert read_inbox(store, small_agreement(), ["C1"]) == first
    assert not [key for key in fetched if key.startswith("inbox/")]


def test_a_changed_file_agreement_or_reading_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(str(tmp_path))
    for name in ("a", "b"):
        store.write(f"inbox/C1/bb/{name}.zip", clean(cover={"prepared_by": name}))
    read: list[str] = []
    original = collect.read_files
    monkeypatch.setattr(collect, "read_files", lambda agreement, jobs: read.extend(job[0].info.key[-5:] for job in jobs) or original(agreement, jobs))

    def reads(agreement: object = None) -> list[str]:
        read.clear()
        read_inbox(store, agreement or small_agreement(), ["C1"])  # type: ignore[arg-type]
        return sorted(read)

    assert reads() == ["a.zip", "b.zip"]
    assert reads() == []
    store.write("inbox/C1/bb/b.zip", clean(cover={"prepared_by": "somebody else"}))
    assert reads() == ["b.zip"]
    corrected = small_agreement(corrections="member,cycle,sheet,row,column,expect,value,reason,by\nbb,C1,activities,A1,women,10,11,r,b\n")
    assert reads(corrected) == ["a.zip", "b.zip"]
    assert reads(corrected) == []
    assert len(list((tmp_path / "quality/C1/readings/bb").iterdir())) == 2  # that of the file that was replaced is gone
    for kept in (tmp_path / "quality/C1/readings/bb").iterdir():
        kept.write_bytes(kept.read_bytes()[:100])
    assert reads(corrected) == ["a.zip", "b.zip"]
