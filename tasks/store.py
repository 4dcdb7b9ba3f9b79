"""The object store: one small interface over s3://bucket[/prefix] (boto3) and a directory.

Objects are named by keys ("inbox/2019-H1/asol/report.xlsx"). Every foreseeable fault is a StoreError of one clear sentence. Nothing is ever
seen half written: S3 puts are atomic; the directory writes a temporary file, flushes it to disk and puts it in place by one step.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import os
import random
import re
import stat
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from tasks.faults import OperatorFault

ATTEMPTS = 5
"""How often a request is made in all, where AWS_MAX_ATTEMPTS or the AWS profile says nothing else; and what boto3 does not repeat by itself: a content
that broke off or was damaged on its way, a conditional write that met another one."""
PAUSE_SECONDS = 0.2
"""About so long, then twice as long, and so on, lies between two attempts."""
SECONDS = 60
"""How long an S3 server may be silent (FPA_S3_TIMEOUT)."""
CONNECT_SECONDS = 5
"""How long it may take to let us in."""
CONNECTIONS = 16
"""Requests to an S3 server at a time (FPA_S3_CONNECTIONS)."""


class StoreError(OperatorFault):
    """The store could not do it: what, where, why, what to do."""


class NotFound(StoreError):
    """There is no object with that key."""


class Conflict(StoreError):
    """An object with that key and other content is there already."""


class Changed(StoreError):
    """The object is another one than the one listed."""


@dataclass(frozen=True, slots=True)
class Info:
    """An object: `modified` is its arrival (aware, UTC), `size` in bytes, `token` changes when its content does.

    `sha256` in hex is known after `head`; a listing leaves it empty, since it takes reading the content."""

    key: str
    size: int
    modified: datetime
    token: str
    sha256: str = ""


class Store(Protocol):
    """All methods may be called from several threads at once."""

    url: str

    def list(self, prefix: str) -> Iterator[Info]:
        """Objects whose key begins with the prefix, in byte order of their keys."""

    def head(self, key: str) -> Info | None:
        """Arrival time, size and SHA-256 of an object; None where there is none."""

    def read(self, key: str, token: str | None = None) -> bytes:
        """Raises NotFound, and Changed where the object is no longer the one that was listed with this token."""

    def get(self, key: str) -> tuple[Info, bytes]:
        """An object with all that is known of it: of one version, whoever replaces it meanwhile. Raises NotFound."""

    def write(self, key: str, data: bytes) -> None:
        """Writes or replaces, whole or not at all."""

    def write_once(self, key: str, data: bytes) -> None:
        """Creates only. The same bytes being there already is success; other bytes raise Conflict."""

    def delete(self, key: str) -> None:
        """No object with that key is success too."""

    def read_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The contents of several objects, by key."""

    def get_many(self, keys: Sequence[str]) -> dict[str, tuple[Info, bytes]]:
        """Several objects as `get` gives them, by key."""

    def locate(self, key: str) -> str:
        """Where a person finds the object: a path or an s3:// URL."""

    def link(self, key: str, seconds: int) -> str:
        """An address at which anybody who has it reads the object for so long. Raises NotFound, and StoreError where the store has none."""


def open_store(url: str) -> Store:
    """The store at s3://bucket[/prefix] or in a directory. Raises StoreError for an address that is neither.

    For S3 the environment says the rest: boto3's own variables (AWS_…: endpoint, credentials, AWS_MAX_ATTEMPTS, AWS_RETRY_MODE), and for what it has
    none, FPA_S3_TIMEOUT (seconds), FPA_S3_CONNECTIONS, FPA_S3_ENCRYPTION, FPA_S3_REPORT_CLASS and FPA_S3_REPORT_LOCK (class S3Options)."""
    if url.startswith("s3://"):
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        if not bucket:
            raise StoreError(f"{url!r} names no bucket; write s3://bucket or s3://bucket/prefix.")
        return S3Store(bucket, prefix.strip("/"), _s3_options())
    if not url or "://" in url or "\x00" in url:
        raise StoreError(f"{url!r} is no storage root: only s3://bucket[/prefix] and directories are.")
    return DirectoryStore(Path(url))


