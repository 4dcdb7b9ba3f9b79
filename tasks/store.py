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
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Any, Protocol

from tasks.faults import OperatorFault

THREADS = 16
ATTEMPTS = 4
"""Of what boto3 itself does not repeat: a content that broke off, a conditional write that met another one."""


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

    def write(self, key: str, data: bytes) -> None:
        """Writes or replaces, whole or not at all."""

    def write_once(self, key: str, data: bytes) -> None:
        """Creates only. The same bytes being there already is success; other bytes raise Conflict."""

    def delete(self, key: str) -> None:
        """No object with that key is success too."""

    def read_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The contents of several objects, by key."""

    def locate(self, key: str) -> str:
        """Where a person finds the object: a path or an s3:// URL."""


def open_store(url: str) -> Store:
    """The store at s3://bucket[/prefix] or in a directory. Raises StoreError for an address that is neither."""
    if url.startswith("s3://"):
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        if not bucket:
            raise StoreError(f"{url!r} names no bucket; write s3://bucket or s3://bucket/prefix.")
        return S3Store(bucket, prefix.strip("/"))
    if not url or "://" in url or "\x00" in url:
        raise StoreError(f"{url!r} is no storage root: only s3://bucket[/prefix] and directories are.")
    return DirectoryStore(Path(url))


# --- a directory ------------------------------------------------------------------------------------------------------

