"""The coordination's forms: what each writes, what it refuses, and that two at once lose nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from domain.agreement_files import EXTENSIONS, read_agreement
from domain.completeness import counting_keys, due_dates, member_states
from domain.desk import to_do
from flows.accept_submission import accept_submission
from flows.collect_submissions import collect_submissions
from flows.deposit_submission import deposit_submission
from flows.extend_deadline import extend_deadline
from flows.record_exchange import record_exchange
from flows.return_submission import return_submission
from tasks import desk as forms
from tasks.collect import check_agreement, load_agreement, read_inbox
from tasks.deliver import deliver
from tasks.faults import OperatorFault
from tasks.profiles import load_profile
from tasks.store import Store, StoreError, open_store
from tasks.validate import judge
from tests.builders import MEMBERS, agreement_files, clean
from tests.conftest import S3Url

Storage = Callable[[Mapping[str, bytes]], Path]
DUE = "2019-07-31T18:00"
MAILED = clean("bb", cover={"decimal": "."})
BY = {"by": "Ann Officer"}


@pytest.fixture
def root(storage: Storage) -> Path:
    """A network whose first cycle is over: whatever comes into the inbox today is too late."""
    return storage(agreement_files(due=DUE) | {"desk/C1/mail/report.zip": MAILED})


def outcome(state: Any) -> Any:
    assert state.is_completed(), state.message
    return state.result()


def refusal(state: Any) -> str:
    assert state.is_failed()
    assert "Traceback" not in state.message
    return str(state.message)


def table(root: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((root / f"desk/C1/{name}.csv").read_text(encoding="utf-8-sig"))))


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


# --- deposit-submission -----------------------------------------------------------------------------------------------


def deposited(received_on: Any = "2019-07-31T17:30", file: str = "report.zip", member: str = "bb") -> Any:
    return deposit_submission("C1", member, file, received_on, "No internet in July", **BY, return_state=True)


def test_a_mail_that_came_on_time_is_on_time(root: Path) -> None:
    done = outcome(deposited())
    assert done.needs_person == [] and "inbox/C1/bb/report.zip lies in the inbox, received 2019-07-31 17:30: on time" in done.done[0]
    assert (root / "inbox/C1/bb/report.zip").read_bytes() == MAILED == (root / "desk/C1/mail/report.zip").read_bytes()
    row, = table(root, "deposits")
    assert (row["member"], row["file"], row["received_on"], row["reason"], row["by"]) == ("bb", "report.zip", "2019-07-31 17:30", "No internet in July", "Ann Officer")
    receipt = json.loads((root / f"feedback/C1/bb/{row['submission']}/receipt.json").read_bytes())
    assert receipt["received_at"] == "2019-07-31T15:30:00Z" and receipt["key"] == "inbox/C1/bb/report.zip"
    assert "1 on time" in outcome(collect_submissions("C1", return_state=True)).done[0]
    assert json.loads((root / f"feedback/C1/bb/{row['submission']}/receipt.json").read_bytes()) == receipt, "collecting leaves the receipt as it is"
    before = files(root)
    assert "was deposited before" in outcome(deposited()).done[0]
    assert files(root) == before, "the same form says nothing twice"


@pytest.mark.parametrize(
    ("received_on", "at", "arrived"),
    [
        (datetime(2019, 7, 31, 18, 0), "2019-07-31T16:00:00Z", "on time"),
        (datetime(2019, 7, 31, 16, 0, tzinfo=UTC), "2019-07-31T16:00:00Z", "on time"),
        ("2019-07-31T18:00:01+02:00", "2019-07-31T16:00:01Z", "late"),
        ("2019-07-31", "2019-07-30T22:00:00Z", "on time"),
        ("2019-08-10T18:01", "2019-08-10T16:01:00Z", "too late"),
    ],
    ids=str,
)
def test_the_mails_own_time_is_the_arrival_local_unless_it_says_otherwise(root: Path, received_on: Any, at: str, arrived: str) -> None:
    done = outcome(deposited(received_on))
    assert f": {arrived};" in done.done[0]
    assert [line.partition(":")[0] for line in done.needs_person] == (["it arrived too late"] if arrived == "too late" else [])
    receipt, = (root / "feedback/C1/bb").glob("*/receipt.json")
    assert json.loads(receipt.read_bytes())["received_at"] == at


def test_nothing_in_the_inbox_is_replaced(root: Path) -> None:
    own = root / "inbox/C1/bb/report.zip"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"the member's own")
    outcome(deposited())
    row, = table(root, "deposits")
    assert own.read_bytes() == b"the member's own"
    assert (root / f"inbox/C1/bb/report-{row['submission']}.zip").read_bytes() == MAILED and row["file"] == f"report-{row['submission']}.zip"


def test_what_was_received_already_keeps_its_receipt(root: Path) -> None:
    inbox = root / "inbox/C1/bb/sent.zip"
    inbox.parent.mkdir(parents=True)
    inbox.write_bytes(MAILED)
    os.utime(inbox, (1_566_000_000, 1_566_000_000))  # 17 August 2019
    outcome(collect_submissions("C1", return_state=True))
    before = files(root)
    assert "was received already, at 2019-08-17T00:00:00Z as inbox/C1/bb/sent.zip" in refusal(deposited())
    assert files(root) == before


def test_a_form_that_was_cut_off_is_finished_by_sending_it_again(root: Path) -> None:
    before = files(root)
    outcome(deposited())
    done = files(root)
    (root / "desk/C1/deposits.csv").unlink()
    (root / "inbox/C1/bb/report.zip").unlink()
    assert files(root).keys() > before.keys(), "its receipt was written first"
    outcome(deposited())
    assert files(root) == done


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"file": "other.zip"}, "There is no file 'other.zip' in .*desk/C1/mail; there lie: .*report.zip"),
        ({"file": "../../../agreement/agreement.yaml"}, "There is no file"),
        ({"file": "photo.jpg"}, "'photo.jpg' is no submission"),
        ({"member": "zz"}, "There is no member 'zz' in agreement/members.csv; its codes are aa, bb, cc, dd."),
        ({"received_on": datetime.now() + timedelta(days=2)}, "lies ahead"),
        ({"received_on": "2018-07-31T10:00"}, "2018-07-31 lies before C1 began"),
    ],
    ids=["no such file", "another folder", "no submission", "no such member", "ahead", "long ago"],
)
def test_what_cannot_be_deposited_is_one_sentence_and_changes_nothing(root: Path, given: dict[str, Any], said: str) -> None:
    (root / "desk/C1/mail/photo.jpg").write_bytes(b"x")
    before = files(root)
    message = refusal(deposited(**given))
    assert len(message.splitlines()) == 1
    assert re.search(said, message), message
    assert files(root) == before


# --- extend-deadline --------------------------------------------------------------------------------------------------


def extended(until: Any = date(2019, 8, 20), member: str = "bb", reason: str = "Floods") -> Any:
    return extend_deadline("C1", member, until, reason, **BY, return_state=True)


def test_a_longer_deadline_holds_to_the_end_of_its_day(root: Path) -> None:
    assert "bb has until the end of 2019-08-20 in C1 instead of 2019-07-31 18:00" in outcome(extended(member=" BB ")).done[0]
    assert table(root, "extensions") == [{"member": "bb", "due": "2019-08-20", "reason": "Floods", "by": "Ann Officer"}]
    assert "on time" in outcome(deposited("2019-08-20T23:59")).done[0]
    assert "bb has until 2019-08-20 already: Floods (Ann Officer)" in outcome(extended(reason="Again")).done[0]
    assert "2019-08-20 23:59 in C1 already; choose a later day than 2019-08-12." in refusal(extended(date(2019, 8, 12)))
    outcome(extended(date(2019, 8, 25)))
    agreement = check_agreement(open_store(str(root)))[0]
    assert agreement is not None and due_dates(agreement, "bb", "C1")[0].date() == date(2019, 8, 25), "of several the longest"
    assert len(table(root, "extensions")) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"member": "zz"}, "There is no member 'zz'"), ({"until": date(2019, 7, 30)}, "choose a later day than 2019-07-30"),
        ({"reason": " \t  "}, "The field reason is empty"), ({"until": "soon"}, "until: Input should be a valid date"), ({"reason": ""}, "reason: String should have at least 3"),
    ],
    ids=["no such member", "no longer", "blank reason", "no date", "no reason"],
)  # fmt: skip
def test_what_extends_nothing_is_refused(root: Path, given: dict[str, Any], said: str) -> None:
    before = files(root)
    assert said in refusal(extended(**given))
    assert files(root) == before


def test_an_unknown_cycle_names_those_there_are(root: Path) -> None:
    assert "its cycles are C1, C2, C3" in refusal(extend_deadline("C9", "bb", date(2019, 8, 20), "Floods", **BY, return_state=True))


def test_what_an_officer_wrote_by_hand_stays(storage: Storage) -> None:
    by_hand = "by;seen;due;reason;member\r\nBo;yes;12/08/2019 18:00;Décès;cc\r\n".encode("windows-1252")
    root = storage(agreement_files(due=DUE) | {"desk/C1/extensions.csv": by_hand})
    outcome(extended(reason="Inondations à Tété; ponts coupés"))
    assert (root / "desk/C1/extensions.csv").read_bytes() == by_hand + 'Ann Officer;;2019-08-20;"Inondations à Tété; ponts coupés";bb\r\n'.encode("windows-1252")


# --- return-submission ------------------------------------------------------------------------------------------------


def test_a_question_is_asked_once_about_the_newest_file_and_a_newer_one_answers_it(root: Path) -> None:
    def returned(question: str = "Which school?", reply_by: date = date(2099, 8, 5), submission: str = "") -> Any:
        return return_submission("C1", "bb", question, reply_by, "Ann Officer", submission, return_state=True)

    assert "bb has no submission in C1 that was collected; run collect-submissions first." in refusal(returned())
    outcome(deposited())
    first = table(root, "deposits")[0]["submission"]
    (root / "desk/C1/mail/second.zip").write_bytes(clean("bb", cover={"decimal": ".", "prepared_by": "Bo"}))
    outcome(deposited("2019-07-31T17:45", "second.zip"))
    second = table(root, "deposits")[1]["submission"]
    assert f"bb is asked about second.zip ({second})" in outcome(returned()).done[0]
    assert "bb was asked about second.zip" in outcome(returned()).done[0]
    assert f"bb is asked about report.zip ({first})" in outcome(returned(submission=f" {first.upper()} ")).done[0]
    assert table(root, "reviews") == [
        {"member": "bb", "submission": each, "decision": "returned", "question": "Which school?", "reply_by": "2099-08-05", "by": "Ann Officer"} for each in (second, first)
    ]
    assert f"bb has no submission 'abc' in C1; it has {', '.join(sorted((first, second)))}" in refusal(returned(submission="abc"))
    assert "2019-08-05 is over" in refusal(returned(reply_by=date(2019, 8, 5)))
    assert "The field question is empty" in refusal(returned("   "))
    assert len(table(root, "reviews")) == 2


def test_a_question_is_mailed_once_in_the_member_s_language(storage: Storage) -> None:
    members = MEMBERS.replace('cc,Gamma,SN,fr,",",,', 'cc,Gamma,SN,fr,",",cc@example.org,').replace("BE,en,.,,coordinator", "BE,en,.,desk@example.org,coordinator")
    root = storage(agreement_files(due="2099-07-31T18:00", members=members) | {"inbox/C1/cc/rapport.zip": clean("cc"), "inbox/C1/bb/a.zip": clean("bb")})
    collect_submissions("C1")
    for _ in range(2):
        done = outcome(return_submission("C1", "cc", "Quelle école ?", date(2099, 8, 5), "Ann Officer", return_state=True))
    letter, = (root / "mail/C1/cc").glob("question-*.eml")
    mail = message_from_bytes(letter.read_bytes(), policy=policy.default)
    text = mail.get_body().get_content()
    assert mail["To"] == "cc@example.org" and "une question sur votre rapport pour C1" in mail["Subject"]
    assert "Quelle école ?" in text and "5\u00a0août\u00a02099" in text and "inbox/C1/cc" in text and "{" not in text
    assert "or was asked this before" in done.done[-1]
    assert "no mail was sent: bb has no address" in outcome(return_submission("C1", "bb", "Which?", date(2099, 8, 5), "Ann Officer", return_state=True)).done[-1]


def test_an_answer_that_is_accepted_is_on_no_list(root: Path) -> None:
    outcome(deposited())
    outcome(return_submission("C1", "bb", "Which school?", date(2099, 8, 5), "Ann Officer", return_state=True))
    (root / "desk/C1/mail/second.zip").write_bytes(clean("bb", cover={"decimal": ".", "prepared_by": "Bo"}))
    outcome(deposited("2019-07-31T17:45", "second.zip"))

    def questions() -> list[str]:
        store = open_store(str(root))
        agreement = load_agreement(store).agreement
        inbox = read_inbox(store, agreement, ["C1"], include_late=True)
        states = member_states(agreement, ["C1"], inbox.submissions, judge(agreement, inbox.submissions, counting_keys(inbox.submissions), frozenset(), frozenset()))
        lines = to_do(agreement, load_profile("prag-2018"), "C1", states, date(2019, 8, 1), submissions=inbox.submissions)
        return [line.kind for line in lines if "Which school?" in line.sentence]

    assert questions() == ["answered"]
    first, second = (row["submission"] for row in table(root, "deposits"))
    assert f"bb: second.zip ({second}) is accepted" in outcome(accept_submission("C1", "bb", "Ann Officer", note="by phone", return_state=True)).done[0]
    assert questions() == []
    assert [(row["submission"], row["decision"]) for row in table(root, "reviews")] == [(first, "returned"), (second, "accepted"), (first, "accepted")]
    assert "was accepted" in outcome(accept_submission("C1", "bb", "Ann Officer", note="by phone", return_state=True)).done[0]
    assert "bb has no submission 'abc' in C1" in refusal(accept_submission("C1", "bb", "Ann Officer", "abc", return_state=True))


# --- record-exchange --------------------------------------------------------------------------------------------------


def test_what_passes_between_the_network_and_the_eu_is_recorded_for_a_delivered_version(root: Path) -> None:
    def recorded(event: str, day: date = date(2019, 8, 29), note: str = "", version: str = "") -> Any:
        return record_exchange("C1", event, day, note, version, return_state=True)  # type: ignore[arg-type]

    assert "No report of C1 is delivered yet" in refusal(recorded("sent"))
    store = open_store(str(root))
    for text in (b"one", b"two"):
        deliver(store, {"cycle": "C1", "made of": text.decode()}, {"report.en.pdf": text})
    assert outcome(recorded("sent", version="V0001")).done == ["v0001 of the report of C1: sent on 2019-08-29"]
    assert "as was said before" in outcome(recorded("sent", version="v0001")).done[0]
    asked = outcome(recorded("questions", date(2019, 9, 2), "=Why so few women?"))
    assert asked.done == ["v0002 of the report of C1: questions on 2019-09-02; to be answered by 2019-10-02"]
    assert [list(row.values()) for row in table(root, "exchange")] == [["v0001", "2019-08-29", "sent", ""], ["v0002", "2019-09-02", "questions", "'=Why so few women?"]]
    assert "There is no version 'v0007' of the report of C1; delivered are v0001, v0002." in refusal(recorded("paid", version="v0007"))
    assert "it lies ahead" in refusal(recorded("paid", datetime.now().date() + timedelta(days=2)))
    assert "before the cycle began" in refusal(recorded("paid", date(2018, 12, 31)))
    assert "The field note is empty" in refusal(recorded("disallowed"))
    assert "event: Input should be 'sent', 'questions'" in refusal(recorded("lost"))
    assert len(table(root, "exchange")) == 2
    agreement, problems, _ = check_agreement(store)
    assert agreement is not None, problems
    lines = to_do(agreement, load_profile("prag-2018"), "C1", [], date(2019, 9, 30))
    assert [line.sentence for line in lines] == ["The EU asked about v0002 of the report of C1: answer by 2 October 2019 (2 days left). '=Why so few women?"]


# --- several at once --------------------------------------------------------------------------------------------------


@pytest.fixture(params=["directory", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "directory":
        yield str(tmp_path / "root")
    else:
        s3_url: S3Url = request.getfixturevalue("s3_url")
        yield s3_url("http")


def row(number: int) -> dict[str, str]:
    return {"member": "bb", "due": f"2019-08-{number:02d}", "reason": f"Reason {number}", "by": "Ann"}


def test_forms_sent_at_once_lose_nothing_and_say_nothing_twice(url: str) -> None:
    key = "desk/C1/extensions.csv"

    def send(number: int) -> bool:
        return forms.add_row(open_store(url), key, EXTENSIONS, row(number % 8 + 1))

    with ThreadPoolExecutor(16) as pool:
        new = list(pool.map(send, range(16)))
    assert sorted(new) == [False] * 8 + [True] * 8
    store = open_store(url)
    written = list(csv.DictReader(io.StringIO(store.read(key).decode())))
    assert sorted(entry["reason"] for entry in written) == [f"Reason {number}" for number in range(1, 9)]
    assert [info.key for info in store.list("desk/")] == [key], "no note is left"
    agreement, problems = read_agreement(agreement_files() | {key: store.read(key)})
    assert agreement is not None, problems


def test_a_form_waits_while_another_writes_and_gives_up_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store: Store = open_store(str(tmp_path))
    store.write("desk/C1/extensions.csv.being-written", b"somebody else\n")
    monkeypatch.setattr(forms, "WAIT_SECONDS", 0.2)
    with pytest.raises(StoreError, match="is being written by somebody else all the time"):
        forms.add_row(store, "desk/C1/extensions.csv", EXTENSIONS, row(1))
    assert [info.key for info in store.list("desk/")] == ["desk/C1/extensions.csv.being-written"]


def test_the_note_of_a_run_that_was_cut_off_is_taken_away(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.write("desk/C1/extensions.csv.being-written", b"a run that is gone\n")
    long_ago = time.time() - forms.LEFT_BEHIND.total_seconds() - 1
    os.utime(tmp_path / "desk/C1/extensions.csv.being-written", (long_ago, long_ago))
    assert forms.add_row(store, "desk/C1/extensions.csv", EXTENSIONS, row(1))
    assert [info.key for info in store.list("desk/")] == ["desk/C1/extensions.csv"]


def test_the_note_of_a_form_that_cannot_be_written_is_taken_away(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.write("desk/C1/extensions.csv", b"member,until\nbb,2019-08-01\n")
    with pytest.raises(OperatorFault, match=r"Nothing was written: desk/C1/extensions\.csv, row 1, column by: the column is missing"):
        forms.add_row(store, "desk/C1/extensions.csv", EXTENSIONS, row(1))
    assert [info.key for info in store.list("desk/")] == ["desk/C1/extensions.csv"]


# --- the forms themselves ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [deposit_submission, extend_deadline, return_submission, accept_submission, record_exchange], ids=lambda form: form.name)
def test_every_field_of_a_form_is_explained_and_guarded(form: Any) -> None:
    properties = form.parameters.properties
    assert all(entry.get("description") for entry in properties.values())
    assert next(iter(properties)) == "cycle"
    texts = {name for name in form.parameters.required if properties[name].get("type") == "string" and "format" not in properties[name]} - {"cycle", "member"}
    assert all(properties[name].get("minLength") for name in texts)


@pytest.mark.parametrize(
    ("form", "filled"),
    [
        (extend_deadline, {"member": "bb", "until": "2019-08-20", "reason": "Floods", "by": "Ann Officer"}),
        (deposit_submission, {"member": "bb", "file": "report.zip", "received_on": "2019-07-31T17:30:00+02:00", "reason": "No internet", "by": "Ann Officer"}),
        (return_submission, {"member": "bb", "question": "Which school?", "reply_by": "2019-08-05", "by": "Ann Officer"}),
        (accept_submission, {"member": "bb", "by": "Ann Officer"}),
        (record_exchange, {"event": "sent", "day": "2019-08-29"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)  # fmt: skip
def test_the_server_refuses_a_form_with_an_empty_field_and_takes_a_filled_one(form: Any, filled: dict[str, str]) -> None:
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError

    made = form.to_deployment(name="form").apply()
    with get_client(sync_client=True) as client:
        for name in filled:
            for wrong in ({key: value for key, value in filled.items() if key != name}, filled | {name: ""}):
                if wrong.get(name) == "" and name in ("member", "until", "received_on", "reply_by", "day"):
                    continue  # the run itself says so
                with pytest.raises(PrefectHTTPStatusError, match="409"):
                    client.create_flow_run_from_deployment(made, parameters={"cycle": "C1"} | wrong)
        assert client.create_flow_run_from_deployment(made, parameters={"cycle": "C1"} | filled).parameters == {"cycle": "C1"} | filled


def test_every_form_on_s3(s3_url: S3Url, monkeypatch: pytest.MonkeyPatch) -> None:
    url = s3_url("https")
    monkeypatch.setenv("FPA_STORAGE", url)
    store = open_store(url)
    for key, content in (agreement_files(due=DUE) | {"desk/C1/mail/report.zip": MAILED}).items():
        store.write(key, content)
    deliver(store, {"cycle": "C1"}, {"report.en.pdf": b"one"})
    assert ": on time;" in outcome(deposited()).done[0]
    outcome(extended())
    outcome(return_submission("C1", "bb", "Which school?", date(2099, 8, 5), "Ann Officer", return_state=True))
    outcome(record_exchange("C1", forms.Event.sent, date(2019, 8, 29), return_state=True))
    keys = {info.key for info in store.list("desk/")}
    assert keys == {f"desk/C1/{name}.csv" for name in ("deposits", "extensions", "reviews", "exchange")} | {"desk/C1/mail/report.zip"}
    agreement, problems, _ = check_agreement(store)
    assert agreement is not None, problems
    assert [len(each["C1"]) for each in (agreement.extensions, agreement.reviews, agreement.exchange)] == [1, 1, 1]
