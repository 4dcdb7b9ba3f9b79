"""A signed report: whoever has the public key sees whose it is, with our program or without; without a key nothing is signed and nothing asked for."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tasks.deliver import deliver
from tasks.faults import OperatorFault
from tasks.inspection import sign_delivered, verify_path
from tasks.settings import Settings
from tasks.signing import SigningKey, known_keys, signing_key
from tasks.store import DirectoryStore

V1 = "reports/C1/v0001"


def private_pem(key: Any = None) -> str:
    return (key or ed25519.Ed25519PrivateKey.generate()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: SigningKey) -> str:
    return key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def settings(private: str = "", public: str = "") -> Settings:
    return Settings(storage="x", signing_key=private or None, verify_keys=public)


def key_of(pem: str) -> SigningKey:
    key = signing_key(settings(pem))
    assert key
    return key


@pytest.fixture
def key() -> SigningKey:
    return key_of(private_pem())


def delivered(root: Path, key: SigningKey | None, made: str = "a") -> DirectoryStore:
    store = DirectoryStore(root)
    deliver(store, {"format": 1, "cycle": "C1", "inputs": [], "made": made}, {"report.en.pdf": b"%PDF", "data/sdg.csv": made.encode()}, key=key)
    return store


def public(*keys: SigningKey) -> dict[str, Any]:
    return known_keys(settings(public="".join(public_pem(key) for key in keys)))


def test_openssl_checks_a_signature_and_names_the_key_as_the_manifest_does(tmp_path: Path, key: SigningKey) -> None:
    store = delivered(tmp_path, key)
    (tmp_path / "public.pem").write_text(public_pem(key))
    check = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", f"{V1}/manifest.json", "-sigfile", f"{V1}/manifest.json.sig"]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 0
    der = subprocess.run(["openssl", "pkey", "-pubin", "-in", "public.pem", "-outform", "DER"], cwd=tmp_path, capture_output=True, check=True).stdout
    assert json.loads(store.read(f"{V1}/manifest.json"))["signed_by"] == hashlib.sha256(der).hexdigest() == key.fingerprint
    (tmp_path / V1 / "manifest.json").write_bytes(store.read(f"{V1}/manifest.json") + b" ")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode != 0


def test_without_a_key_there_is_nothing_of_one(tmp_path: Path, key: SigningKey) -> None:
    plain, signed = delivered(tmp_path / "plain", None), delivered(tmp_path / "signed", key)
    assert sorted(info.key for info in plain.list(V1)) == [f"{V1}/data/sdg.csv", f"{V1}/manifest.json", f"{V1}/report.en.pdf"]
    with_key = json.loads(signed.read(f"{V1}/manifest.json"))
    assert with_key.pop("signed_by") == key.fingerprint
    assert plain.read(f"{V1}/manifest.json") == json.dumps(with_key, indent=1).encode() + b"\n"
    assert verify_path(plain, V1) == verify_path(plain, V1, {}) and verify_path(plain, V1).lines == verify_path(plain, V1).notes == ()


def test_a_signed_report_is_whole_with_its_key_and_without_any_its_signature_is_said_to_be_unchecked(tmp_path: Path, key: SigningKey) -> None:
    store = delivered(tmp_path, key)
    assert verify_path(store, V1, public(key)).lines == ()
    assert verify_path(store, V1, public(key_of(private_pem()), key)).notes == (f"signed with the key {key.fingerprint[:12]}",)
    assert verify_path(store, V1, known_keys(settings(private_pem(key.private)))).lines == ()  # who signs needs no other setting to check
    unchecked = verify_path(store, V1)
    assert unchecked.lines == () and "its signature was not checked" in unchecked.notes[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.delete(f"{V1}/manifest.json.sig"), "manifest.json.sig: is missing"),
        (lambda s: s.write(f"{V1}/manifest.json.sig", bytes(64)), "manifest.json.sig: is no signature of this manifest"),
        (lambda s: s.write(f"{V1}/manifest.json.sig", b""), "manifest.json.sig: is no signature of this manifest"),
        (lambda s: s.write(f"{V1}/manifest.json.sig", s.read(f"{V1}/manifest.json.sig") + b"\n"), "manifest.json.sig: is no signature of this manifest"),
    ],
)
def test_a_signature_that_is_gone_or_another_is_found(tmp_path: Path, key: SigningKey, change: Any, said: str) -> None:
    store = delivered(tmp_path, key)
    change(store)
    (fault,) = verify_path(store, V1, public(key)).faults
    assert said in fault


def test_a_report_signed_by_somebody_else_is_found(tmp_path: Path, key: SigningKey) -> None:
    store = delivered(tmp_path, key_of(private_pem()))
    (fault,) = verify_path(store, V1, public(key)).faults
    assert f"{V1}/manifest.json.sig: is by a key that is not among those given" in fault


def test_an_altered_report_whose_manifest_and_latest_json_were_made_to_fit_is_found_by_the_signature(tmp_path: Path, key: SigningKey) -> None:
    store = delivered(tmp_path, key)
    manifest = json.loads(store.read(f"{V1}/manifest.json"))
    manifest["outputs"][1] |= {"sha256": hashlib.sha256(b"%PD!").hexdigest(), "size": 4}
    data = json.dumps(manifest, indent=1).encode() + b"\n"
    for path, content in ((f"{V1}/report.en.pdf", b"%PD!"), (f"{V1}/manifest.json", data)):
        store.write(path, content)
    latest = {"version": "v0001", "manifest_sha256": hashlib.sha256(data).hexdigest()}
    store.write("reports/C1/latest.json", json.dumps(latest, indent=1).encode() + b"\n")
    assert verify_path(store, V1).lines == ()  # by hashes alone nothing is wrong
    assert verify_path(store, V1, public(key)).faults == (f"{V1}/manifest.json.sig: is no signature of this manifest by a key that is known",)


def test_a_report_of_before_there_was_a_key_is_signed_afterwards_if_it_is_whole(tmp_path: Path, key: SigningKey) -> None:
    store = delivered(tmp_path, None)
    before = store.read(f"{V1}/manifest.json")
    (fault,) = verify_path(store, V1, public(key)).faults
    assert f"{V1}/manifest.json: is not signed" in fault and f"fpa sign {V1}" in fault
    sign_delivered(store, V1, key)
    assert verify_path(store, V1, public(key)).lines == () and store.read(f"{V1}/manifest.json") == before
    delivered(tmp_path, key, "b")
    store.write("reports/C1/v0002/data/sdg.csv", b"c")
    store.delete("reports/C1/v0002/manifest.json.sig")
    with pytest.raises(OperatorFault, match=r"v0002 is not as it was delivered, so it was not signed[\s\S]*sdg.csv: the report, has changed"):
        sign_delivered(store, "reports/C1/v0002", key)


def test_a_signed_delivery_that_broke_off_is_finished_by_the_next_run(tmp_path: Path, key: SigningKey) -> None:
    class Full(DirectoryStore):
        def write_once(self, key: str, data: bytes) -> None:
            if key.endswith("manifest.json"):
                raise OSError("full")
            super().write_once(key, data)

    with pytest.raises(OSError, match="full"):
        deliver(Full(tmp_path), {"format": 1, "cycle": "C1", "inputs": [], "made": "a"}, {"report.en.pdf": b"%PDF", "data/sdg.csv": b"a"}, key=key)
    store = delivered(tmp_path, key)
    assert verify_path(store, V1, public(key)).lines == ()


def test_a_key_is_given_as_text_in_one_line_too_or_as_a_file(tmp_path: Path, key: SigningKey) -> None:
    pem = private_pem(key.private)
    (tmp_path / "private.pem").write_text(pem)
    (tmp_path / "public.pem").write_text("the network's key of 2026\n" + public_pem(key))
    for said in (pem, pem.replace("\n", "\\n"), str(tmp_path / "private.pem")):
        assert key_of(said).fingerprint == key.fingerprint
    assert set(known_keys(settings(public=str(tmp_path / "public.pem")))) == {key.fingerprint}
    assert signing_key(settings()) is None and known_keys(settings()) == {}


@pytest.mark.parametrize("said", ["-----BEGIN nonsense", "/no/such/file.pem", "RSA", "public"])
def test_what_is_no_key_is_said_in_one_line_that_does_not_show_it(said: str, key: SigningKey) -> None:
    text = {"RSA": private_pem(rsa.generate_private_key(65537, 2048)), "public": public_pem(key)}.get(said, said)
    with pytest.raises(OperatorFault, match="FPA_SIGNING_KEY is") as raised:
        signing_key(settings(text))
    assert "\n" not in str(raised.value) and "BEGIN" not in str(raised.value)
    with pytest.raises(OperatorFault, match="FPA_VERIFY_KEYS"):
        known_keys(settings(public=text if said != "public" else "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"))
    assert key.fingerprint in repr(key) and "PRIVATE" not in repr(key)
