"""Signatures of manifests: whoever has the private key can make one, anybody with the public key can check it.

Ed25519 (RFC 8032), the bare 64 bytes, so that no program of ours is needed to check one, years later:
`openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in manifest.json -sigfile manifest.json.sig`.
A key is made by `openssl genpkey -algorithm ed25519 -out private.pem`, its public part by `openssl pkey -in private.pem -pubout -out public.pem`.
The public key belongs where the store's keepers cannot replace it: with the auditor, in the grant's file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tasks.faults import OperatorFault
from tasks.settings import Settings

_PUBLIC = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
_BLOCK = "prefect:"


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 private key; its PEM text is never shown."""

    private: Any

    def __repr__(self) -> str:
        return f"SigningKey({self.fingerprint})"

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the public key (DER, SubjectPublicKeyInfo) in hex: what `openssl pkey -pubin -outform DER | sha256sum` gives."""
        return fingerprint(self.private.public_key())

    def sign(self, content: bytes) -> bytes:
        """64 bytes; the same content gives the same ones."""
        signature: bytes = self.private.sign(content)
        return signature


def fingerprint(public: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def signing_key(settings: Settings) -> SigningKey | None:
    """The key that FPA_SIGNING_KEY gives, as PEM text, the path of a file, or prefect:NAME for a Secret block of Prefect; None where it gives none. Raises
    OperatorFault for what is no Ed25519 private key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    said = settings.signing_key.get_secret_value().strip() if settings.signing_key else ""
    if not said:
        return None
    try:
        private = load_pem_private_key(_pem(said, "FPA_SIGNING_KEY").encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise OperatorFault("FPA_SIGNING_KEY is no Ed25519 private key without a password; make one with: openssl genpkey -algorithm ed25519 -out private.pem")
    return SigningKey(private)


def known_keys(settings: Settings) -> dict[str, Any]:
    """The public keys that a signature may be by, by fingerprint: those of FPA_VERIFY_KEYS (PEM text, one after the other, or the path of a file of them)
    and that of FPA_SIGNING_KEY. Raises OperatorFault for what is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    said = settings.verify_keys.strip()
    texts = _PUBLIC.findall(_pem(said, "FPA_VERIFY_KEYS")) if said else []
    try:
        keys = [load_pem_public_key(text.encode()) for text in texts]
    except (ValueError, UnsupportedAlgorithm):
        keys = []
    if said and (not keys or not all(isinstance(key, Ed25519PublicKey) for key in keys)):
        raise OperatorFault("FPA_VERIFY_KEYS holds no Ed25519 public key in PEM, or something else beside; the public part of a key: openssl pkey -in private.pem -pubout")
    own = signing_key(settings)
    return {fingerprint(key): key for key in [*keys, *([own.private.public_key()] if own else [])]}


def _pem(said: str, name: str) -> str:
    """The text itself, or what it names."""
    if said.startswith("-----BEGIN"):
        return said.replace("\\n", "\n")  # in one line, as some environments want it
    if said.startswith(_BLOCK):
        return _secret(said.removeprefix(_BLOCK), name)
    try:
        return Path(said).read_text("utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise OperatorFault(f"{name} is neither PEM text nor a file that can be read: {reason}.") from None


def _secret(block: str, name: str) -> str:
    from prefect.blocks.system import Secret

    try:
        return str(Secret.load(block).get())  # type: ignore[union-attr]
    except ValueError:
        raise OperatorFault(f"{name} names the Secret block {block!r}, which Prefect does not have; make it in its UI under Blocks.") from None


def signed_by(content: bytes, signature: bytes, keys: Mapping[str, Any]) -> str | None:
    """The fingerprint of the key that signed this content; None where it was none of these."""
    from cryptography.exceptions import InvalidSignature

    for name, key in keys.items():
        try:
            key.verify(signature, content)
            return name
        except InvalidSignature:
            continue
    return None
