"""Deliver: a report arrives whole or not at all. All files first, then manifest.json, then latest.json; a version without manifest is invisible."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from domain.profile import Profile
from tasks.collect import InputFile
from tasks.program import program
from tasks.store import Conflict, Store

FORMAT = 1
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


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


def versions(store: Store, cycle: str) -> list[str]:
    """The delivered versions of a cycle's report, oldest first."""
    pattern = re.compile(rf"reports/{re.escape(cycle)}/(v\d{{4,}})/manifest\.json")
    found = [match[1] for info in store.list(f"reports/{cycle}/v") if (match := pattern.fullmatch(info.key))]
    return sorted(found, key=lambda version: int(version[1:]))


def already_delivered(store: Store, basis: Mapping[str, Any]) -> Delivery | None:
    """The newest delivered version, where it was made of just this."""
    cycle = basis["cycle"]
    delivered = versions(store, cycle)
    if not delivered:
        return None
    key = f"reports/{cycle}/{delivered[-1]}"
    manifest_bytes = store.read(f"{key}/manifest.json")
    manifest = json.loads(manifest_bytes)
    if {name: manifest.get(name) for name in basis} != json.loads(json.dumps(basis)):
        return None
    _point_latest(store, cycle, delivered[-1], manifest_bytes)
    return Delivery(delivered[-1], key, new=False)


def _point_latest(store: Store, cycle: str, version: str, manifest: bytes) -> None:
    key = f"reports/{cycle}/latest.json"
    latest = _json({"version": version, "manifest_sha256": hashlib.sha256(manifest).hexdigest()})
    if store.head(key) is None or store.read(key) != latest:
        store.write(key, latest)


def deliver(store: Store, basis: Mapping[str, Any], outputs: Mapping[str, bytes], besides: Mapping[str, Any] | None = None) -> Delivery:
    """Publishes the files (path to content) as the next version; `besides`: what else the manifest says of them. What an interrupted run left is finished where it is the same, else passed over."""
    cycle = basis["cycle"]
    number = max((int(version[1:]) for version in versions(store, cycle)), default=0)
    while True:
        number += 1
        version = f"v{number:04d}"
        listed = [{"path": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for path, data in sorted(outputs.items())]
        manifest = _json({**basis, "version": version, **(besides or {}), "outputs": listed})
        try:
            for path, data in sorted(outputs.items()):
                store.write_once(f"reports/{cycle}/{version}/{path}", data)
            store.write_once(f"reports/{cycle}/{version}/manifest.json", manifest)
        except Conflict:
            continue
        _point_latest(store, cycle, version, manifest)
        return Delivery(version, f"reports/{cycle}/{version}", new=True)


def verify(store: Store, path: str) -> list[str]:
    """Every way in which a delivered report (reports/<cycle>/v0001) differs from its manifest, or its inputs from what they were; [] if none."""
    path = path.strip("/")
    manifest = json.loads(store.read(f"{path}/manifest.json"))
    faults = []
    expected = {f"{path}/{entry['path']}": entry for entry in manifest["outputs"]}
    there = {info.key for info in store.list(f"{path}/")}
    for key, entry in expected.items():
        faults += _differences(store, key, entry, there, "the report")
    faults += [f"{key}: is no part of the report" for key in sorted(there - set(expected) - {f"{path}/manifest.json"})]
    for entry in manifest["inputs"]:
        faults += _differences(store, entry["key"], entry, None, "an input of the report")
    return faults


def _differences(store: Store, key: str, entry: Mapping[str, Any], there: set[str] | None, what: str) -> list[str]:
    found = store.head(key) if there is None or key in there else None
    if found is None:
        return [f"{key}: {what}, is missing"]
    if found.sha256 != entry["sha256"]:
        return [f"{key}: {what}, has changed (SHA-256 {found.sha256[:12]} instead of {entry['sha256'][:12]})"]
    return []