def _setting(name: str, usual: int) -> int:
    said = os.environ.get(name, "").strip() or str(usual)
    if not said.isascii() or not said.isdigit() or not 0 < int(said) < 10_000:
        raise StoreError(f"{name} is {said!r}; give it a whole number above 0, or nothing (then it is {usual}).")
    return int(said)


@dataclass(frozen=True, slots=True)
class S3Options:
    """`seconds` of silence of a server, requests (`connections`) at a time, and how objects are put: `encryption` of all of them (AES256, aws:kms, or
    aws:kms:key:… with a key's identifier), and of the files of delivered reports `storage_class` (e.g. STANDARD_IA) and `lock`, GOVERNANCE or COMPLIANCE,
    for so many `lock_days` from their delivery, in which nobody replaces or deletes them."""

    seconds: int = SECONDS
    connections: int = CONNECTIONS
    encryption: str = ""
    storage_class: str = ""
    lock: str = ""
    lock_days: int = 0

    def of_all(self) -> dict[str, Any]:
        """Parameters of every put."""
        kind, _, key = self.encryption.partition(":key:")
        return {name: said for name, said in (("ServerSideEncryption", kind), ("SSEKMSKeyId", key)) if said}

    def of_reports(self) -> dict[str, Any]:
        """Further ones where a file of a report is put."""
        locked = {"ObjectLockMode": self.lock, "ObjectLockRetainUntilDate": datetime.now(UTC) + timedelta(days=self.lock_days)} if self.lock else {}
        return locked | ({"StorageClass": self.storage_class} if self.storage_class else {})


def _s3_options() -> S3Options:
    encryption = os.environ.get("FPA_S3_ENCRYPTION", "").strip()
    if not re.fullmatch(r"(AES256|aws:kms(:key:[^\s]+)?)?", encryption):
        raise StoreError(f"FPA_S3_ENCRYPTION is {encryption!r}; give it AES256, aws:kms, aws:kms:key:… with the identifier of a key, or nothing.")
    lock = os.environ.get("FPA_S3_REPORT_LOCK", "").upper().split()
    if lock and (len(lock) != 2 or lock[0] not in ("GOVERNANCE", "COMPLIANCE") or not re.fullmatch("[1-9][0-9]{0,4}", lock[1])):
        raise StoreError(f"FPA_S3_REPORT_LOCK is {' '.join(lock)!r}; give it governance or compliance and a number of days, e.g. compliance 3650, or nothing.")
    return S3Options(
        _setting("FPA_S3_TIMEOUT", SECONDS), _setting("FPA_S3_CONNECTIONS", CONNECTIONS), encryption, os.environ.get("FPA_S3_REPORT_CLASS", "").strip().upper(),
        lock[0] if lock else "", int(lock[1]) if lock else 0,
    )  # fmt: skip


def _attempts() -> Iterator[bool]:
    """ATTEMPTS times whether it is the last; before each but the first a pause, each time a little longer, and not of the same length for all."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0.3, 1) * PAUSE_SECONDS * 2**attempt)  # noqa: S311 (no secret)
        yield attempt == ATTEMPTS - 1


# --- a directory ------------------------------------------------------------------------------------------------------

_TEMPORARY = ".fpa-writing-"
_LEFT_BEHIND = re.compile(r"\.fpa-writing-[0-9a-f]{32}")
LEFT_BEHIND_SECONDS = 24 * 3600
"""A temporary file so old is of a writer that was killed: no write takes as long, and no clock is as wrong."""
_LAST_SECOND = 253_402_127_999
"""Of 9999-12-29: a file may carry any time, a datetime in any time zone may not."""
_UNSPEAKABLE = re.compile(r"[\x01-\x1f\x7f\\\udc80-\udcff]")
"""What a file's name may hold and a key may not: control characters, backslashes, bytes that are no UTF-8 (from old archives)."""
_FAULTS = {
    errno.ENOSPC: "the disk is full; free some space and run again",
    errno.EDQUOT: "the disk quota is used up; free some space and run again",
    errno.EROFS: "the file system is read-only; make it writable or correct FPA_STORAGE",
    errno.EACCES: "permission is denied; give this account the right to it",
    errno.EPERM: "it is not permitted; the file or its folder is protected, or is another account's",
    errno.EOPNOTSUPP: "the file system cannot do it; put the storage root on one that has hard links",
    errno.EFBIG: "the file is larger than this account or the file system allows; raise the limit",
    errno.EBUSY: "another program has it open; close it there",
    errno.ETXTBSY: "another program has it open; close it there",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine; raise its limit",
    errno.EIO: "the disk does not read or write (input/output error); have it looked at",
    errno.ESTALE: "the network drive has lost its connection; mount it again",
    errno.EINVAL: "the file system takes no such name; correct it, or put the storage root on another file system",
    errno.ENAMETOOLONG: "the name is too long; shorten it",
    errno.ENOTDIR: "a file stands where a folder is needed; move it away",
    errno.EISDIR: "a folder of that name is there; move it away",
}
_FAULTS[errno.ENOTCONN] = _FAULTS[errno.EHOSTDOWN] = _FAULTS[errno.ETIMEDOUT] = _FAULTS[errno.ESTALE]
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EMLINK, errno.EOPNOTSUPP)
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENXIO, errno.ELOOP)
"""Opening what is not there, lies below a file, is a socket, is a symbolic link."""


