"""A delivered report looked at: its files against the manifest, the manifest against its signature and the versions after it, the figures against the
inputs, the PDFs against the standards. Reads only, and what is quick comes first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasks import deliver
from tasks.faults import OperatorFault
from tasks.signing import SigningKey, signed_by
from tasks.store import Info, NotFound, Store

_PATH = re.compile(r"reports/([^/]+)/(v\d{4,})")
_LATEST = re.compile(r"reports/([^/]+)/latest\.json")
_NO_MANIFEST = (ValueError, KeyError, TypeError, AttributeError)
"""What reading a text as a manifest raises where it is none."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A delivered report and how it differs, a line each: `faults` of its own files, `moved` inputs that are no longer those it was made of, `history`
    other reports that are no longer what they were when it was delivered; `notes`: what else was checked, and what could not be."""

    path: str
    faults: tuple[str, ...]
    moved: tuple[str, ...]
    history: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """Every difference."""
        return (*self.faults, *self.history, *self.moved)


class LookedAtOnce:
    """A store that looks at an object once: reports share their inputs, and looking takes reading all of it. Manifests, which are asked for again and
    again, are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[str, Info | None] = {}
        self._manifests: dict[str, bytes] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def head(self, key: str) -> Info | None:
        if key not in self._found:
            self._found[key] = self._store.head(key)
        return self._found[key]

    def read(self, key: str, token: str | None = None) -> bytes:
        if token or not key.endswith("/manifest.json"):
            return self._store.read(key, token)
        if key not in self._manifests:
            self._manifests[key] = self._store.read(key)
        return self._manifests[key]


def delivered_paths(store: Store, cycle: str | None = None) -> list[str]:
    """reports/<cycle>/<version> of every delivered report, or of one cycle's, in order; where latest.json is all that is left of a cycle's, the one that it
    names. Raises OperatorFault where a cycle is asked for that has none."""
    keys = [info.key for info in store.list("reports/")]
    found = {match.group(1, 2) for key in keys if key.endswith("/manifest.json") and (match := _PATH.fullmatch(key.removesuffix("/manifest.json")))}
    whole = {code for code, _ in found}
    left = [match[1] for key in keys if (match := _LATEST.fullmatch(key)) and match[1] not in whole]
    found |= {(code, (deliver.said_latest(store, code) or ("v0001",))[0]) for code in left}
    asked = [entry for entry in found if not cycle or entry[0].casefold() == cycle.strip().casefold()]
    if cycle and not asked:
        delivered = ", ".join(sorted({code for code, _ in found})) or "none"
        raise OperatorFault(f"No report of {cycle!r} is delivered; delivered are those of: {delivered}.")
    return [f"reports/{code}/{version}" for code, version in sorted(asked, key=lambda entry: (entry[0], deliver.number_of(entry[1])))]


def verify_path(store: Store, path: str, keys: Mapping[str, Any] | None = None) -> Verified:
    """One report by hashes alone: its files and inputs, its manifest, and the versions before it. `keys`: the public keys, by fingerprint, that it is to be
    signed by (tasks.signing.known_keys). Raises OperatorFault where no report lies or lay."""
    path = path.strip("/")
    place = _PATH.fullmatch(path)
    if not place:
        raise OperatorFault(f"{path!r} is no place of a report; write reports/<cycle>/<version>, e.g. reports/2019-H1/v0001.")
    cycle, version = place.groups()
    others = {other: deliver.history_of(store.read(f"reports/{cycle}/{other}/manifest.json")) for other in deliver.versions(store, cycle) if other != version}
    try:
        data = store.read(f"{path}/manifest.json")
    except NotFound:
        return _without_manifest(store, path, others)
    try:
        lines = deliver.verify(store, path)
        manifest = json.loads(data)
        faults = [*_own_place(path, manifest), *(line for line in lines if line.startswith(f"{path}/"))]
    except _NO_MANIFEST:
        return Verified(path, (f"{path}/manifest.json: is damaged",), ())
    said, notes = _signature(store, path, data, manifest, keys or {})
    faults += [*said, *_against_latest(store, path, data), *_against_later(path, data, others)]
    elsewhere = [line for line in lines if not line.startswith(f"{path}/")]
    earlier = [*_earlier(store, path, data), *(line for line in elsewhere if line.startswith("reports/"))]
    moved = tuple(line for line in elsewhere if not line.startswith("reports/"))
    return Verified(path, tuple(faults), moved, tuple(earlier), (*notes, *_apart(path, data, others)))


def _without_manifest(store: Store, path: str, others: Mapping[str, Mapping[str, str]]) -> Verified:
    """A fault where a report must have been, else none: an unfinished version is invisible."""
    folder, _, version = path.rpartition("/")
    said = deliver.said_latest(store, folder.removeprefix("reports/"))
    naming = [other for other, history in others.items() if version in history]
    if (said and said[0] == version) or naming or (not others and store.head(f"{folder}/latest.json")):
        after = f"; {naming[0]} was delivered after it" if naming else ""
        return Verified(path, (f"{path}/manifest.json: is missing{after}",), ())
    raise OperatorFault(f"There is no report in {store.locate(path)}; delivered of that cycle are: {', '.join(others) or 'none'}.")


def _own_place(path: str, manifest: Mapping[str, Any]) -> list[str]:
    said = f"reports/{manifest['cycle']}/{manifest['version']}"
    return [f"{path}/manifest.json: is the manifest of {said}"] if said != path else []


