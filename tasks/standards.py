"""The PDFs of a delivered report against PDF/A-3a and PDF/UA-1, by veraPDF where it is installed: the reference validator, a program of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.store import Store

STANDARDS = {"3a": "PDF/A-3a", "ua1": "PDF/UA-1"}
"""veraPDF's name of each profile that a report keeps to (contract section 6)."""
SECONDS = 900
"""A validator that takes longer is given up: it takes some seconds a file."""


class NotChecked(Exception):
    """The validator did not come to a result."""


def check_pdfs(store: Store, path: str, manifest: Mapping[str, Any], altered: Collection[str], program: str = "") -> tuple[list[str], list[str]]:
    """(faults, notes). `altered`: keys of which something worse is known. `program`: the validator, where it is not `verapdf` on the PATH."""
    names = [entry["path"] for entry in manifest["outputs"] if entry["path"].endswith(".pdf") and f"{path}/{entry['path']}" not in altered]
    found = shutil.which(program or "verapdf")
    if not found:
        return [], [f"PDF standards not checked: {program or 'veraPDF'} is not installed (FPA_VERAPDF says where it is)"]
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        files = {str(Path(folder, f"{number}.pdf")): name for number, name in enumerate(names)}
        for file, name in files.items():
            Path(file).write_bytes(store.read(f"{path}/{name}"))
        try:
            for profile, standard in STANDARDS.items():
                for file, broken in failures(found, profile, list(files)).items():
                    faults += [f"{path}/{files[file]}: breaks {standard}, {broken[0]} and {len(broken) - 1} more" if broken[1:] else f"{path}/{files[file]}: breaks {standard}, {broken[0]}"] if broken else []
        except NotChecked as fault:
            return faults, [f"PDF standards not checked: {fault}"]
    return faults, [] if faults else [f"{len(names)} PDFs keep to {' and '.join(STANDARDS.values())}"]


def failures(program: str, profile: str, files: Sequence[str]) -> dict[str, list[str]]:
    """For each file the rules of a profile that it breaks; [] where it conforms. Raises NotChecked."""
    if not files:
        return {}
    try:
        ended = subprocess.run([program, "--format", "xml", "--flavour", profile, *files], capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
        jobs = ElementTree.fromstring(ended.stdout).findall("jobs/job")  # noqa: S314 (of a program that the operator chose)
    except subprocess.TimeoutExpired:
        raise NotChecked(f"{program} took longer than {SECONDS} seconds") from None
    except OSError as error:
        raise NotChecked(f"{program} could not be started: {error.strerror}") from None
    except ElementTree.ParseError:
        raise NotChecked(f"{program} gave no result: {' '.join(ended.stderr.decode('utf-8', 'replace').split())[:200] or 'nothing'}") from None
    found = {job.findtext("item/name") or "": _broken(job) for job in jobs}
    if set(found) != set(files):
        raise NotChecked(f"{program} did not speak of every file")
    return found


def _broken(job: ElementTree.Element) -> list[str]:
    """Rules by clause and number, as veraPDF writes them (6.8.3.3-1)."""
    report = job.find("validationReport")
    if report is None:
        said = " ".join(text for part in job if part.tag != "item" for text in part.itertext())
        return [f"it cannot be read as a PDF: {' '.join(said.split())[-200:]}"]
    if report.get("isCompliant") == "true":
        return []
    rules = [rule for rule in report.findall("details/rule") if rule.get("status") == "failed"]
    return [f"rule {rule.get('clause')}-{rule.get('testNumber')}" for rule in rules] or ["for a reason that veraPDF does not give"]