class DirectoryStore:
    """Keys are paths below a directory; officers and members put files there with a file manager, and see ours there.

    Only ordinary files are objects: symbolic links, pipes and our own temporary files are neither listed nor read. A name that can be no
    key (`_UNSPEAKABLE`) is listed with %-escapes, and found by them."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root).absolute()
        self.url = str(root)
        with self._faults("open", ""):
            if self.root.exists() and not self.root.is_dir():
                raise StoreError(f"The storage root {self.url} is a file, not a directory.")

    def _path(self, key: str) -> Path:
        """Each part as it stands, or where there is none of that name, the one that is listed so."""
        parts = key.split("/")
        if _UNSPEAKABLE.search(key) or "\x00" in key or any(part in ("", ".", "..") for part in parts) or parts[-1].startswith(_TEMPORARY):
            raise StoreError(f"{key!r} is no key of the store.")
        path = self.root
        with self._faults("look for", key):
            for part in parts:
                if path.is_symlink() and path != self.root:
                    raise StoreError(f"{self._key(path)} in {self.url} is a symbolic link, which the store does not follow; put a real folder there.")
                path /= part if os.path.lexists(path / part) else _on_disk(part)
        return path

    @contextlib.contextmanager
    def _faults(self, what: str, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = _FAULTS.get(error.errno or 0) or error.strerror or str(error)
            raise StoreError(f"Could not {what} {key} in {self.url}: {reason}." if key else f"Could not {what} {self.url}: {reason}.") from None
        except UnicodeError:
            raise StoreError(f"{key!r} is no key of the store.") from None

    def list(self, prefix: str) -> Iterator[Info]:
        folder = prefix.rpartition("/")[0]
        with self._faults("list", prefix):
            top = self._path(f"{folder}/any").parent if folder else self.root
            found = [self._info(self._key(path), status) for path, status in self._files(top, prefix)]
        yield from sorted(found, key=lambda info: info.key.encode("utf-8"))

    def _files(self, top: Path, prefix: str) -> Iterator[tuple[Path, os.stat_result]]:
        """Every ordinary file below, with its state; what vanishes meanwhile is passed over. Folders may be nested without end."""
        folders = [top]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(folder) as scanned:
                    entries = list(scanned)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                if error.errno == errno.ENAMETOOLONG:
                    continue
                raise StoreError(f"Could not list {self._key(folder)} in {self.url}: {_FAULTS.get(error.errno or 0, error.strerror)}.") from None
            for entry in entries:
                if _LEFT_BEHIND.fullmatch(entry.name):
                    _sweep(entry)
                if not self._key(Path(entry.path)).startswith(prefix):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False) and not entry.name.startswith(_TEMPORARY):
                    with contextlib.suppress(FileNotFoundError):
                        yield Path(entry.path), entry.stat(follow_symlinks=False)

    def _key(self, path: Path) -> str:
        return "/".join(_listed_as(part) for part in path.relative_to(self.root).parts)

    @staticmethod
    def _info(key: str, status: os.stat_result) -> Info:
        seconds = min(max(status.st_mtime_ns // 10**9, 0), _LAST_SECOND)
        return Info(key, status.st_size, datetime.fromtimestamp(seconds, UTC), f"{status.st_mtime_ns}-{status.st_size}")

    @contextlib.contextmanager
    def _opened(self, what: str, key: str) -> Iterator[BufferedReader]:
        path = self._path(key)
        with self._faults(what, key):
            file = _open_ordinary(path)
            if file is None:
                raise NotFound(f"There is no {key} in {self.url}.")
            with file:
                yield file

    def head(self, key: str) -> Info | None:
        try:
            with self._opened("look at", key) as file:
                return replace(self._info(key, os.fstat(file.fileno())), sha256=hashlib.file_digest(file, "sha256").hexdigest())
        except NotFound:
            return None

    def read(self, key: str, token: str | None = None) -> bytes:
        info, data = self._whole(key)
        if token is not None and info.token != token:
            raise _replaced(key, self.url)
        return data

    def get(self, key: str) -> tuple[Info, bytes]:
        info, data = self._whole(key)
        return replace(info, sha256=hashlib.sha256(data).hexdigest()), data

    def _whole(self, key: str) -> tuple[Info, bytes]:
        """Read again where somebody wrote into the file meanwhile: others than we do not put a new one in its place."""
        for _ in _attempts():
            with self._opened("read", key) as file:
                before = self._info(key, os.fstat(file.fileno()))
                data = file.read()
                after = self._info(key, os.fstat(file.fileno()))
            if before == after and len(data) == after.size:
                return after, data
        raise Changed(f"Could not read {key} in {self.url}: another program is writing it; run again when it has ended.")

    def read_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: self.read(key) for key in keys}

    def get_many(self, keys: Sequence[str]) -> dict[str, tuple[Info, bytes]]:
        return {key: self.get(key) for key in keys}

    def write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with self._faults("write", key):
            _publish(path, data, os.replace)

    def write_once(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with self._faults("write", key):
            try:
                _publish(path, data, _link)
            except FileExistsError:
                if not self._holds(key, data):
                    raise Conflict(f"{key} in {self.url} is there already with other content; nothing was replaced.") from None

    def _holds(self, key: str, data: bytes) -> bool:
        try:
            return self.read(key) == data
        except NotFound:  # a folder or a link
            return False

    def delete(self, key: str) -> None:
        path = self._path(key)
        with self._faults("delete", key), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()

    def locate(self, key: str) -> str:
        return str(self._path(key))

    def link(self, key: str, seconds: int) -> str:
        raise StoreError(f"A link can be made for an S3 store only; {key} lies in the directory {self.url}: send the file itself.")


def _listed_as(name: str) -> str:
    """A name that can be no part of a key with %-escapes, any other as it is."""
    if not _UNSPEAKABLE.search(name):
        return name
    return re.sub(f"{_UNSPEAKABLE.pattern}|%", lambda match: f"%{os.fsencode(match[0])[0]:02X}", name)


def _on_disk(part: str) -> str:
    """The name that is listed so."""
    name = os.fsdecode(re.sub(rb"%([0-9A-F]{2})", lambda match: bytes.fromhex(match[1].decode()), os.fsencode(part)))
    return name if _listed_as(name) == part else part


def _open_ordinary(path: Path) -> BufferedReader | None:
    """None where there is no ordinary file: not through a symbolic link, and without waiting for the other end of a pipe. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    return None


