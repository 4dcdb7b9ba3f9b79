"""The object store: one small interface over s3://bucket[/prefix] (boto3) and a directory.

Objects are named by keys ("inbox/2019-H1/asol/report.xlsx"). Every foreseeable fault is a StoreError of one clear sentence. Nothing is ever
seen half written: S3 puts are atomic; the directory writes a temporary file, flushes it to disk and renames it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

from tasks.faults import OperatorFault

THREADS = 16
READ_ATTEMPTS = 4


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

    `sha256` in hex is known after `head`; a listing leaves it empty, since not every store keeps it."""

    key: str
    size: int
    modified: datetime
    token: str
    sha256: str = ""


class Store(Protocol):
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


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def open_store(url: str) -> Store:
    """The store at s3://bucket[/prefix] or in a directory. Raises StoreError for an address that is neither."""
    if url.startswith("s3://"):
        parts = urlsplit(url)
        if not parts.netloc:
            raise StoreError(f"{url!r} names no bucket; write s3://bucket or s3://bucket/prefix.")
        return S3Store(parts.netloc, parts.path.strip("/"))
    if "://" in url:
        raise StoreError(f"{url!r} is no storage root: only s3://bucket[/prefix] and directories are.")
    return DirectoryStore(Path(url))


# --- a directory ------------------------------------------------------------------------------------------------------

_TEMPORARY = ".fpa-writing-"


