"""Whatever is altered in a delivered report, `fpa verify` finds it and names it: sixty alterations by hand, and four by somebody who mends all hashes too."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tasks.demo import write_sample
from tasks.inspection import verify_deeply, verify_path
from tasks.settings import Settings
from tasks.signing import known_keys
from tasks.store import open_store

REPORT = "reports/2019-H1/v0001"
Alteration = tuple[str, Callable[[Path], None]]
"""The file that must be named, and what is done to the storage root."""


@pytest.fixture(scope="module")
def keys() -> tuple[str, dict[str, Any]]:
    """A private key as PEM, and the public one by its fingerprint."""
    private = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, known_keys(Settings(storage="x", signing_key=private))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory, keys: tuple[str, dict[str, Any]]) -> Path:
    """The sample with a signed report of 2019-H1."""
    from flows.report_cycle import report_cycle

    root = tmp_path_factory.mktemp("altered") / "storage"
    write_sample(str(root))
    os.environ |= {"FPA_STORAGE": str(root), "FPA_SIGNING_KEY": keys[0]}
    try:
        state = report_cycle("2019-H1", return_state=True)
        assert state.is_completed(), state.message
    finally:
        del os.environ["FPA_STORAGE"], os.environ["FPA_SIGNING_KEY"]
    return root


@pytest.fixture
def altered(delivered: Path, tmp_path: Path) -> Path:
    root = tmp_path / "storage"
    shutil.copytree(delivered, root)
    return root


def alterations(delivered: Path) -> Iterator[Alteration]:
    """A byte of each file changed, one added, one taken away, each file deleted and renamed; the manifest edited, the signature and latest.json too."""
    dice = random.Random(20261124)
    folder = delivered / REPORT
    for path in sorted(file.relative_to(delivered).as_posix() for file in folder.rglob("*") if file.is_file()):
        at, other = dice.randrange((delivered / path).stat().st_size), dice.randrange(1, 256)
        yield path, lambda root, path=path, at=at, other=other: _flip(root / path, at, other)  # type: ignore[misc]
        yield path, dice.choice([lambda root, path=path: (root / path).unlink(), lambda root, path=path: _cut(root / path)])  # type: ignore[misc]
        yield path, lambda root, path=path: (root / path).rename(root / f"{path}.bak")  # type: ignore[misc]
    manifest = f"{REPORT}/manifest.json"
    for edit in MANIFEST_EDITS:
        yield manifest, lambda root, edit=edit: _edit(root / manifest, edit)  # type: ignore[misc]
    yield f"{REPORT}/data/notes.csv", lambda root: (root / f"{REPORT}/data/notes.csv").write_text("of somebody")
    yield "reports/2019-H1/latest.json", lambda root: (root / "reports/2019-H1/latest.json").unlink()
    yield "reports/2019-H1/latest.json", lambda root: _edit(root / "reports/2019-H1/latest.json", lambda said: said | {"version": "v0002"})
    yield "agreement/agreement.yaml", lambda root: (root / "agreement/agreement.yaml").unlink()
    inbox = sorted(path.relative_to(delivered).as_posix() for path in (delivered / "inbox/2019-H1").rglob("*.xlsx"))
    yield inbox[0], lambda root: _flip(root / inbox[0], 100, 1)


def _flip(path: Path, at: int, other: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= other
    path.write_bytes(bytes(content))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _edit(path: Path, edit: Callable[[Any], Any]) -> None:
    path.write_text(json.dumps(edit(json.loads(path.read_text(encoding="utf-8"))), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


MANIFEST_EDITS: list[Callable[[Any], Any]] = [
    lambda said: said | {"cycle": "2020-H1"},
    lambda said: said | {"version": "v0002"},
    lambda said: said | {"format": 2},
    lambda said: said | {"parameters": said["parameters"] | {"include_late": True}},
    lambda said: said | {"program": {}},
    lambda said: said | {"inputs": said["inputs"][1:]},
    lambda said: said | {"outputs": said["outputs"][1:]},
    lambda said: said | {"outputs": [said["outputs"][0] | {"sha256": "0" * 64}, *said["outputs"][1:]]},
    lambda said: said | {"outputs": [said["outputs"][0] | {"size": 1}, *said["outputs"][1:]]},
    lambda said: said | {"outputs": [said["outputs"][0] | {"path": "../../../agreement/agreement.yaml"}, *said["outputs"][1:]]},
    lambda said: said | {"reconciliation": {}},
    lambda said: {name: entry for name, entry in said.items() if name != "signed_by"},
    lambda said: said | {"history": [{"version": "v0000", "manifest_sha256": "0" * 64}]},
    lambda said: [],
    lambda said: dict(reversed(said.items())),
]


def test_every_alteration_is_found_and_named(delivered: Path, altered: Path, keys: tuple[str, dict[str, Any]]) -> None:
    assert verify_path(open_store(str(delivered)), REPORT, keys[1]).lines == ()
    tried = 0
    for named, alter in alterations(delivered):
        shutil.rmtree(altered)
        shutil.copytree(delivered, altered)
        alter(altered)
        found = verify_path(open_store(str(altered)), REPORT, keys[1])
        assert any(line.startswith(f"{named}") for line in found.lines), (tried, named, found)
        tried += 1
    assert tried > 50


def rewritten(root: Path, path: str, old: bytes, new: bytes) -> None:
    """A file altered, and manifest.json and latest.json made to fit, as somebody does who may write in the store."""
    file, manifest, latest = root / REPORT / path, root / REPORT / "manifest.json", root / "reports/2019-H1/latest.json"
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, 1))
    entry = {"path": path, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "size": file.stat().st_size}
    _edit(manifest, lambda said: said | {"outputs": [entry if listed["path"] == path else listed for listed in said["outputs"]]})
    _edit(latest, lambda said: said | {"manifest_sha256": hashlib.sha256(manifest.read_bytes()).hexdigest()})


@pytest.mark.parametrize(("path", "old", "new"), [("data/sdg.csv", b"period,", b"period ,"), ("data/members.csv", b"accepted", b"missing"), ("iati.xml", b"iati-activit", b"IATI-activit")])
def test_a_figure_altered_with_all_its_hashes_is_found_by_the_signature_and_by_making_it_again(
    altered: Path, keys: tuple[str, dict[str, Any]], path: str, old: bytes, new: bytes
) -> None:
    rewritten(altered, path, old, new)
    store = open_store(str(altered))
    assert verify_path(store, REPORT, keys[1]).faults == (f"{REPORT}/manifest.json.sig: is no signature of this manifest by a key that is known",)
    assert f"{REPORT}/{path}: is not what comes out of its inputs" in verify_deeply(store, REPORT).faults


def test_a_pdf_altered_with_all_its_hashes_is_found_by_the_signature(altered: Path, keys: tuple[str, dict[str, Any]]) -> None:
    """It cannot be made again from the inputs alone: where only the store is asked, its keeper is believed."""
    rewritten(altered, "report.en.pdf", b"%PDF-1.7", b"%PDF-1.6")
    assert verify_path(open_store(str(altered)), REPORT, keys[1]).faults == (f"{REPORT}/manifest.json.sig: is no signature of this manifest by a key that is known",)
