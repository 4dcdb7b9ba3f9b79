"""What the program is: its version, its sources and the packages that can change what comes out."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata, resources
from typing import Any

PACKAGES = ("weasyprint", "pikepdf", "pandas", "great-expectations", "xlsxwriter", "lxml")
"""Whose versions can change a report's bytes or findings; the manifest names them."""


@cache
def program() -> dict[str, Any]:
    """What made the report: version, SHA-256 over all sources and templates, and the packages that matter."""
    digest = hashlib.sha256()
    for package in ("domain", "expectations", "flows", "tasks", "templates"):
        for path in sorted(_files(resources.files(package)), key=lambda entry: entry[0]):
            digest.update(f"{package}/{path[0]}\0".encode() + path[1])
    packages = {name: metadata.version(name) for name in PACKAGES}
    return {"name": "fpa-reporting", "version": metadata.version("fpa-reporting"), "sources_sha256": digest.hexdigest(), "packages": packages}


def _files(folder: Any, path: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.name.startswith((".", "__pycache__")) or entry.name.endswith(".pyc"):
            continue
        found += _files(entry, f"{path}{entry.name}/") if entry.is_dir() else [(path + entry.name, entry.read_bytes())]
    return found