class DirectoryStore:
    """Keys are paths below a directory; officers and members put files there with a file manager, and see ours there."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root).absolute()
        self.url = str(root)
        if self.root.exists() and not self.root.is_dir():
            raise StoreError(f"The storage root {self.url} is a file, not a directory.")

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if not key or "\x00" in key or "\\" in key or any(part in ("", ".", "..") for part in parts):
            raise StoreError(f"{key!r} is no key of the store.")
        path = self.root.joinpath(*parts)
        if not path.parent.resolve().is_relative_to(self.root.resolve()):
            raise StoreError(f"{key!r} leads out of the storage root {self.url}.")
        return path

    @contextlib.contextmanager
    def _faults(self, what: str, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise NotFound(f"There is no {key} in {self.url}.") from None
        except OSError as error:
            raise StoreError(f"Could not {what} {key} in {self.url}: {error.strerror or error}.") from None

    def list(self, prefix: str) -> Iterator[Info]:
        folder = prefix.rpartition("/")[0]
        top = self._path(folder) if folder else self.root
        found = []
        with self._faults("list", prefix):
            if not top.is_dir() or top.is_symlink():
                return
            for directory, folders, names in os.walk(top, onerror=_raise):
                folders[:] = [name for name in folders if not Path(directory, name).is_symlink()]
                for name in names:
                    path = Path(directory, name)
                    key = path.relative_to(self.root).as_posix()
                    if key.startswith(prefix) and not name.startswith(_TEMPORARY) and not path.is_symlink() and path.is_file():
                        found.append(self._info(key, path.stat()))
        yield from sorted(found, key=lambda info: info.key.encode("utf-8", "surrogateescape"))

    @staticmethod
    def _info(key: str, stat: os.stat_result) -> Info:
        return Info(key, stat.st_size, datetime.fromtimestamp(stat.st_mtime_ns // 10**9, UTC), f"{stat.st_mtime_ns}-{stat.st_size}")

    def head(self, key: str) -> Info | None:
        path = self._path(key)
        with self._faults("look at", key):
            return replace(self._info(key, path.stat()), sha256=_sha256(path.read_bytes())) if path.is_file() else None

    def read(self, key: str, token: str | None = None) -> bytes:
        path = self._path(key)
        with self._faults("read", key):
            data = path.read_bytes()
            if token is not None and self._info(key, path.stat()).token != token:
                raise Changed(f"{key} in {self.url} was replaced while it was read; run again.")
            return data

    def read_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: self.read(key) for key in keys}

    def write(self, key: str, data: bytes) -> None:
        self._publish(key, data, lambda temporary, path: temporary.replace(path))

    def write_once(self, key: str, data: bytes) -> None:
        try:
            self._publish(key, data, lambda temporary, path: os.link(temporary, path))
        except StoreError:
            if self.head(key) is None:
                raise
            if self.read(key) != data:
                raise Conflict(f"{key} in {self.url} is there already with other content; nothing was replaced.") from None

    def _publish(self, key: str, data: bytes, put_in_place: Callable[[Path, Path], object]) -> None:
        """Temporary file beside the final one, flushed to disk, then put in place by one atomic step."""
        path = self._path(key)
        with self._faults("write", key):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
            temporary = Path(name)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.chmod(0o644)
                put_in_place(temporary, path)
                _flush_directory(path.parent)
            finally:
                temporary.unlink(missing_ok=True)

    def delete(self, key: str) -> None:
        with self._faults("delete", key):
            self._path(key).unlink(missing_ok=True)

    def locate(self, key: str) -> str:
        return str(self._path(key))


def _raise(error: OSError) -> None:
    raise error


def _flush_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- S3 ---------------------------------------------------------------------------------------------------------------

Result = TypeVar("Result")
_DIGEST = "sha256"
"""Metadata under which our own objects carry their SHA-256: a flipped bit is noticed on any server."""

_REASONS = {
    "NoSuchBucket": "there is no such bucket; create it or correct FPA_STORAGE",
    "AccessDenied": "access is denied; check the key's rights on the bucket",
    "Forbidden": "access is denied; check the key's rights on the bucket",
    "403": "access is denied; check the key and its rights on the bucket",
    "SignatureDoesNotMatch": "the secret key is wrong; check AWS_SECRET_ACCESS_KEY",
    "InvalidAccessKeyId": "the access key is unknown; check AWS_ACCESS_KEY_ID",
    "ExpiredToken": "the credentials have expired; renew them",
    "RequestTimeTooSkewed": "this machine's clock differs too much from the server's; set it right",
    "SlowDown": "the store is overloaded; try again later",
    "BadDigest": "the content was damaged on its way; try again",
    "QuotaExceeded": "the store is full",
}


class S3Store:
    """An S3 bucket, or the part of one below a prefix. One boto3 client, shared by all threads."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._checksums: Literal["when_supported", "when_required"] = "when_supported"

    def _client(self) -> Any:
        """The client in the checksum mode in use; older servers refuse the trailing checksums of the default one over https."""
        with self._lock:
            if self._checksums not in self._clients:
                import boto3
                from botocore.config import Config

                config = Config(
                    signature_version="s3v4",
                    retries={"mode": "standard", "total_max_attempts": 5},
                    connect_timeout=5,
                    read_timeout=60,
                    max_pool_connections=THREADS + 4,
                    tcp_keepalive=True,
                    request_checksum_calculation=self._checksums,
                    response_checksum_validation=self._checksums,
                    s3={"addressing_style": "path" if _own_endpoint() else "auto"},
                )
                self._clients[self._checksums] = boto3.Session().client("s3", config=config)
            return self._clients[self._checksums]

    def _call(self, what: str, key: str, action: Callable[[Any], Result]) -> Result:
        """Runs an action on the client; botocore's exceptions become one clear StoreError."""
        from botocore.exceptions import BotoCoreError, ClientError

        mode = self._checksums
        try:
            return action(self._client())
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if code in ("NoSuchKey", "404", "NotFound"):
                raise NotFound(f"There is no {key} in {self.url}.") from None
            if (code == "MissingContentLength" or status == 411) and mode == "when_supported":
                self._checksums = "when_required"
                return self._call(what, key, action)
            if status in (409, 412):
                raise _Precondition(f"Could not {what} {key} in {self.url}: it is there already.") from None
            reason = _REASONS.get(code) or f"the store answered {code or status}"
            raise StoreError(f"Could not {what} {key or 'the inbox'} in {self.url}: {reason}.") from None
        except BotoCoreError as error:
            raise StoreError(f"Could not {what} {key or 'objects'} in {self.url}: {_plain_reason(error)}.") from None

    def list(self, prefix: str) -> Iterator[Info]:
        def pages(client: Any) -> list[Any]:
            listing = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix + prefix)
            return [entry for page in listing for entry in page.get("Contents", [])]

        entries = self._call("list", prefix, pages)
        found = [
            Info(entry["Key"].removeprefix(self.prefix), entry["Size"], entry["LastModified"].astimezone(UTC).replace(microsecond=0), entry["ETag"].strip('"'))
            for entry in entries
            if not entry["Key"].endswith("/")
        ]
        yield from sorted(found, key=lambda info: info.key.encode("utf-8"))

    def head(self, key: str) -> Info | None:
        try:
            answer = self._call("look at", key, lambda client: client.head_object(Bucket=self.bucket, Key=self.prefix + key))
        except NotFound:
            return None
        modified = answer["LastModified"].astimezone(UTC).replace(microsecond=0)
        kept = answer["Metadata"].get(_DIGEST)  # of objects we wrote; others are read
        return Info(key, answer["ContentLength"], modified, answer["ETag"].strip('"'), kept or _sha256(self.read(key)))

    def read(self, key: str, token: str | None = None) -> bytes:
        def get(client: Any) -> tuple[bytes, str]:
            answer = client.get_object(Bucket=self.bucket, Key=self.prefix + key)
            data = answer["Body"].read()
            kept = answer["Metadata"].get(_DIGEST)
            if len(data) != answer["ContentLength"] or (kept and kept != _sha256(data)):
                raise _incomplete(key)
            return data, answer["ETag"].strip('"')

        for attempt in range(READ_ATTEMPTS):  # a body that breaks off is not retried by boto3 itself
            try:
                data, tag = self._call("read", key, get)
            except NotFound:
                raise
            except StoreError:
                if attempt == READ_ATTEMPTS - 1:
                    raise
                continue
            if token is not None and tag != token:
                raise Changed(f"{key} in {self.url} was replaced while it was read; run again.")
            return data
        raise AssertionError("unreachable")

    def read_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        if not keys:
            return {}
        self._client()
        with ThreadPoolExecutor(min(THREADS, len(keys))) as pool:
            return dict(zip(keys, pool.map(self.read, keys), strict=True))

    def _put(self, key: str, data: bytes, **conditions: str) -> None:
        kept = {_DIGEST: _sha256(data)}

        def put(client: Any) -> None:
            digest = {"ContentMD5": base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()}
            client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=data, ContentType=_content_type(key), Metadata=kept, **digest, **conditions)

        self._call("write", key, put)

    def write(self, key: str, data: bytes) -> None:
        self._put(key, data)

    def write_once(self, key: str, data: bytes) -> None:
        try:
            self._put(key, data, IfNoneMatch="*")
        except _Precondition:  # somebody's, or ours when the first answer was lost
            if self.read(key) != data:
                raise Conflict(f"{key} in {self.url} is there already with other content; nothing was replaced.") from None

    def delete(self, key: str) -> None:
        self._call("delete", key, lambda client: client.delete_object(Bucket=self.bucket, Key=self.prefix + key))

    def locate(self, key: str) -> str:
        return f"s3://{self.bucket}/{self.prefix}{key}"


class _Precondition(StoreError):
    """A conditional write found the object there."""


def _own_endpoint() -> bool:
    return bool(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"))


def _incomplete(key: str) -> Exception:
    from botocore.exceptions import ResponseStreamingError

    return ResponseStreamingError(error=f"{key} broke off")


def _plain_reason(error: Exception) -> str:
    name = type(error).__name__
    if name in ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"):
        return "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE"
    if name in ("EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError", "ReadTimeoutError", "ProxyConnectionError"):
        return "the store cannot be reached; check AWS_ENDPOINT_URL and the network"
    if name == "SSLError":
        return "its certificate is not trusted; check AWS_CA_BUNDLE"
    return str(error).rstrip(".")


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