def _publish(path: Path, data: bytes, put_in_place: Callable[[Path, Path], object]) -> None:
    """Temporary file beside the final one, flushed to disk, then put in place by one atomic step. Raises OSError."""
    _make_folder(path.parent)
    temporary = path.parent / f"{_TEMPORARY}{uuid.uuid4().hex}"
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        put_in_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _flush(path.parent)


def _link(temporary: Path, path: Path) -> None:
    """A second name, which is never put over another file. Raises OSError."""
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno in _NO_LINKS:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP)) from None
        raise


def _sweep(entry: os.DirEntry[str]) -> None:
    """Deletes a temporary file that its writer left long ago; who may not delete leaves it to who may."""
    with contextlib.suppress(OSError):
        if entry.is_file(follow_symlinks=False) and time.time() - entry.stat(follow_symlinks=False).st_mtime > LEFT_BEHIND_SECONDS:
            Path(entry.path).unlink()


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    try:
        folder.mkdir()
    except FileExistsError:  # perhaps another writer's, made just now
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
    _flush(folder.parent)


def _flush(folder: Path) -> None:
    """What was put into the folder outlives a power cut; some network file systems know no such flush."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
    finally:
        os.close(descriptor)


# --- S3 ---------------------------------------------------------------------------------------------------------------

_DIGEST = "sha256"
"""Metadata under which our own objects carry their SHA-256: a flipped bit is noticed on any server."""

_ALWAYS_THERE = {"get_object": "ETag", "put_object": "ETag", "list_objects_v2": "Name"}
"""What an S3 server's answer has, and a web page's that stands there instead has not."""
_RIGHTS = {
    "get_object": "s3:GetObject (with s3:ListBucket it would be told what is not there)",
    "put_object": "s3:PutObject",
    "delete_object": "s3:DeleteObject",
    "list_objects_v2": "s3:ListBucket",
}
_DAMAGED = ("BadDigest", "XAmzContentSHA256Mismatch")
_REASONS = {
    "NoSuchBucket": "there is no such bucket; create it or correct FPA_STORAGE",
    "AccessDenied": "access is denied; give the key in use the right {right} on it",
    "SignatureDoesNotMatch": "the secret key is wrong; check AWS_SECRET_ACCESS_KEY",
    "InvalidAccessKeyId": "the access key is unknown; check AWS_ACCESS_KEY_ID",
    "ExpiredToken": "the credentials have expired; renew them",
    "InvalidToken": "the session token is wrong; check AWS_SESSION_TOKEN, or log in again",
    "RequestTimeTooSkewed": "this machine's clock differs too much from the server's; set it right",
    "PermanentRedirect": "the bucket lies in another region; check AWS_DEFAULT_REGION and AWS_ENDPOINT_URL",
    "SlowDown": "the store is overloaded; try again later",
    "InternalError": "the store has a fault of its own; try again later, then ask who runs it",
    "RequestTimeout": "the content did not arrive in time; check the network and try again",
    "BadDigest": "the content was damaged on its way; check the network and try again",
    "QuotaExceeded": "the store is full; free some space or raise the quota",
    "KeyTooLongError": "the name is too long; shorten it",
    "InvalidBucketName": "its name is not one that S3 knows; correct FPA_STORAGE",
    "InvalidRequest": "this bucket or server cannot do what the settings ask; correct FPA_S3_REPORT_LOCK (it wants a bucket made with object lock), FPA_S3_ENCRYPTION or FPA_S3_REPORT_CLASS",
    "InvalidObjectState": "it is archived; have it restored first",
    "NotImplemented": "the server lacks what is needed (conditional writes, If-None-Match); use one that has it",
}
_REASONS |= {
    "Forbidden": _REASONS["AccessDenied"], "403": _REASONS["AccessDenied"], "TokenRefreshRequired": _REASONS["ExpiredToken"], "RequestExpired": _REASONS["RequestTimeTooSkewed"],
    "AuthorizationHeaderMalformed": _REASONS["PermanentRedirect"], "301": _REASONS["PermanentRedirect"], "XAmzContentSHA256Mismatch": _REASONS["BadDigest"],
    "503": _REASONS["SlowDown"], "429": _REASONS["SlowDown"], "500": _REASONS["InternalError"], "502": _REASONS["InternalError"], "504": _REASONS["InternalError"],
    "507": _REASONS["QuotaExceeded"], "InvalidStorageClass": _REASONS["InvalidRequest"], "InvalidEncryptionAlgorithmError": _REASONS["InvalidRequest"],
}  # fmt: skip


class S3Store:
    """An S3 bucket, or the part of one below a prefix. One boto3 client, shared by all threads."""

    def __init__(self, bucket: str, prefix: str, options: S3Options | None = None) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.options = options or S3Options()
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._lock = threading.Lock()
        self._made_client: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process makes its own client."""
        return S3Store, (self.bucket, self.prefix.removesuffix("/"), self.options)

    def _client(self) -> Any:
        with self._lock:
            if self._made_client is None:
                try:
                    self._made_client = _made_client(self.options)
                except ValueError as error:  # "Invalid endpoint: …", or no number
                    raise StoreError(f"Could not open {self.url}: {error}; check AWS_ENDPOINT_URL (https://host[:port]) and AWS_MAX_ATTEMPTS.") from None
            return self._made_client

    def _call(self, what: str, key: str, operation: str, **parameters: Any) -> Any:
        """The server's answer to an operation on the bucket; botocore's exceptions become one clear StoreError."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
        from urllib3.exceptions import HTTPError

        where = f"{key} in {self.url}" if key else self.url
        for last in _attempts():
            try:
                answer = getattr(self._client(), operation)(Bucket=self.bucket, **parameters)
                if _is_whole(operation, answer):
                    return answer
            except ClientError as error:
                if _lost_its_reason(error.response) and not (last and error.response["Error"]["Code"] in _REASONS):
                    continue
                raise _refusal(f"Could not {what} {where}", f"There is no {where}.", error.response, _RIGHTS.get(operation, "")) from None
            except BotoCoreError as error:
                raise StoreError(f"Could not {what} {where}: {_plain_reason(error, self.options.seconds)}.") from None
            except (ResponseParserError, HTTPError):  # the latter bare, where a refusal of a content broke off
                pass
            except UnicodeError:
                raise StoreError(f"{key!r} is no key of the store.") from None
        raise StoreError(f"Could not {what} {where}: what answers there is no S3 server, or is cut short on its way; check AWS_ENDPOINT_URL and the network.")

    def _full(self, key: str) -> str:
        if not key:
            raise StoreError(f"{key!r} is no key of the store.")
        return self.prefix + key

    def list(self, prefix: str) -> Iterator[Info]:
        found: list[Info] = []
        start: dict[str, str] = {}
        while True:
            page = self._call("list", prefix, "list_objects_v2", Prefix=self.prefix + prefix, **start)
            for entry in page.get("Contents", []):
                if not entry["Key"].endswith("/"):  # what a console makes for an empty folder
                    found.append(Info(entry["Key"].removeprefix(self.prefix), entry["Size"], _arrival(entry), _tag(entry)))
            if not page.get("NextContinuationToken"):
                break
            start = {"ContinuationToken": page["NextContinuationToken"]}
        yield from sorted(found, key=lambda info: info.key.encode("utf-8"))

    def head(self, key: str) -> Info | None:
        """Never holds the content in memory, however large it is."""
        from botocore.exceptions import BotoCoreError
        from urllib3.exceptions import HTTPError

        damaged = None
        for _ in _attempts():
            size, sha256, md5 = 0, hashlib.sha256(), hashlib.md5(usedforsecurity=False)
            try:
                answer = self._call("look at", key, "get_object", Key=self._full(key))
                for chunk in answer["Body"].iter_chunks(2**20):
                    size += len(chunk)
                    sha256.update(chunk)
                    md5.update(chunk)
            except NotFound:
                return None
            except (BotoCoreError, HTTPError, OSError):
                continue
            found = sha256.hexdigest()
            if _is_as_sent(answer, found, md5.hexdigest()) or found == damaged:
                return Info(key, size, _arrival(answer), _tag(answer), found)
            damaged = found
        raise self._broken_off("look at", key)

    def _broken_off(self, what: str, key: str) -> StoreError:
        return StoreError(f"Could not {what} {key} in {self.url}: its content broke off or was damaged on its way {ATTEMPTS} times; check the network and try again.")

    def read(self, key: str, token: str | None = None) -> bytes:
        info, data = self.get(key)
        if token is not None and info.token != token:
            raise _replaced(key, self.url)
        return data

    def get(self, key: str) -> tuple[Info, bytes]:
        """A content that broke off, or is not what was sent, is fetched again, which boto3 does not do by itself. The same content twice is what is
        there: anybody may have written another SHA-256 into the metadata of an object of his."""
        from botocore.exceptions import BotoCoreError
        from urllib3.exceptions import HTTPError

        damaged = None
        for _ in _attempts():
            answer = self._call("read", key, "get_object", Key=self._full(key))
            try:
                data: bytes = answer["Body"].read()
            except (BotoCoreError, HTTPError, OSError):
                continue
            found = hashlib.sha256(data).hexdigest()
            if _is_as_sent(answer, found, hashlib.md5(data, usedforsecurity=False).hexdigest()) or data == damaged:
                return Info(key, len(data), _arrival(answer), _tag(answer), found), data
            damaged = data
        raise self._broken_off("read", key)

    def read_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: data for key, (_, data) in self.get_many(keys).items()}

    def get_many(self, keys: Sequence[str]) -> dict[str, tuple[Info, bytes]]:
        with ThreadPoolExecutor(self.options.connections) as pool:
            return dict(zip(keys, pool.map(self.get, keys), strict=True))

    def write(self, key: str, data: bytes) -> None:
        self._put(key, data)

    def _put(self, key: str, data: bytes, **more: Any) -> None:
        """Sent again where the server says that something else arrived."""
        said = {
            "Key": self._full(key), "Body": data, "ContentType": _content_type(key), "Metadata": {_DIGEST: hashlib.sha256(data).hexdigest()},
            "ContentMD5": base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode(), **self.options.of_all(), **more,
        }  # fmt: skip
        for last in _attempts():
            try:
                self._call("write", key, "put_object", **said)
                return
            except _Damaged:
                if last:
                    raise

    def write_once(self, key: str, data: bytes) -> None:
        kept = self.options.of_reports() if key.startswith("reports/") else {}
        for last in _attempts():
            try:
                self._put(key, data, IfNoneMatch="*", **kept)
                return
            except _Exists:  # somebody's, or ours where the first answer was lost
                if self.read(key) != data:
                    raise Conflict(f"{key} in {self.url} is there already with other content; nothing was replaced.") from None
                return
            except _Met:
                if last:
                    raise

    def delete(self, key: str) -> None:
        self._call("delete", key, "delete_object", Key=self._full(key))

    def locate(self, key: str) -> str:
        return f"s3://{self.bucket}/{self.prefix}{key}"

    def link(self, key: str, seconds: int) -> str:
        if not any(info.key == key for info in self.list(key)):
            raise NotFound(f"There is no {key} in {self.url}.")
        asked = {"Bucket": self.bucket, "Key": self._full(key), "ResponseContentDisposition": "attachment"}  # never shown as a page
        url: str = self._client().generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds)
        return url


class _Exists(StoreError):
    """A conditional write found the object there."""


class _Met(StoreError):
    """A conditional write met another one to the same key."""


class _Damaged(StoreError):
    """What arrived is not what was sent."""


def _replaced(key: str, url: str) -> Changed:
    return Changed(f"{key} in {url} was replaced while it was read; run again.")


def _made_client(options: S3Options) -> Any:
    """Every put is checked by its signed SHA-256 and its MD5, which all servers know; older ones refuse the trailing checksums that boto3 would send
    over https by itself, and GetObject's are only asked for. Raises ValueError for a setting that makes no sense."""
    import boto3
    import botocore.session
    from botocore.config import Config

    said = botocore.session.get_session()
    retries: Any = {
        "mode": os.environ.get("AWS_RETRY_MODE") or said.get_scoped_config().get("retry_mode", "standard"),
        "total_max_attempts": said.get_config_variable("max_attempts") or ATTEMPTS,
    }
    config = Config(
        signature_version="s3v4",
        retries=retries,
        connect_timeout=min(CONNECT_SECONDS, options.seconds),
        read_timeout=options.seconds,
        max_pool_connections=options.connections + 4,
        tcp_keepalive=True,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_supported",
        s3={"payload_signing_enabled": True},
    )
    return boto3.Session(botocore_session=said).client("s3", config=config)