def _signature(store: Store, path: str, data: bytes, manifest: Mapping[str, Any], keys: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What is wrong with it, and what else is to be said of it."""
    claimed, place = str(manifest.get("signed_by", "")), f"{path}/{deliver.SIGNATURE}"
    try:
        signature = store.read(place)
    except NotFound:
        if claimed:
            return [f"{place}: is missing, though the manifest says that it is signed"], []
        return [f"{path}/manifest.json: is not signed; was it delivered before there was a key, sign it now: fpa sign {path}"] if keys else [], []
    if not keys:
        return [], ["its signature was not checked: no public key is given (FPA_VERIFY_KEYS)"]
    signer = signed_by(data, signature, keys)
    if signer is None:
        unknown = claimed and claimed not in keys
        return [f"{place}: is by a key that is not among those given ({claimed[:12]})" if unknown else f"{place}: is no signature of this manifest by a key that is known"], []
    if claimed and claimed != signer:
        return [f"{path}/manifest.json: says that the key {claimed[:12]} signed it; it was {signer[:12]}"], []
    return [], [f"signed with the key {signer[:12]}"]


def _against_latest(store: Store, path: str, data: bytes) -> list[str]:
    """latest.json, and the newest version by it."""
    folder, _, version = path.rpartition("/")
    key, cycle = f"{folder}/latest.json", folder.removeprefix("reports/")
    if deliver.versions(store, cycle)[-1] != version:
        return []
    try:
        content = store.read(key)
    except NotFound:
        return [f"{key}: is missing"]
    said = _named(content)
    if said is None:
        return [f"{key}: is damaged"]
    if said[0] != version:
        return [f"{key}: names {said[0]}, the newest is {version}"]
    if not re.fullmatch("[0-9a-f]{64}", said[1]):
        return [f"{key}: is damaged"]
    if said[1] != deliver.hash_of(data):
        return [f"{path}/manifest.json: is not the one that {key} names; one of the two has changed"]
    return [f"{key}: has changed"] if content != deliver.latest_bytes(*said) else []


def _named(latest: bytes) -> tuple[str, str] | None:
    try:
        content = json.loads(latest)
        return str(content["version"]), str(content.get("manifest_sha256", ""))
    except _NO_MANIFEST:
        return None


def _against_later(path: str, data: bytes, others: Mapping[str, Mapping[str, str]]) -> list[str]:
    version = path.rpartition("/")[2]
    changed = [other for other, history in others.items() if history.get(version, deliver.hash_of(data)) != deliver.hash_of(data)]
    return [f"{path}/manifest.json: has changed since {changed[0]} was delivered after it"] if changed else []


def _apart(path: str, data: bytes, others: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Of deliveries at the same moment one may not know the other; a version that was put there afterwards is unknown to all. Nothing tells the two apart
    but a signature."""
    version = path.rpartition("/")[2]
    number = deliver.number_of(version)
    later = [other for other, history in others.items() if deliver.number_of(other) > number and history]
    if later and not any(version in others[other] for other in later):
        yield f"no later version names it: it was delivered at the same moment as {later[0]}, or put there afterwards"
    if not deliver.history_of(data) and any(history for other, history in others.items() if deliver.number_of(other) < number):
        yield "it names no version before it: it was delivered at the same moment as another, or put there afterwards"


def _earlier(store: Store, path: str, data: bytes) -> Iterator[str]:
    """The versions that were delivered before it, as it names them."""
    folder, _, version = path.rpartition("/")
    for earlier, digest in deliver.history_of(data).items():
        key = f"{folder}/{earlier}/manifest.json"
        found = store.head(key)
        if found is None:
            yield f"{key}: is missing; {version} was delivered after it"
        elif found.sha256 != digest:
            yield f"{key}: has changed since {version} was delivered after it"


def verify_deeply(store: Store, path: str, keys: Mapping[str, Any] | None = None, verapdf: str = "") -> Verified:
    """One report by hashes, then its figures from the inputs again, then its PDFs by the standards: seconds to minutes. `verapdf`: the validator, where it
    is not on the PATH."""
    found = verify_path(store, path, keys)
    if found.faults and found.faults[0].startswith(f"{found.path}/manifest.json: is "):  # missing, damaged, another's
        return found
    from tasks.recomputation import recompute
    from tasks.standards import check_pdfs

    manifest = json.loads(store.read(f"{found.path}/manifest.json"))
    altered = {line.partition(": ")[0] for line in found.lines}
    faults, notes = recompute(store, found.path, manifest, altered)
    more_faults, more_notes = check_pdfs(store, found.path, manifest, altered, verapdf)
    return Verified(found.path, (*found.faults, *faults, *more_faults), found.moved, found.history, (*found.notes, *notes, *more_notes))


def sign_delivered(store: Store, path: str, key: SigningKey) -> None:
    """Signs a report that was delivered before there was a key. Raises OperatorFault where it is not as it was delivered, or is signed by another."""
    found = verify_path(store, path, {})
    if found.faults:
        raise OperatorFault(f"{found.path} is not as it was delivered, so it was not signed.", *found.faults)
    store.write_once(f"{found.path}/{deliver.SIGNATURE}", key.sign(store.read(f"{found.path}/manifest.json")))