_TEMPORARY = ".fpa-writing-"
_LAST_SECOND = 253_402_127_999
"""Of 9999-12-29: a file may carry any time, a datetime in any time zone may not."""
_UNSPEAKABLE = re.compile(r"[\x01-\x1f\x7f\\\udc80-\udcff]")
"""What a file's name may hold and a key may not: control characters, backslashes, bytes that are no UTF-8 (from old archives)."""
_FAULTS = {
    errno.ENOSPC: "the disk is full; free some space and run again",
    errno.EDQUOT: "the disk quota is used up; free some space and run again",
    errno.EROFS: "the file system is read-only; make it writable or correct FPA_STORAGE",
    errno.EACCES: "permission is denied; give this account the right to it",
    errno.EPERM: "the file system does not permit it; put the storage root on one that has hard links",
    errno.ENAMETOOLONG: "the name is too long; shorten it",
    errno.ENOTDIR: "a file stands where a folder is needed; move it away",
    errno.EISDIR: "a folder of that name is there; move it away",
}
_FAULTS[errno.EOPNOTSUPP] = _FAULTS[errno.ENOSYS] = _FAULTS[errno.EPERM]
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
        with self._opened("read", key) as file:
            before = self._info(key, os.fstat(file.fileno()))
            data = file.read()
            after = self._info(key, os.fstat(file.fileno()))
        if token is not None and not token == before.token == after.token:
            raise Changed(f"{key} in {self.url} was replaced while it was read; run again.")
        return data

    def read_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: self.read(key) for key in keys}

    def write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with self._faults("write", key):
            _publish(path, data, os.replace)

    def write_once(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with self._faults("write", key):
            try:
                _publish(path, data, os.link)
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
_REASONS = {
    "NoSuchBucket": "there is no such bucket; create it or correct FPA_STORAGE",
    "AccessDenied": "access is denied; check the key's rights on the bucket",
    "Forbidden": "access is denied; check the key's rights on the bucket",
    "403": "access is denied; check the key and its rights on the bucket",
    "SignatureDoesNotMatch": "the secret key is wrong; check AWS_SECRET_ACCESS_KEY",
    "InvalidAccessKeyId": "the access key is unknown; check AWS_ACCESS_KEY_ID",
    "ExpiredToken": "the credentials have expired; renew them",
    "RequestTimeTooSkewed": "this machine's clock differs too much from the server's; set it right",
    "PermanentRedirect": "the bucket lies in another region; check AWS_DEFAULT_REGION and AWS_ENDPOINT_URL",
    "SlowDown": "the store is overloaded; try again later",
    "503": "the store is overloaded; try again later",
    "BadDigest": "the content was damaged on its way; try again",
    "XAmzContentSHA256Mismatch": "the content was damaged on its way; try again",
    "QuotaExceeded": "the store is full; free some space or raise the quota",
    "NotImplemented": "the server lacks what is needed (conditional writes, If-None-Match); use one that has it",
}


class S3Store:
    """An S3 bucket, or the part of one below a prefix. One boto3 client, shared by all threads."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._lock = threading.Lock()
        self._made_client: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process makes its own client."""
        return S3Store, (self.bucket, self.prefix.removesuffix("/"))

    def _client(self) -> Any:
        """Every put is checked by its signed SHA-256 and its MD5, which all servers know; older ones refuse the trailing checksums that boto3 would
        send over https by itself, and GetObject's are only asked for."""
        with self._lock:
            if self._made_client is None:
                import boto3
                from botocore.config import Config

                config = Config(
                    signature_version="s3v4",
                    retries={"mode": "standard", "total_max_attempts": 5},
                    connect_timeout=5,
                    read_timeout=60,
                    max_pool_connections=THREADS + 4,
                    tcp_keepalive=True,
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_supported",
                    s3={"payload_signing_enabled": True},
                )
                try:
                    self._made_client = boto3.Session().client("s3", config=config)
                except ValueError as error:  # "Invalid endpoint: …"
                    raise StoreError(f"Could not open {self.url}: {error}; check AWS_ENDPOINT_URL (https://host[:port]).") from None
            return self._made_client

    def _call(self, what: str, key: str, operation: str, **parameters: Any) -> Any:
        """The server's answer to an operation on the bucket; botocore's exceptions become one clear StoreError."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        where = f"{key} in {self.url}" if key else self.url
        stranger = StoreError(f"Could not {what} {where}: what answers there is no S3 server; check AWS_ENDPOINT_URL.")
        try:
            answer = getattr(self._client(), operation)(Bucket=self.bucket, **parameters)
        except ClientError as error:
            raise _refusal(f"Could not {what} {where}", f"There is no {where}.", error.response) from None
        except ResponseParserError:
            raise stranger from None
        except BotoCoreError as error:
            raise StoreError(f"Could not {what} {where}: {_plain_reason(error)}.") from None
        except UnicodeError:
            raise StoreError(f"{key!r} is no key of the store.") from None
        if _ALWAYS_THERE.get(operation, "ResponseMetadata") not in answer:
            raise stranger
        return answer

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
        for _ in range(ATTEMPTS):
            size, digest = 0, hashlib.sha256()
            try:
                answer = self._call("look at", key, "get_object", Key=self._full(key))
                for chunk in answer["Body"].iter_chunks(2**20):
                    size += len(chunk)
                    digest.update(chunk)
            except NotFound:
                return None
            except (BotoCoreError, HTTPError, OSError):
                continue
            found = digest.hexdigest()
            if answer["Metadata"].get(_DIGEST) in (None, found) or found == damaged:
                return Info(key, size, _arrival(answer), _tag(answer), found)
            damaged = found
        raise self._broken_off("look at", key)

    def _broken_off(self, what: str, key: str) -> StoreError:
        return StoreError(f"Could not {what} {key} in {self.url}: its content broke off or was damaged on its way {ATTEMPTS} times; try again later.")

    def read(self, key: str, token: str | None = None) -> bytes:
        data, answer = self._get("read", key)
        if token is not None and _tag(answer) != token:
            raise Changed(f"{key} in {self.url} was replaced while it was read; run again.")
        return data

    def _get(self, what: str, key: str) -> tuple[bytes, Any]:
        """An object with its headers. A content that broke off, or is not what we once wrote, is fetched again, which boto3 does not do by itself.
        The same content twice is what is there: anybody may have written that SHA-256 into the metadata of an object of his."""
        from botocore.exceptions import BotoCoreError
        from urllib3.exceptions import HTTPError

        damaged = None
        for _ in range(ATTEMPTS):
            answer = self._call(what, key, "get_object", Key=self._full(key))
            try:
                data: bytes = answer["Body"].read()
            except (BotoCoreError, HTTPError, OSError):
                continue
            if answer["Metadata"].get(_DIGEST) in (None, hashlib.sha256(data).hexdigest()) or data == damaged:
                return data, answer
            damaged = data
        raise self._broken_off(what, key)

    def read_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        with ThreadPoolExecutor(THREADS) as pool:
            return dict(zip(keys, pool.map(self.read, keys), strict=True))

    def write(self, key: str, data: bytes) -> None:
        self._put(key, data)

    def _put(self, key: str, data: bytes, **conditions: str) -> None:
        self._call(
            "write",
            key,
            "put_object",
            Key=self._full(key),
            Body=data,
            ContentType=_content_type(key),
            ContentMD5=base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode(),
            Metadata={_DIGEST: hashlib.sha256(data).hexdigest()},
            **conditions,
        )

    def write_once(self, key: str, data: bytes) -> None:
        for attempt in range(ATTEMPTS):
            try:
                self._put(key, data, IfNoneMatch="*")
                return
            except _Exists:  # somebody's, or ours where the first answer was lost
                if self.read(key) != data:
                    raise Conflict(f"{key} in {self.url} is there already with other content; nothing was replaced.") from None
                return
            except _Met:
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0.1, 0.5) * 2**attempt)  # noqa: S311 (no secret)

    def delete(self, key: str) -> None:
        self._call("delete", key, "delete_object", Key=self._full(key))

    def locate(self, key: str) -> str:
        return f"s3://{self.bucket}/{self.prefix}{key}"


class _Exists(StoreError):
    """A conditional write found the object there."""


class _Met(StoreError):
    """A conditional write met another one to the same key."""


def _arrival(answer: Any) -> datetime:
    modified: datetime = answer["LastModified"]
    return modified.astimezone(UTC).replace(microsecond=0)


def _tag(answer: Any) -> str:
    """The ETag; some servers quote it, some only here or there."""
    return str(answer["ETag"]).strip('"')


def _refusal(failed: str, absent: str, response: Any) -> StoreError:
    """The fault that an S3 error answer stands for."""
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code == "NoSuchKey":
        return NotFound(absent)
    if status == 412:
        return _Exists(f"{failed}: it is there already.")
    if status == 409:
        return _Met(f"{failed}: somebody else is writing it; run again.")
    reason = _REASONS.get(code) or _REASONS.get(str(status)) or f"the store answered {code or status}"
    return StoreError(f"{failed}: {reason}.")


def _plain_reason(error: Exception) -> str:
    name = type(error).__name__
    if name in ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"):
        return "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE"
    if name in ("EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError", "ReadTimeoutError", "ProxyConnectionError"):
        return "the store cannot be reached; check AWS_ENDPOINT_URL and the network"
    if name == "SSLError":
        return "its certificate is not trusted; check AWS_CA_BUNDLE and AWS_ENDPOINT_URL"
    if name == "ParamValidationError":
        return "its name is not one that S3 knows; correct FPA_STORAGE"
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