def _is_whole(operation: str, answer: Any) -> bool:
    """Whether an answer is an S3 server's, and nothing of it was lost on the way."""
    if operation == "list_objects_v2":
        listed = len(answer.get("Contents", []))
        if answer.get("KeyCount", listed) != listed or (answer.get("IsTruncated") and not answer.get("NextContinuationToken")):
            return False
    return _ALWAYS_THERE.get(operation, "ResponseMetadata") in answer


def _lost_its_reason(response: Any) -> bool:
    """Whether of a refusal nothing but its status arrived, and that leaves open what it means: a 404 is of an object or of the bucket."""
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status not in (409, 412) and response.get("Error", {}).get("Code") == str(status)


def _is_as_sent(answer: Any, sha256: str, md5: str) -> bool:
    """Whether a content is what was put there: by the SHA-256 that our own objects carry, or by the ETag, which is the MD5 of an object that was put in
    one piece and is not encrypted with a key of its own. Where neither is known, whatever came."""
    own_key = "SSECustomerAlgorithm" in answer or "kms" in answer.get("ServerSideEncryption", "")
    tag = _tag(answer)
    known = {answer["Metadata"].get(_DIGEST), tag if re.fullmatch("[0-9a-f]{32}", tag) and not own_key else None} - {None}
    return not known or bool(known & {sha256, md5})


