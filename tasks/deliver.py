"""Deliver: a report arrives whole or not at all. All files first, then manifest.json, then latest.json; a version without manifest is invisible.

Every object is created by a conditional write, so that two deliveries never share a version. A manifest names all versions delivered before it with the
SHA-256 of their manifests (`history`): each vouches for those before, so that one that was replaced or removed is missed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from domain.profile import Profile
from tasks.collect import InputFile
from tasks.program import program
from tasks.signing import SigningKey
from tasks.store import Conflict, Info, NotFound, Store, StoreError

log = logging.getLogger("fpa")

FORMAT = 1
SIGNATURE = "manifest.json.sig"
"""Beside the manifest where there is a key: its signature, 64 bytes."""
LEFT_BEHIND = timedelta(minutes=30)
"""Files of an unfinished version that lie so long before a newer one was delivered are of a run that was cut off: no file takes as long."""
_VERSION = r"v\d{4,}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a report lies; `new` is False where unchanged inputs, parameters and program made no new version."""

    version: str
    key: str
    new: bool


def basis_of(cycle: str, parameters: Mapping[str, Any], profile: Profile, inputs: Sequence[InputFile]) -> dict[str, Any]:
    """All that a report is a function of: the manifest without its outputs and version."""
    return {
        "format": FORMAT,
        "cycle": cycle,
        "parameters": dict(parameters),
        "program": program(),
        "profile": {"name": profile.name, "version": profile.version},
        "inputs": [asdict(entry) for entry in sorted(inputs, key=lambda entry: entry.key)],
    }


def identifier_of(basis: Mapping[str, Any]) -> str:
    """A report's identity as hex digits: equal for equal inputs, parameters and program."""
    return hashlib.sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest()


