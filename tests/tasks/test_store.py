"""One contract for every store: a directory, and a real S3 server over http and https."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.store import Changed, Conflict, NotFound, Store, StoreError, open_store
from tests.conftest import S3Url


@pytest.fixture(params=["directory", "http", "https"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "directory":
        return open_store(str(tmp_path / "root"))
    s3_url: S3Url = request.getfixturevalue("s3_url")
    return open_store(s3_url(request.param))


def test_what_was_written_is_read_again(store: Store) -> None:
    store.write("a/b.csv", b"one")
    store.write("a/b.csv", b"two")
    assert store.read("a/b.csv") == b"two"
    info = store.head("a/b.csv")
    assert info is not None
    assert (info.key, info.size, info.sha256) == ("a/b.csv", 3, hashlib.sha256(b"two").hexdigest())
    assert abs(info.modified - datetime.now(UTC)) < timedelta(minutes=2)


def test_what_is_not_there_is_said_so(store: Store) -> None:
    assert store.head("no/where") is None
    with pytest.raises(NotFound, match="There is no no/where"):
        store.read("no/where")
    assert list(store.list("no/")) == []
    store.delete("no/where")


def test_listing_is_in_byte_order_and_by_prefix(store: Store) -> None:
    keys = ["inbox/C1/aa/ä.xlsx", "inbox/C1/aa/z.xlsx", "inbox/C1/aa-b/x.zip", "inbox/C10/aa/y.zip", "other/x"]
    for key in keys:
        store.write(key, b"x")
    assert [info.key for info in store.list("inbox/C1/")] == sorted((k for k in keys if k.startswith("inbox/C1/")), key=lambda k: k.encode())
    assert [info.key for info in store.list("inbox/C1/aa/z")] == ["inbox/C1/aa/z.xlsx"]
    assert len(list(store.list(""))) == 5


def test_write_once_creates_only_and_the_same_bytes_are_success(store: Store) -> None:
    store.write_once("v/manifest.json", b"one")
    store.write_once("v/manifest.json", b"one")
    with pytest.raises(Conflict):
        store.write_once("v/manifest.json", b"two")
    assert store.read("v/manifest.json") == b"one"


def test_of_twelve_writers_at_once_one_wins(store: Store) -> None:
    def attempt(number: int) -> bool:
        try:
            store.write_once("race", f"writer {number}".encode())
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        won = list(pool.map(attempt, range(12)))
    assert won.count(True) == 1
    assert store.read("race") == f"writer {won.index(True)}".encode()


def test_many_are_read_at_once(store: Store) -> None:
    contents = {f"many/{number:03d}": os.urandom(500) for number in range(40)}
    for key, data in contents.items():
        store.write(key, data)
    assert store.read_many(sorted(contents)) == contents
    assert store.read_many([]) == {}


def test_an_object_replaced_since_it_was_listed_is_noticed(store: Store) -> None:
    store.write("k", b"one")
    info = next(store.list("k"))
    assert store.read("k", info.token) == b"one"
    time.sleep(0.01)
    store.write("k", b"three")
    with pytest.raises(Changed):
        store.read("k", info.token)


def test_large_and_empty_objects(store: Store) -> None:
    data = os.urandom(9 * 1024 * 1024)
    store.write("large", data)
    store.write("empty", b"")
    assert store.read("large") == data
    assert store.read("empty") == b""


def test_deleting(store: Store) -> None:
    store.write("k", b"one")
    store.delete("k")
    assert store.head("k") is None


# --- a directory ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "a//b", "", "a\\b", "a/\x00"])
def test_no_key_leads_out_of_the_directory(tmp_path: Path, key: str) -> None:
    store = open_store(str(tmp_path / "root"))
    with pytest.raises(StoreError):
        store.write(key, b"x")
    assert not (tmp_path / "x").exists()


def test_links_are_not_followed_out_of_the_directory(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.xlsx").write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "inbox").symlink_to(outside)
    store = open_store(str(root))
    assert list(store.list("")) == []
    with pytest.raises(StoreError):
        store.read("inbox/secret.xlsx")


def test_the_arrival_of_a_file_is_its_own_time(tmp_path: Path) -> None:
    path = tmp_path / "inbox" / "report.xlsx"
    path.parent.mkdir()
    path.write_bytes(b"x")
    os.utime(path, (1564599600, 1564599600))
    assert next(open_store(str(tmp_path)).list("inbox/")).modified == datetime(2019, 7, 31, 19, 0, tzinfo=UTC)


def test_a_killed_writer_leaves_nothing_that_is_seen(tmp_path: Path) -> None:
    code = f"from tasks.store import open_store\ns = open_store({str(tmp_path)!r})\nwhile True:\n  s.write('k', b'x' * 3_000_000)\n"
    writer = subprocess.Popen([sys.executable, "-c", code])
    store = open_store(str(tmp_path))
    until = time.monotonic() + 20
    while store.head("k") is None and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.2)
    writer.kill()
    writer.wait()
    assert [info.key for info in store.list("")] == ["k"]
    assert len(store.read("k")) == 3_000_000


def test_a_file_as_root_and_an_unknown_scheme_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for url in (str(tmp_path / "file"), "ftp://host/x", "s3://"):
        with pytest.raises(StoreError, match=r"\.$"):
            open_store(url)


# --- S3 faults --------------------------------------------------------------------------------------------------------


def test_each_fault_of_an_s3_store_is_one_clear_sentence(s3_url: S3Url, monkeypatch: pytest.MonkeyPatch) -> None:
    url = s3_url("http")
    with pytest.raises(StoreError, match="there is no such bucket"):
        open_store("s3://no-such-bucket-here/x").read("k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(StoreError, match="secret key is wrong"):
        open_store(url).read("k")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "UNKNOWN")
    with pytest.raises(StoreError, match="access key is unknown"):
        list(open_store(url).list(""))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match="cannot be reached"):
        open_store(url).write("k", b"x")
