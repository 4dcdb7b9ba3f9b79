"""What of an earlier delivered report is no longer so, in the report of a later cycle (contract section 5, rule 7)."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.builders import ACTIVITY, NUMBER, PAYMENT, RATES, agreement_files, clean, submission

Fpa = Callable[..., tuple[int, str, str]]
Row = dict[str, str]


def restated(root: Path, cycle: str, version: str = "v0001") -> dict[str, Row]:
    """By figure, the rows about values and money (of a figure with several columns the value)."""
    text = (root / f"reports/{cycle}/{version}/data/restatements.csv").read_text(encoding="utf-8")
    return {row["figure"]: row for row in csv.DictReader(io.StringIO(text))}


def later_file(root: Path, key: str, content: bytes, of: str) -> None:
    """A file that arrived after another."""
    path = root / key
    path.write_bytes(content)
    arrived = (root / of).stat().st_mtime + 60
    os.utime(path, (arrived, arrived))


def submission_in(root: Path, cycle: str, member: str, version: str = "v0001") -> str:
    text = (root / f"reports/{cycle}/{version}/data/lineage.csv").read_text(encoding="utf-8")
    return next(row["submission"] for row in csv.DictReader(io.StringIO(text)) if row["member"] == member)


def test_a_replaced_submission_restates_the_figures_it_changes(storage: Callable[[Mapping[str, bytes]], Path], fpa: Fpa) -> None:
    first = {"inbox/C1/bb/a.zip": clean("bb", "C1"), "inbox/C1/aa/a.zip": clean("aa", "C1")}
    root = storage(agreement_files() | first)
    fpa("report", "C1")
    assert restated(root, "C1") == {}
    old = submission_in(root, "C1", "bb")

    replaced = submission("bb", "C1", [ACTIVITY | {"women": "30"}], [NUMBER | {"value": "7.5"}], [PAYMENT | {"amount": "2200"}])
    later_file(root, "inbox/C1/bb/b.zip", replaced, "inbox/C1/bb/a.zip")
    for member in ("aa", "bb"):
        (root / f"inbox/C2/{member}").mkdir(parents=True)
        (root / f"inbox/C2/{member}/a.zip").write_bytes(clean(member, "C2"))
    status, out, err = fpa("report", "C2")
    assert status == 1, out + err  # two members are silent
    found = restated(root, "C2")
    new = hashlib.sha256(replaced).hexdigest()[:12]
    value = found["indicators/cumulative/network//N1"]
    assert (value["cycle"], value["version"], value["column"], value["old"], value["new"], value["cause"]) == ("C1", "v0001", "value", "10", "12.5", "submission")
    assert value["detail"] == f"bb: {old} -> {new}"
    assert found["sdg/period/goal/8/women"]["new"] == "40"
    assert (found["finance/2/cumulative_eur"]["old"], found["finance/2/cumulative_eur"]["new"]) == ("20.00", "30.00")
    assert "indicators/cumulative/member/aa/N1" not in found and "finance/2/previous_eur" not in found
    finance = list(csv.DictReader(io.StringIO((root / "reports/C2/v0001/data/finance.csv").read_text(encoding="utf-8"))))
    travel = next(row for row in finance if row["heading"] == "2")
    # what the first report gave stands as previous; the correction falls into the period
    assert (travel["previous_eur"], travel["period_eur"], travel["cumulative_eur"]) == ("20.00", "30.00", "50.00")


def test_what_a_later_report_has_restated_is_restated_once(storage: Callable[[Mapping[str, bytes]], Path], fpa: Fpa) -> None:
    root = storage(agreement_files() | {"inbox/C1/bb/a.zip": clean("bb", "C1")})
    fpa("report", "C1")
    (root / "agreement/rates.csv").write_text(RATES.replace("2019-02,KES,110", "2019-02,KES,100"), encoding="utf-8")
    fpa("report", "C2")
    found = restated(root, "C2")
    assert (found["finance/2/period_eur"]["old"], found["finance/2/period_eur"]["new"]) == ("10.00", "11.00")
    assert (found["finance/2/period_eur"]["cause"], found["finance/2/period_eur"]["detail"]) == ("agreement", "agreement/rates.csv")
    fpa("report", "C3")
    assert restated(root, "C3") == {}
    (root / "agreement/rates.csv").write_text(RATES, encoding="utf-8")
    fpa("report", "C3")
    text = (root / "reports/C3/v0002/data/restatements.csv").read_text(encoding="utf-8")
    again = {(row["cycle"], row["figure"]): (row["old"], row["new"]) for row in csv.DictReader(io.StringIO(text))}
    assert again["C1", "finance/2/period_eur"] == again["C2", "finance/2/cumulative_eur"] == ("11.00", "10.00")


def test_an_earlier_report_that_was_tampered_with_is_named(storage: Callable[[Mapping[str, bytes]], Path], fpa: Fpa) -> None:
    root = storage(agreement_files() | {"inbox/C1/bb/a.zip": clean("bb", "C1")})
    fpa("report", "C1")
    path = root / "reports/C1/v0001/data/finance.csv"
    path.chmod(0o644)
    path.write_text(path.read_text(encoding="utf-8").replace("10.00", "90.00"), encoding="utf-8")
    status, _, err = fpa("report", "C2")
    assert status == 2
    assert "reports/C1/v0001/data/finance.csv is no longer what was delivered" in err
    assert not (root / "reports/C2/latest.json").exists()