def hash_of(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


def versions(store: Store, cycle: str) -> list[str]:
    """The delivered versions of a cycle's report, oldest first."""
    pattern = re.compile(rf"reports/{re.escape(cycle)}/({_VERSION})/manifest\.json")
    return sorted((match[1] for info in store.list(f"reports/{cycle}/v") if (match := pattern.fullmatch(info.key))), key=number_of)


def number_of(version: str) -> int:
    """7 of v0007."""
    return int(version[1:])


def already_delivered(store: Store, basis: Mapping[str, Any]) -> Delivery | None:
    """The newest delivered version, where it was made of just this."""
    cycle = basis["cycle"]
    delivered = versions(store, cycle)
    if not delivered or not _says(store, f"reports/{cycle}/{delivered[-1]}", basis):
        return None
    _point_latest(store, cycle)
    return Delivery(delivered[-1], f"reports/{cycle}/{delivered[-1]}", new=False)


def _says(store: Store, folder: str, content: Mapping[str, Any]) -> bool:
    """Whether there is a manifest that can be read, with just this among what it says."""
    try:
        manifest = json.loads(store.read(f"{folder}/manifest.json"))
    except (NotFound, ValueError):
        return False
    return isinstance(manifest, dict) and {name: manifest.get(name) for name in content} == json.loads(json.dumps(content))


def latest_bytes(version: str, manifest_sha256: str) -> bytes:
    """latest.json (contract section 1)."""
    return _json({"version": version, "manifest_sha256": manifest_sha256})


def said_latest(store: Store, cycle: str) -> tuple[str, str] | None:
    """(version, SHA-256 of its manifest) that latest.json names; None where there is none, or none that can be read."""
    try:
        latest = json.loads(store.read(f"reports/{cycle}/latest.json"))
        version, digest = latest["version"], latest["manifest_sha256"]
    except (NotFound, ValueError, KeyError, TypeError):
        return None
    return (version, digest) if isinstance(version, str) and re.fullmatch(_VERSION, version) and isinstance(digest, str) else None


def _point_latest(store: Store, cycle: str) -> None:
    """Looks again after writing: of several deliveries at once the one that writes last has seen them all. Never back to an older version, and never to
    another manifest of the same: what is not as it was delivered is to be found."""
    while True:
        newest, said = versions(store, cycle)[-1], said_latest(store, cycle)
        if said and number_of(said[0]) >= number_of(newest):
            return
        store.write(f"reports/{cycle}/latest.json", latest_bytes(newest, hash_of(store.read(f"reports/{cycle}/{newest}/manifest.json"))))


def deliver(
    store: Store, basis: Mapping[str, Any], outputs: Mapping[str, bytes], besides: Mapping[str, Any] | None = None, key: SigningKey | None = None
) -> Delivery:
    """Publishes the files (path to content) as the next version; `besides`: what else the manifest says of them; `key` signs it. What an interrupted run
    left is finished where it is the same, else passed over, and cleared away once it is old. The same delivered by somebody at the same moment is one version."""
    cycle = basis["cycle"]
    listed = [{"path": path, "sha256": hash_of(data), "size": len(data)} for path, data in sorted(outputs.items())]
    number = max((number_of(version) for version in history_so_far(store, cycle)), default=0)
    while True:
        number += 1
        version = f"v{number:04d}"
        folder = f"reports/{cycle}/{version}"
        content = {**basis, "version": version, **(besides or {}), "outputs": listed}
        try:
            _is_not_anothers(store, folder, outputs)
            for path, data in sorted(outputs.items()):
                store.write_once(f"{folder}/{path}", data)
            _close(store, folder, content, key)
            new = True
        except Conflict:
            if not _says(store, folder, content):
                continue
            new = False
        _point_latest(store, cycle)
        _clear_left_behind(store, cycle)
        return Delivery(version, folder, new)


def _is_not_anothers(store: Store, folder: str, outputs: Mapping[str, bytes]) -> None:
    """Nothing is put beside what an interrupted run left. Raises Conflict where a file is none of the report's, or has another size."""
    sizes = {f"{folder}/{path}": len(data) for path, data in outputs.items()}
    for info in store.list(f"{folder}/"):
        if info.key not in (f"{folder}/manifest.json", f"{folder}/{SIGNATURE}") and sizes.get(info.key) != info.size:
            raise Conflict(f"{info.key} is of another delivery.")


def _close(store: Store, folder: str, content: Mapping[str, Any], key: SigningKey | None) -> None:
    """Signature and manifest, with which the version is there. Raises Conflict where the folder holds other files than the report's, or a later version
    was delivered meanwhile: history goes by the numbers."""
    history = history_so_far(store, content["cycle"])
    if any(number_of(version) >= number_of(content["version"]) for version in history):
        raise Conflict(f"A version as new as {folder} was delivered meanwhile.")
    said = dict(content)
    outputs = said.pop("outputs")
    if history:
        said["history"] = [{"version": version, "manifest_sha256": digest} for version, digest in history.items()]
    if key:
        said["signed_by"] = key.fingerprint
    manifest = _json({**said, "outputs": outputs})
    if key:
        store.write_once(f"{folder}/{SIGNATURE}", key.sign(manifest))
    wanted = {f"{folder}/{entry['path']}" for entry in outputs} | ({f"{folder}/{SIGNATURE}"} if key else set())
    if {info.key for info in store.list(f"{folder}/")} - {f"{folder}/manifest.json"} != wanted:
        raise Conflict(f"{folder} holds files of another delivery.")
    store.write_once(f"{folder}/manifest.json", manifest)


def history_so_far(store: Store, cycle: str) -> dict[str, str]:
    """Every version delivered so far, oldest first, to the SHA-256 of its manifest: as latest.json and the versions after it have it, so that what was
    replaced or removed since stays seen."""
    found: dict[str, str] = {}
    for version in versions(store, cycle):
        manifest = store.read(f"reports/{cycle}/{version}/manifest.json")
        found.setdefault(version, hash_of(manifest))
        found |= history_of(manifest)
    if said := said_latest(store, cycle):
        found[said[0]] = said[1]
    return {version: found[version] for version in sorted(found, key=number_of)}


def history_of(manifest: bytes) -> dict[str, str]:
    """What a manifest says of the versions before it: version to the SHA-256 of its manifest; {} where it says nothing that can be read."""
    try:
        said = {entry["version"]: entry["manifest_sha256"] for entry in json.loads(manifest).get("history", ())}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {version: digest for version, digest in said.items() if isinstance(version, str) and re.fullmatch(_VERSION, version) and isinstance(digest, str)}


def _clear_left_behind(store: Store, cycle: str) -> None:
    """Deletes what interrupted runs left of versions before the newest. Never what may have been a report once: what a later version or latest.json
    names, or what holds a PDF of the report, which are its last files."""
    named, newest = history_so_far(store, cycle), versions(store, cycle)[-1]
    folders: dict[str, list[Info]] = defaultdict(list)
    for info in store.list(f"reports/{cycle}/v"):
        folders[info.key.split("/")[2]].append(info)
    delivered_at = next(info.modified for info in folders[newest] if info.key.endswith(f"/{newest}/manifest.json"))
    for version, files in folders.items():
        if version in named or not re.fullmatch(_VERSION, version) or number_of(version) > number_of(newest):
            continue
        if any(info.key.endswith(".pdf") or info.modified > delivered_at - LEFT_BEHIND for info in files):
            continue
        try:
            for info in files:
                store.delete(info.key)
            log.info("cleared away what an interrupted run left of %s", version)
        except StoreError as fault:  # locked, or not ours to delete: it is invisible all the same
            log.info("%s", fault)


def verify(store: Store, path: str) -> list[str]:
    """Every way in which a delivered report (reports/<cycle>/v0001) differs from its manifest, or its inputs from what they were; [] if none. Raises
    ValueError, KeyError, TypeError or AttributeError where the manifest is none."""
    path = path.strip("/")
    manifest = json.loads(store.read(f"{path}/manifest.json"))
    faults = []
    expected = {f"{path}/{entry['path']}": entry for entry in manifest["outputs"]}
    there = {info.key for info in store.list(f"{path}/")}
    for key, entry in expected.items():
        faults += _differences(store, key, entry, there, "the report")
    faults += [f"{key}: is no part of the report" for key in sorted(there - set(expected) - {f"{path}/manifest.json", f"{path}/{SIGNATURE}"})]
    for entry in manifest["inputs"]:
        faults += _differences(store, entry["key"], entry, None, "an input of the report")
    return faults


def _differences(store: Store, key: str, entry: Mapping[str, Any], there: set[str] | None, what: str) -> list[str]:
    digest, size = str(entry["sha256"]), entry["size"]
    found = store.head(key) if (key in there if there is not None else _may_be_there(store, key)) else None
    if found is None:
        return [f"{key}: {what}, is missing"]
    if found.sha256 != digest:
        return [f"{key}: {what}, has changed (SHA-256 {found.sha256[:12]} instead of {digest[:12]})"]
    if found.size != size:
        return [f"{key}: {what}, has {found.size} bytes, not {size}"]
    return []


def _may_be_there(store: Store, key: str) -> bool:
    """Whether the store can have such a key at all: an altered manifest may say anything."""
    key.encode()  # a ValueError for half a character
    try:
        store.locate(key)
    except StoreError:
        return False
    return True
