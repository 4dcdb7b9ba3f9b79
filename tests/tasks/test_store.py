"""One contract for every store: a directory, and a real S3 server over http and https."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from urllib3 import HTTPResponse

from tasks.store import Changed, Conflict, NotFound, S3Store, Store, StoreError, open_store
from tests.conftest import S3Url
from tests.faultyserver import FaultyServer, faulty


@pytest.fixture(params=["directory", "http", "https"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "directory":
        return open_store(str(tmp_path / "root"))
    s3_url: S3Url = request.getfixturevalue("s3_url")
    return open_store(s3_url(request.param))


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.store.PAUSE_SECONDS", 0.01)


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
    for key in ("race/1", "race/2", "race/3"):
        start = threading.Barrier(12)

        def attempt(number: int, key: str = key, start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                store.write_once(key, f"writer {number}".encode() * 1000)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(12) as pool:
            won = list(pool.map(attempt, range(12)))
        assert won.count(True) == 1
        assert store.read(key) == f"writer {won.index(True)}".encode() * 1000
    assert [info.key for info in store.list("")] == ["race/1", "race/2", "race/3"]


def test_a_reader_sees_one_whole_object_while_it_is_replaced(store: Store) -> None:
    versions = [bytes([number]) * 300_000 for number in range(4)]
    store.write("k", versions[0])
    with ThreadPoolExecutor(5) as pool:
        writers = [pool.submit(lambda data=data: [store.write("k", data) for _ in range(5)]) for data in versions]
        while not all(writer.done() for writer in writers):
            assert store.read("k") in versions
        for writer in writers:
            writer.result()


@pytest.mark.parametrize("name", ["Activités à Nairobi (1).xlsx", "50% + 25 & more?.xlsx", "%41%2F.xlsx", "#1 'a' \"b\".zip", "報告 🌍.ods", ".hidden", "a=b;c~"])
def test_a_member_may_name_a_file_as_he_likes(store: Store, name: str) -> None:
    key = f"inbox/2019-H1/asol/{name}"
    store.write(key, b"x")
    assert [info.key for info in store.list("inbox/2019-H1/asol/")] == [key]
    assert store.read(key) == b"x"
    store.delete(key)
    assert store.head(key) is None


def test_a_folder_is_no_object(store: Store) -> None:
    store.write("a/b/c", b"x")
    assert store.head("a/b") is None
    with pytest.raises(NotFound):
        store.read("a/b")
    assert [info.key for info in store.list("a/b")] == ["a/b/c"]
    store.delete("a/b/c/d")
    assert store.read("a/b/c") == b"x"


@pytest.mark.parametrize("key", ["", "a/\ud800"])
def test_what_can_be_no_key_is_said_so(store: Store, key: str) -> None:
    for do in (store.read, store.head, store.delete, lambda key: store.write(key, b"x"), lambda key: store.write_once(key, b"x")):
        with pytest.raises(StoreError, match="is no key of the store"):
            do(key)


def test_another_process_may_use_the_same_store(store: Store) -> None:
    store.write("k", b"one")
    assert pickle.loads(pickle.dumps(store)).read("k") == b"one"  # noqa: S301 (its own)


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


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "a//b", "", "a\\b", "a/\x00", "..", "a/..", "..\\x", "a\nb", ".fpa-writing-1"])
def test_no_key_leads_out_of_the_directory(tmp_path: Path, key: str) -> None:
    store = open_store(str(tmp_path / "root"))
    for do in (store.read, store.head, store.delete, store.locate, lambda key: store.write(key, b"x"), lambda key: store.write_once(key, b"x")):
        with pytest.raises(StoreError, match="is no key of the store"):
            do(key)
    assert list(tmp_path.iterdir()) == []


def test_links_are_not_followed_out_of_the_directory(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    (root / "a").mkdir(parents=True)
    (outside / "secret.xlsx").write_text("secret")
    (root / "inbox").symlink_to(outside)
    (root / "a" / "link.xlsx").symlink_to(outside / "secret.xlsx")
    store = open_store(str(root))
    assert list(store.list("")) == []
    for key in ("inbox/secret.xlsx", "a/link.xlsx"):
        with pytest.raises(StoreError):
            store.read(key)
    assert store.head("a/link.xlsx") is None
    for do in (lambda: list(store.list("inbox/")), lambda: store.write("inbox/secret.xlsx", b"x"), lambda: store.delete("inbox/secret.xlsx")):
        with pytest.raises(StoreError, match=r"inbox in .* is a symbolic link"):
            do()
    with pytest.raises(Conflict):
        store.write_once("a/link.xlsx", b"x")
    store.write("a/link.xlsx", b"ours")
    assert (outside / "secret.xlsx").read_text() == "secret"
    assert store.read("a/link.xlsx") == b"ours"


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "disk")
    store = open_store(str(tmp_path / "root"))
    store.write("a/b", b"x")
    assert [info.key for info in store.list("")] == ["a/b"]


def test_what_is_no_ordinary_file_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.xlsx")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "plain.xlsx").write_bytes(b"x")
    store = open_store(str(tmp_path))
    assert [info.key for info in store.list("")] == ["plain.xlsx"]
    with pytest.raises(NotFound):  # without waiting for a writer
        store.read("pipe.xlsx")
    with pytest.raises(StoreError):
        store.read("loop/x")


@pytest.mark.parametrize("name", [b"r\xe9sum\xe9.xlsx", b"a\\b.xlsx", b"two\nlines.xlsx", b"\xff%E9%41%.xlsx", b"\xc3\xa9\xe9.xlsx", b"tab\t\x7f.zip"])
def test_whatever_a_listing_shows_can_be_read(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / os.fsdecode(name)).write_bytes(b"content")
    store = open_store(str(tmp_path))
    (info,) = store.list("inbox/")
    assert info.key.isprintable()
    assert info.key.encode("utf-8").decode("utf-8") == info.key
    assert store.read(info.key, info.token) == b"content"
    assert store.head(info.key) is not None
    store.delete(info.key)
    assert list((tmp_path / "inbox").iterdir()) == []


@pytest.mark.parametrize("key", ["%2E%2E/secret", "a/%2E%2E/%2E%2E/secret", "%2Fsecret", "..%2Fsecret", "a%00", "%FF/secret"])
def test_no_escape_leads_out_of_the_directory(tmp_path: Path, key: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "root" / "a").mkdir(parents=True)
    (tmp_path / "root" / os.fsdecode(b"\xff")).symlink_to(tmp_path)
    store = open_store(str(tmp_path / "root"))
    with pytest.raises(StoreError):
        store.read(key)
    with contextlib.suppress(StoreError):
        store.write(key, b"ours")
    assert (tmp_path / "secret").read_bytes() == b"secret"


def test_folders_nested_without_end_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"x")
    folder = str(tmp_path)
    try:
        for _ in range(1500):
            folder += "/d"
            Path(folder).mkdir()
        assert [info.key for info in open_store(str(tmp_path)).list("")] == ["plain"]
    finally:
        while len(folder) > len(str(tmp_path)):
            Path(folder).rmdir()
            folder = folder[:-2]


def test_the_arrival_of_a_file_is_its_own_time(tmp_path: Path) -> None:
    path = tmp_path / "inbox" / "report.xlsx"
    path.parent.mkdir()
    path.write_bytes(b"x")
    os.utime(path, (1564599600, 1564599600))
    assert next(open_store(str(tmp_path)).list("inbox/")).modified == datetime(2019, 7, 31, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "year"), [(-10_000_000_000, 1970), (2**62 // 10**9, 2116), (300_000_000_000, 9999)])
def test_a_file_may_carry_any_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, year: int) -> None:
    (tmp_path / "k").write_bytes(b"x")
    real = os.fstat

    class Odd:
        """What a file system with 64-bit times may say; not all that tests run on keep them."""

        def __init__(self, status: os.stat_result) -> None:
            self.st_mode, self.st_size, self.st_mtime_ns = status.st_mode, status.st_size, seconds * 10**9

    monkeypatch.setattr("tasks.store.os.fstat", lambda descriptor: Odd(real(descriptor)))
    info = open_store(str(tmp_path)).head("k")
    assert info is not None
    assert info.modified.year == year
    assert info.modified.astimezone().year


def test_a_killed_writer_leaves_nothing_that_is_seen(tmp_path: Path) -> None:
    code = f"from tasks.store import open_store\ns = open_store({str(tmp_path)!r})\nwhile True:\n  s.write('k', b'x' * 3_000_000)\n"
    store = open_store(str(tmp_path))
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", code])
        until = time.monotonic() + 20
        while store.head("k") is None and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.05)
        writer.kill()
        writer.wait()
        assert [info.key for info in store.list("")] == ["k"]
        assert len(store.read("k")) == 3_000_000
        store.delete("k")


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "why"), [(errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "quota is used up"), (errno.EROFS, "is read-only"), (errno.EIO, "input/output error")]
)
def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, why: str) -> None:
    store = open_store(str(tmp_path))
    store.write("a/k", b"before")

    def fail(*arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(f"tasks.store.os.{step}", fail)
    with pytest.raises(StoreError, match=rf"^Could not write a/k in .*{why}.*\.$"):
        store.write("a/k", b"after")
    assert store.read("a/k") == b"before"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["k"]


def test_a_file_system_without_hard_links_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("tasks.store.os.link", fail)
    with pytest.raises(StoreError, match="put the storage root on one that has hard links"):
        open_store(str(tmp_path)).write_once("k", b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_for_a_folder_and_a_folder_for_a_file_are_said_so(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.write("a", b"x")
    (tmp_path / "folder").mkdir()
    for do in (store.write, store.write_once):
        with pytest.raises(StoreError, match="a file stands where a folder is needed"):
            do("a/b/c", b"x")
        with pytest.raises(StoreError, match="folder"):
            do("folder", b"x")
        with pytest.raises(StoreError, match="the name is too long"):
            do("n" * 300, b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "folder"]


@pytest.fixture
def foreign_folder() -> Iterator[Path]:
    """A folder that may be read and not written, also where the tests run as root."""
    folder = Path(tempfile.mkdtemp())
    (folder / "there").mkdir()
    (folder / "there" / "k").write_bytes(b"x")
    was = os.geteuid()
    for path in (folder / "there", folder):
        path.chmod(0o555)
    if was == 0:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        os.seteuid(was)
        folder.chmod(0o755)
        (folder / "there").chmod(0o755)
        shutil.rmtree(folder)


def test_a_folder_that_may_not_be_written_is_one_sentence(foreign_folder: Path) -> None:
    store = open_store(str(foreign_folder))
    for do in (store.write, store.write_once):
        for key in ("there/new", "new/folder/k"):
            with pytest.raises(StoreError, match=rf"^Could not write {key} in .*: permission is denied; give this account the right to it\.$"):
                do(key, b"x")
    with pytest.raises(StoreError, match=r"Could not delete there/k in .*: permission is denied"):
        store.delete("there/k")
    assert store.read("there/k") == b"x"


def test_a_folder_that_may_not_be_listed_is_named(foreign_folder: Path) -> None:
    me = os.geteuid()
    with contextlib.suppress(PermissionError):
        os.seteuid(0)
    (foreign_folder / "there").chmod(0o000)
    os.seteuid(me)
    with pytest.raises(StoreError, match=r"^Could not list there in .*: permission is denied"):
        list(open_store(str(foreign_folder)).list(""))


def test_files_are_made_as_the_account_s_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        open_store(str(tmp_path)).write("a/k", b"x")
    finally:
        os.umask(before)
    assert oct((tmp_path / "a" / "k").stat().st_mode & 0o777) == "0o640"


def test_a_file_as_root_and_an_unknown_scheme_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for url in (str(tmp_path / "file"), "ftp://host/x", "s3://", "s3:///x", ""):
        with pytest.raises(StoreError, match=r"\.$"):
            open_store(url)


# --- S3 ---------------------------------------------------------------------------------------------------------------


def test_more_objects_than_a_page_of_the_listing_has(s3_url: S3Url) -> None:
    store = open_store(s3_url("http"))
    keys = [f"many/{number:04d}-é" for number in range(1003)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: store.write(key, b""), keys))
    assert [info.key for info in store.list("many/")] == keys


def test_a_store_ends_where_its_prefix_ends(s3_url: S3Url) -> None:
    url = s3_url("http")
    bucket = url.removesuffix("/network")
    open_store(f"{bucket}/network2").write("k", b"another's")
    store = open_store(url)
    store.write("k", b"ours")
    assert [info.key for info in store.list("")] == ["k"]
    assert [info.key for info in open_store(bucket).list("")] == ["network/k", "network2/k"]
    assert store.locate("k") == f"{url}/k"


def test_what_others_put_there_is_read_whatever_its_metadata_say(s3_url: S3Url) -> None:
    import boto3

    url = s3_url("http")
    bucket = url.split("/")[2]
    client = boto3.client("s3")
    client.put_object(Bucket=bucket, Key="network/inbox/a.xlsx", Body=b"content", Metadata={"sha256": "0" * 64})
    client.put_object(Bucket=bucket, Key="network/inbox/", Body=b"")  # a console's empty folder
    store = open_store(url)
    (info,) = store.list("inbox/")
    assert store.read(info.key, info.token) == b"content"
    seen = store.head(info.key)
    assert seen is not None
    assert seen.sha256 == hashlib.sha256(b"content").hexdigest()


def test_each_fault_of_an_s3_store_is_one_clear_sentence(s3_url: S3Url, monkeypatch: pytest.MonkeyPatch) -> None:
    url = s3_url("http")
    began = time.monotonic()

    def refused(why: str, where: str = url) -> None:
        store = open_store(where)
        for do in (lambda: store.read("k"), lambda: store.head("k"), lambda: list(store.list("")), lambda: store.write("k", b"x"), lambda: store.write_once("k", b"x")):
            with pytest.raises(StoreError, match=rf"^Could not [^\n]*{why}[^\n]*\.$") as caught:
                do()
            assert type(caught.value) is StoreError

    refused("there is no such bucket", "s3://no-such-bucket-here/x")
    refused("its name is not one that S3 knows", "s3://no bucket")
    with monkeypatch.context() as changed:
        changed.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        refused("the secret key is wrong")
        changed.setenv("AWS_ACCESS_KEY_ID", "UNKNOWN")
        refused("the access key is unknown")
        changed.delenv("AWS_SECRET_ACCESS_KEY")
        refused("no credentials were found")
        changed.delenv("AWS_ACCESS_KEY_ID")
        changed.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        refused("no credentials were found")
        changed.setenv("AWS_PROFILE", "nobody")
        refused("no credentials were found")
    with monkeypatch.context() as changed:
        changed.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        refused("the store cannot be reached")
        changed.setenv("AWS_ENDPOINT_URL", "127.0.0.1:9000")
        refused("check AWS_ENDPOINT_URL")
    assert time.monotonic() - began < 60


def test_a_certificate_that_is_not_trusted_is_one_sentence(s3_url: S3Url, monkeypatch: pytest.MonkeyPatch) -> None:
    url = s3_url("https")
    for trusted in ("/nowhere.pem", __file__):
        monkeypatch.setenv("AWS_CA_BUNDLE", trusted)
        with pytest.raises(StoreError, match="its certificate is not trusted; check AWS_CA_BUNDLE"):
            open_store(url).read("k")


def test_https_where_http_is_spoken_is_one_sentence(s3_url: S3Url, monkeypatch: pytest.MonkeyPatch) -> None:
    url = s3_url("http")
    monkeypatch.setenv("AWS_ENDPOINT_URL", os.environ["AWS_ENDPOINT_URL"].replace("http:", "https:"))
    with pytest.raises(StoreError, match=r"the encrypted connection to 127\.0\.0\.1:\d+ broke off .* \(wrong version number\); check AWS_ENDPOINT_URL \(https or http\)"):
        open_store(url).read("k")


def test_a_content_damaged_on_its_way_is_refused_over_https_too(s3_url: S3Url) -> None:
    store = open_store(s3_url("https"))
    assert isinstance(store, S3Store)

    def damage(request: Any, **about: Any) -> None:
        assert request.headers["X-Amz-Content-SHA256"] == hashlib.sha256(b"content").hexdigest().encode()
        request.body.seek(0)
        request.body = b"X" + request.body.read()[1:]

    store.write("k", b"content")
    store._client().meta.events.register("before-send.s3.PutObject", damage)
    for do in (store.write, store.write_once):
        with pytest.raises(StoreError, match="the content was damaged on its way"):
            do("new", b"content")
    assert [info.key for info in store.list("")] == ["k"]


# --- S3 on a bad day --------------------------------------------------------------------------------------------------


@pytest.fixture
def bad_day(s3_url: S3Url, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, FaultyServer]]:
    """A store with "k" in it, and what its server does wrong."""
    url = s3_url("http")
    open_store(url).write("k", b"content")
    with faulty(os.environ["AWS_ENDPOINT_URL"]) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield open_store(url), server


BadDay = tuple[Store, FaultyServer]


@pytest.mark.parametrize("faults", [["overloaded"] * 2, ["cut-off"] * 2, ["damaged"], ["lost-answer"] * 2, ["overloaded", "cut-off", "damaged"]])
def test_a_read_that_goes_wrong_is_made_again(bad_day: BadDay, faults: list[str]) -> None:
    store, server = bad_day
    server.faults = list(faults)
    assert store.read("k") == b"content"
    assert server.requests == len(faults) + 1


@pytest.mark.parametrize("fault", ["cut-off", "reset-in-answer"])
def test_what_is_not_there_is_said_so_where_the_first_answer_was_cut_off(bad_day: BadDay, fault: str) -> None:
    store, server = bad_day
    server.faults = [fault]
    with pytest.raises(NotFound, match="There is no nothing in"):
        store.read("nothing")
    server.faults = [fault]
    assert store.head("nothing") is None
    assert server.requests == 4
    server.faults = [f"always {fault}"]
    with pytest.raises(StoreError, match="what answers there is no S3 server, or is cut short on its way; check AWS_ENDPOINT_URL and the network"):
        store.read("nothing")


@pytest.mark.parametrize("fault", ["overloaded", "lost-answer", "damaged-upload"])
def test_a_write_that_goes_wrong_is_made_again(bad_day: BadDay, fault: str) -> None:
    store, server = bad_day
    server.faults = [fault]
    store.write("k", b"new")
    assert store.read("k") == b"new"


def test_a_write_that_is_always_damaged_leaves_what_was_there(bad_day: BadDay) -> None:
    store, server = bad_day
    server.faults = ["damaged-upload"] * 50
    with pytest.raises(StoreError, match="the content was damaged on its way; check the network and try again"):
        store.write("k", b"new")
    server.faults = []
    assert store.read("k") == b"content"


@pytest.mark.parametrize("fault", ["overloaded", "lost-answer", "met"])
def test_creating_what_goes_wrong_once_succeeds(bad_day: BadDay, fault: str) -> None:
    """With lost-answer the object was stored, and the server finds it there at the second attempt: it is ours all the same."""
    store, server = bad_day
    server.faults = [fault]
    store.write_once("once", b"ours")
    with pytest.raises(Conflict):
        store.write_once("once", b"others")
    assert store.read("once") == b"ours"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("page", "what answers there is no S3 server, or is cut short on its way; check AWS_ENDPOINT_URL"),
        ("lost-answer", "the store cannot be reached"),
    ],
)
def test_what_stays_wrong_is_one_clear_sentence(bad_day: BadDay, fault: str, why: str) -> None:
    store, server = bad_day
    server.faults = [f"always {fault}"]
    for do in (lambda: store.read("k"), lambda: store.head("k"), lambda: list(store.list("")), lambda: store.write("k", b"x"), lambda: store.write_once("n", b"x")):
        with pytest.raises(StoreError, match=rf"^Could not .*{why}.*\.$"):
            do()


@pytest.mark.parametrize(("fault", "why"), [("cut-off", "its content broke off"), ("overloaded", "the store is overloaded; try again later")])
def test_what_can_never_be_read_is_one_clear_sentence(bad_day: BadDay, fault: str, why: str) -> None:
    store, server = bad_day
    server.faults = [f"always {fault}"]
    with pytest.raises(StoreError, match=rf"^Could not read k in .*: {why}"):
        store.read("k")


@pytest.mark.parametrize(("fault", "why"), [("unknown", "conditional writes"), ("met", "somebody else is writing it")])
def test_what_can_never_be_created_is_one_clear_sentence(bad_day: BadDay, fault: str, why: str) -> None:
    store, server = bad_day
    server.faults = [f"always {fault}"]
    with pytest.raises(StoreError, match=rf"^Could not write n in .*: .*{why}"):
        store.write_once("n", b"x")


# --- what is asked of an S3 server beside ------------------------------------------------------------------------------


def test_a_silent_server_is_one_clear_sentence(bad_day: BadDay, monkeypatch: pytest.MonkeyPatch) -> None:
    store, server = bad_day
    monkeypatch.setenv("FPA_S3_TIMEOUT", "1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    server.faults = ["always silent"]
    with pytest.raises(StoreError, match=r"was silent for 1 seconds; try again later, or give it longer \(FPA_S3_TIMEOUT\)"):
        open_store(store.url).read("k")
    assert server.requests == 1


def test_a_link_lets_anybody_read_one_file_for_a_while(s3_url: S3Url) -> None:
    url = s3_url("http")
    store = open_store(url)
    store.write("reports/C1/v0001/report.en.pdf", b"%PDF")
    link = store.link("reports/C1/v0001/report.en.pdf", 60)
    with urlopen(link) as answer:  # noqa: S310 (our own server)
        assert (answer.read(), answer.headers["Content-Disposition"]) == (b"%PDF", "attachment")
    for other in (link.replace("report.en.pdf?", "manifest.json?"), link.partition("?")[0], link.replace("Expires=60", "Expires=600")):
        with pytest.raises(HTTPError, match="403"):
            urlopen(other)  # noqa: S310
    with pytest.raises(NotFound, match=r"There is no reports/C1/v0001/report\.fr\.pdf"):
        store.link("reports/C1/v0001/report.fr.pdf", 60)


def test_a_directory_has_no_links(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="A link can be made for an S3 store only"):
        open_store(str(tmp_path)).link("k", 60)


@pytest.mark.parametrize("said", ["compliance 30", "Governance 30"])
def test_files_of_a_report_are_locked_for_so_many_days_and_nothing_else_is(s3_url: S3Url, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    import boto3

    s3_url("http")
    client, bucket = boto3.client("s3"), f"locked-{uuid.uuid4().hex[:8]}"
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    monkeypatch.setenv("FPA_S3_REPORT_LOCK", said)
    store = open_store(f"s3://{bucket}/network")
    store.write_once("reports/C1/v0001/report.en.pdf", b"%PDF")
    store.write("reports/C1/latest.json", b"{}")
    store.write_once("feedback/C1/aa/received.json", b"{}")
    locked = client.head_object(Bucket=bucket, Key="network/reports/C1/v0001/report.en.pdf")
    assert locked["ObjectLockMode"] == said.split()[0].upper()
    assert timedelta(days=29) < locked["ObjectLockRetainUntilDate"] - datetime.now(UTC) <= timedelta(days=30)
    for key in ("reports/C1/latest.json", "feedback/C1/aa/received.json"):
        assert "ObjectLockMode" not in client.head_object(Bucket=bucket, Key=f"network/{key}")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(Bucket=bucket, Key="network/reports/C1/v0001/report.en.pdf", VersionId=locked["VersionId"])
    assert store.read("reports/C1/v0001/report.en.pdf") == b"%PDF"


def test_a_lock_in_a_bucket_that_has_none_is_one_clear_sentence(s3_url: S3Url, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FPA_S3_REPORT_LOCK", "governance 30")
    store = open_store(s3_url("http"))
    with pytest.raises(StoreError, match="FPA_S3_REPORT_LOCK"):
        store.write_once("reports/C1/v0001/report.en.pdf", b"%PDF")
    assert store.head("reports/C1/v0001/report.en.pdf") is None


def test_encryption_and_storage_class_are_asked_for(s3_url: S3Url, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server is sent: the test's server keeps neither."""
    monkeypatch.setenv("FPA_S3_ENCRYPTION", "aws:kms:key:arn:aws:kms:eu-west-1:1:key/2")
    monkeypatch.setenv("FPA_S3_REPORT_CLASS", "standard_ia")
    store: Any = open_store(s3_url("http"))
    sent: list[tuple[Any, ...]] = []
    names = ("x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-storage-class")

    def seen(request: Any, **about: Any) -> Any:
        sent.append(tuple(str(request.headers[name], "ascii") if name in request.headers else None for name in names))
        return AWSResponse(request.url, 200, {"ETag": '"x"'}, HTTPResponse(io.BytesIO(), preload_content=False))

    store._client().meta.events.register("before-send.s3.PutObject", seen)
    store.write_once("reports/C1/v0001/report.en.pdf", b"%PDF")
    store.write("reports/C1/latest.json", b"{}")
    key = ("aws:kms", "arn:aws:kms:eu-west-1:1:key/2")
    assert sent == [(*key, "STANDARD_IA"), (*key, None)]


@pytest.mark.parametrize(("name", "said"), [("FPA_S3_ENCRYPTION", "rot13"), ("FPA_S3_REPORT_LOCK", "compliance"), ("FPA_S3_REPORT_LOCK", "governance 0"), ("FPA_S3_REPORT_LOCK", "for ever")])
def test_a_setting_that_makes_no_sense_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    monkeypatch.setenv(name, said)
    with pytest.raises(StoreError, match=f"{name} is .* give it"):
        open_store("s3://bucket")
