"""The sample is sound, and the same bytes on every machine."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys

import pytest

from domain.agreement_files import read_agreement
from domain.sample import sample_files

KEYS = re.compile(r"(agreement/[a-z]+\.(csv|yaml)|texts/[^/]+/en/[a-z-]+\.md|desk/[^/]+/extensions\.csv|inbox/20(19|20)-H[12]/[a-z-]+/[^/]+\.(xlsx|ods|zip))")

_DIGEST = """
import hashlib
from domain.sample import sample_files
print(hashlib.sha256(repr([(f.key, hashlib.sha256(f.data).hexdigest(), str(f.arrived)) for f in sample_files()]).encode()).hexdigest())
"""


def digest(**environment: str) -> str:
    done = subprocess.run([sys.executable, "-c", _DIGEST], env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_sample_is_the_same_bytes_whatever_the_machine() -> None:
    here = hashlib.sha256(repr([(f.key, hashlib.sha256(f.data).hexdigest(), str(f.arrived)) for f in sample_files()]).encode()).hexdigest()
    assert digest(PYTHONHASHSEED="1", TZ="Asia/Bangkok", LANG="fr_FR.UTF-8") == digest(PYTHONHASHSEED="77", TZ="America/Lima") == here


@pytest.mark.parametrize("due_ahead", [False, True])
def test_the_samples_agreement_has_no_problem(due_ahead: bool) -> None:
    agreement, problems = read_agreement({file.key: file.data for file in sample_files(due_ahead)}, {"prag-2018"})
    assert problems == []
    assert agreement is not None
    assert (len(agreement.members), len(agreement.cycles)) == (14, 3)
    assert {member.language for member in agreement.members} == {"en", "fr", "es", "pt"}
    assert {row.measure for row in agreement.logframe} == {"number", "people", "percentage", "money", "yes_no", "qualitative"}
    assert {row.across_members for row in agreement.logframe} == {"sum", "max", "mean", "none"}
    assert {row.across_periods for row in agreement.logframe} == {"sum", "max", "mean", "latest"}
    assert (agreement.cycles[0].due.year == 2099) == due_ahead


def test_the_samples_files_lie_where_the_contract_says() -> None:
    keys = [file.key for file in sample_files()]
    assert len(set(keys)) == len(keys)
    assert [key for key in keys if not KEYS.fullmatch(key)] == []
    assert {key.rpartition(".")[2] for key in keys if key.startswith("inbox/")} == {"xlsx", "ods", "zip"}
