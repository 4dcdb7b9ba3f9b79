"""Drafts: a finished report waits in the store until a person has decided on it; what is delivered then is the draft, byte for byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.faults import OperatorFault
from tasks.outcome import Outcome
from tasks.store import Store


@dataclass(frozen=True, slots=True)
class Draft:
    """A report that is made and not delivered: `basis` is all it was made of (tasks.deliver.basis_of), `files` path to content, `besides` what else its
    manifest will say, `outcome` what the run found before it was delivered."""

    basis: Mapping[str, Any]
    files: Mapping[str, bytes]
    besides: Mapping[str, Any]
    outcome: Outcome

    @property
    def described(self) -> bytes:
        """draft.json: all but the files themselves, which it names with their hashes."""
        files = [{"path": path, "sha256": _hash(content)} for path, content in sorted(self.files.items())]
        content = {"basis": self.basis, "besides": self.besides, "outcome": self.outcome.model_dump(), "files": files}
        return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"

    @property
    def hash(self) -> str:
        """Stands for every byte of the draft."""
        return _hash(self.described)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def keep(store: Store, folder: str, draft: Draft, summary: str) -> None:
    """Writes the draft, with a summary (Markdown) for who decides on it; draft.json last."""
    store.write(f"{folder}/summary.md", summary.encode())
    for path, content in sorted(draft.files.items()):
        store.write(f"{folder}/{path}", content)
    store.write(f"{folder}/draft.json", draft.described)


def find(store: Store, folder: str) -> Draft | None:
    """The draft that lies there, whole; None where there is none. Raises OperatorFault where a file of it is another one than was written."""
    if store.head(f"{folder}/draft.json") is None:
        return None
    said = json.loads(store.read(f"{folder}/draft.json"))
    contents = store.read_many([f"{folder}/{entry['path']}" for entry in said["files"]])
    changed = [key for entry in said["files"] if _hash(contents.get(key := f"{folder}/{entry['path']}", b"")) != entry["sha256"]]
    if changed:
        raise OperatorFault(f"The draft that waited for approval is no longer whole: {', '.join(changed)}. Nothing was delivered; make the report again.")
    return Draft(said["basis"], {entry["path"]: contents[f"{folder}/{entry['path']}"] for entry in said["files"]}, said["besides"], Outcome.model_validate(said["outcome"]))
