"""Bad input: the finding of the contract with the right cell, exit status 1, everybody else's figures intact; a broken agreement: exit status 2."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.builders import ACTIVITY, NUMBER, PAYMENT, agreement_files, clean, submission

Fpa = Callable[..., tuple[int, str, str]]
Storage = Callable[[Mapping[str, bytes]], Path]


def findings(root: Path, member: str, cycle: str = "C1") -> list[dict[str, str]]:
    rows = []
    for path in sorted((root / "feedback" / cycle / member).rglob("findings.csv")):
        rows += list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    return rows


def figures(root: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((root / "reports/C1/v0001/data/indicators.csv").open(encoding="utf-8", newline="")))


BAD = {
    "unreadable": (b"this is no workbook", ("submission.unreadable", "reject", "", "")),
    "missing-sheet": (submission(activities=[ACTIVITY], indicators=[NUMBER], without=["expenditure"]), ("submission.sheet-missing", "reject", "expenditure", "")),
    "wrong-cycle": (clean("bb", "C1", cover={"cycle": "C2"}), ("submission.wrong-cycle", "reject", "cover", "B2")),
    "text-in-number": (submission(indicators=[NUMBER | {"value": "approx. 50"}]), ("cell.not-a-number", "error", "indicators", "C2")),
    "other-decimal": (submission(indicators=[NUMBER | {"value": "23,14"}]), ("cell.ambiguous-number", "error", "indicators", "C2")),
}


@pytest.mark.parametrize("name", BAD)
def test_one_members_bad_file_is_its_own_finding_and_costs_nobody_else(name: str, storage: Storage, fpa: Fpa) -> None:
    content, expected = BAD[name]
    members = {f"inbox/C1/{member}/report.zip": clean(member, cover={"decimal": "."}) for member in ("aa", "cc", "dd")}
    root = storage({**agreement_files(), **members, "inbox/C1/bb/report.xlsx": content})
    status, _, err = fpa("collect", "C1")
    assert status == 1, err
    assert "Traceback" not in err
    found = [(row["rule"], row["severity"], row["sheet"], row["cell"]) for row in findings(root, "bb")]
    assert found == [expected]
    assert findings(root, "aa") == findings(root, "cc") == []
    assert fpa("report", "C1")[0] == 1
    total = next(row for row in figures(root) if (row["indicator"], row["scope"], row["level"]) == ("N1", "period", "network"))
    assert (total["value"], total["contributions"]) == ("15", "3")


def test_a_folder_of_no_member_is_answered_in_the_contracts_language(storage: Storage, fpa: Fpa) -> None:
    root = storage({**agreement_files(), "inbox/C1/nobody/report.zip": clean("nobody"), "inbox/C1/bb/report.zip": clean()})
    assert fpa("collect", "C1")[0] == 1
    assert "to look at: inbox/C1/nobody: no member of the agreement has this code" in fpa("check")[1]
    (finding,) = findings(root, "nobody")
    assert (finding["rule"], finding["value"]) == ("submission.unknown-member", "nobody")
    assert "belongs to no member" in finding["message"]


def test_a_broken_agreement_names_every_fault_and_writes_nothing(storage: Storage, fpa: Fpa) -> None:
    broken = agreement_files(
        members="member,name,country,language,decimal,email,role\naa,Alpha,XX,en,.,,coordinator\naa,Beta,KE,xx,.,,beneficiary\n",
        budget="heading,amount_eur\n1,viele\n",
    )
    root = storage({**broken, "inbox/C1/aa/report.zip": clean("aa")})
    before = sorted(root.rglob("*"))
    for command in (("check",), ("collect", "C1"), ("report", "C1"), ("open", "C1"), ("status", "C1")):
        status, _, err = fpa(*command)
        assert status == 2, command
        for place in ("members.csv, row 2, column country", "members.csv, row 3, column language", "budget.csv, row 2, column amount_eur"):
            assert place in err, (command, err)
        assert "Traceback" not in err
    assert sorted(root.rglob("*")) == before


def test_an_unknown_cycle_and_an_unset_storage_are_one_line(storage: Storage, fpa: Fpa, monkeypatch: pytest.MonkeyPatch) -> None:
    storage(agreement_files())
    status, _, err = fpa("collect", "2031")
    assert (status, "its cycles are C1, C2, C3" in err) == (2, True)
    monkeypatch.delenv("FPA_STORAGE")
    status, _, err = fpa("check")
    assert status == 2
    assert "FPA_STORAGE is not set" in err


def test_money_without_a_rate_is_named_and_left_out(storage: Storage, fpa: Fpa) -> None:
    payment = PAYMENT | {"currency": "ZMW", "amount": "250"}
    storage({**agreement_files(), "inbox/C1/bb/report.zip": submission(activities=[ACTIVITY], indicators=[NUMBER], expenditure=[payment])})
    status, out, _ = fpa("report", "C1")
    assert status == 1
    assert "no rate for ZMW in 2019-03: 250 ZMW (1 rows) left out" in out


def test_a_late_file_is_let_in_by_the_operator_only(storage: Storage, fpa: Fpa) -> None:
    root = storage({**agreement_files(due="2019-07-31T18:00"), "inbox/C1/bb/report.zip": clean()})
    assert fpa("collect", "C1")[0] == 1
    assert [(row["rule"], row["severity"]) for row in findings(root, "bb")] == [("submission.too-late", "reject")]
    fpa("report", "C1")
    assert figures(root) == []
    fpa("report", "C1", "--include-late")
    rows = list(csv.DictReader((root / "reports/C1/v0002/data/indicators.csv").open(encoding="utf-8", newline="")))
    assert {row["value"] for row in rows} == {"5"}


def test_status_knows_a_file_that_was_sent_twice(storage: Storage, fpa: Fpa) -> None:
    storage({**agreement_files(), "inbox/C1/bb/a.zip": clean(), "inbox/C1/bb/b.zip": clean()})
    fpa("collect", "C1")
    _, out, _ = fpa("status", "C1")
    assert "on time; 2 file(s), last b.zip" in out
    assert "no findings" in out


def test_a_rejected_newer_file_never_displaces_a_good_one(storage: Storage, fpa: Fpa) -> None:
    root = storage({**agreement_files(), "inbox/C1/bb/a.zip": clean()})
    assert fpa("collect", "C1")[0] == 1  # the others are missing
    (root / "inbox/C1/bb/z.xlsx").write_bytes(b"broken")
    fpa("report", "C1")
    total = next(row for row in figures(root) if row["level"] == "network")
    assert total["value"] == "5"
    states = list(csv.DictReader((root / "reports/C1/v0001/data/members.csv").open(encoding="utf-8", newline="")))
    assert {row["member"]: row["state"] for row in states} == {"aa": "missing", "bb": "on time", "cc": "missing", "dd": "missing"}


HOSTILE = ["<script>alert(1)</script>", "{{ 7*7 }}", '<img src="file:///etc/passwd">', "=cmd|' /C calc'!A0", "\u202egnp.exe", "x" * 20_000]


def test_what_members_type_is_printed_as_text_and_nothing_is_fetched(storage: Storage, fpa: Fpa) -> None:
    from pypdf import PdfReader

    rows = [ACTIVITY | {"activity": f"A{i}", "title": text, "deviation": text, "type": "other"} for i, text in enumerate(HOSTILE)]
    root = storage({**agreement_files(), "inbox/C1/bb/report.zip": submission(activities=rows, indicators=[NUMBER | {"comment": HOSTILE[3]}])})
    status, _, err = fpa("report", "C1")
    assert status == 1, err
    text = "\n".join(page.extract_text() for page in PdfReader(root / "reports/C1/v0001/report.en.pdf").pages)
    for printed in ("<script>alert(1)</script>", "{{ 7*7 }}", "file:///etc/passwd", "calc"):
        assert printed in text.replace("\n", " ")
    assert "root:" not in text
    titles = [row["title"] for row in csv.DictReader((root / "reports/C1/v0001/data/activities.csv").open(encoding="utf-8", newline=""))]
    assert titles[3] == "'" + HOSTILE[3]