def _arrival(answer: Any) -> datetime:
    modified: datetime = answer["LastModified"]
    return modified.astimezone(UTC).replace(microsecond=0)


def _tag(answer: Any) -> str:
    """The ETag; some servers quote it, some only here or there."""
    return str(answer["ETag"]).strip('"')


def _refusal(failed: str, absent: str, response: Any, right: str) -> StoreError:
    """The fault that an S3 error answer stands for."""
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code == "NoSuchKey":
        return NotFound(absent)
    if status == 412:
        return _Exists(f"{failed}: it is there already.")
    if status == 409:
        return _Met(f"{failed}: somebody else is writing it; run again.")
    unknown = f"the store answered {code or status}; ask who runs it"
    reason = (_REASONS.get(code) or _REASONS.get(str(status)) or unknown).replace("{right}", right)
    return (_Damaged if code in _DAMAGED else StoreError)(f"{failed}: {reason}.")


def _plain_reason(error: Any, seconds: int) -> str:
    """What botocore's exception stands for, and what to do."""
    address = urlsplit(str(getattr(error, "kwargs", {}).get("endpoint_url", "")))
    server = address.netloc or "the store"
    match type(error).__name__:
        case "NoCredentialsError" | "PartialCredentialsError" | "ProfileNotFound":
            return "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE"
        case "CredentialRetrievalError" | "TokenRetrievalError" | "SSOTokenLoadError" | "UnauthorizedSSOTokenError" | "LoginTokenLoadError":
            return f"no credentials could be had ({_in_one_line(error)}); log in again, or check AWS_PROFILE"
        case "EndpointConnectionError":
            if type(error.kwargs.get("error")).__name__ in ("NameResolutionError", "gaierror"):
                return f"the store cannot be reached: there is no machine {address.hostname} (DNS); check AWS_ENDPOINT_URL and the network"
            return f"the store cannot be reached: nothing answers at {server}; check AWS_ENDPOINT_URL, and whether the store is running"
        case "ConnectTimeoutError":
            return f"the store cannot be reached: {server} lets nobody in within {min(CONNECT_SECONDS, seconds)} seconds; check AWS_ENDPOINT_URL and the network"
        case "ReadTimeoutError":
            return f"the store does not answer: {server} was silent for {seconds} seconds; try again later, or give it longer (FPA_S3_TIMEOUT)"
        case "ConnectionClosedError" | "HTTPClientError" | "ResponseStreamingError":
            return f"the store cannot be reached: the connection to {server} was broken off each time; check the network and try again"
        case "ProxyConnectionError":
            return "the store cannot be reached: the web proxy does not answer; check HTTPS_PROXY and HTTP_PROXY"
        case "SSLError" if (broken := re.search(r"\[SSL: (\w+)\]|EOF occurred", str(error))) and broken[1] != "CERTIFICATE_VERIFY_FAILED":
            why = (broken[1] or "ended too early").replace("_", " ").lower()
            return f"the store cannot be reached: the encrypted connection to {server} broke off or was damaged each time ({why}); check AWS_ENDPOINT_URL (https or http) and the network"
        case "SSLError":
            return "its certificate is not trusted; check AWS_CA_BUNDLE and AWS_ENDPOINT_URL"
        case "ParamValidationError":
            return "its name is not one that S3 knows; correct FPA_STORAGE"
    return _in_one_line(error)


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")


_CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xml": "application/xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _content_type(key: str) -> str:
    return _CONTENT_TYPES.get(key.rpartition(".")[2], "application/octet-stream")
