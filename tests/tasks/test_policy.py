"""A member writes into its own inbox and reads its own workbooks and answers, and nothing else: tried out on a real S3 server, every action on every kind of key."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks.faults import OperatorFault
from tasks.policy import LARGEST, as_text, bucket_policy, member_policy
from tasks.store import StoreError, open_store
from tests import s3server
from tests.builders import agreement_files, small_agreement
from tests.conftest import S3Url

PRINCIPAL = "arn:aws:iam::123456789012:user/fpa-{member}"
CYCLES = ("C1", "C2")
KEYS = (
    "agreement/members.csv", "desk/C1/reviews.csv", "desk/C1/aa/x", "texts/C1/en/summary.md", "quality/C1/index.html", "mail/C1/aa/question.eml",
    "reports/C1/v0001/report.en.pdf", "reports/C1/aa/x", "inbox/C1/aa", "inbox/aa/x", "inbox/C1/stray.xlsx", "inbox/C3/aa/report.xlsx",
    "inbox/C1/bb/report.xlsx", "inbox/C1/bb/aa/report.xlsx", "inbox/C1/bb/inbox/C1/aa/report.xlsx", "inbox/C1/aab/report.xlsx", "inbox/C1/aa-b/report.xlsx",
    "workbooks/C1/bb.xlsx", "workbooks/C1/bb.finance.xlsx", "workbooks/C1/bb.guide.html", "workbooks/C1/aa-b.xlsx", "workbooks/C1/aab.xlsx", "workbooks/C1/bb/aa.xlsx",
    "feedback/C1/bb/1/summary.html", "feedback/C1/bb/aa/summary.html", "feedback/C1/aa-b/1/summary.html", "feedback/C1/aa",
)  # fmt: skip
"""None of them is any of aa's business."""
OWN_INBOX = ("inbox/C1/aa/report.xlsx", "inbox/C2/aa/evidence/list of those who came.jpg", "inbox/C1/aa/2020 été*?.xlsx")
OWN_PAGES = (
    "workbooks/C1/aa.xlsx", "workbooks/C1/aa.programme.xlsx", "workbooks/C2/aa.finance.xlsx", "workbooks/C1/aa.guide.html",
    "feedback/C1/aa/6bf19fed1c93/summary.html", "feedback/C2/aa/6bf19fed1c93/marked.xlsx",
)  # fmt: skip

Action = Callable[[Any, str, str], Any]
ON_OBJECTS: dict[str, Action] = {
    "put": lambda s3, bucket, key: s3.put_object(Bucket=bucket, Key=key, Body=b"put"),
    "put in parts": lambda s3, bucket, key: s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]),
    "get": lambda s3, bucket, key: s3.get_object(Bucket=bucket, Key=key)["Body"].read(),
    "head": lambda s3, bucket, key: s3.head_object(Bucket=bucket, Key=key),
    "copy it to the own inbox": lambda s3, bucket, key: s3.copy_object(Bucket=bucket, Key="network/inbox/C1/aa/copy", CopySource={"Bucket": bucket, "Key": key}),
    "read its rights": lambda s3, bucket, key: s3.get_object_acl(Bucket=bucket, Key=key),
    "give rights": lambda s3, bucket, key: s3.put_object_acl(Bucket=bucket, Key=key, ACL="public-read"),
    "delete": lambda s3, bucket, key: s3.delete_object(Bucket=bucket, Key=key),
    "list what begins so": lambda s3, bucket, key: s3.list_objects_v2(Bucket=bucket, Prefix=key),
}
ON_BUCKET: dict[str, Action] = {
    "list all": lambda s3, bucket, _: s3.list_objects_v2(Bucket=bucket),
    "list all inboxes": lambda s3, bucket, _: s3.list_objects_v2(Bucket=bucket, Prefix="network/inbox/", Delimiter="/"),
    "list members": lambda s3, bucket, _: s3.list_objects_v2(Bucket=bucket, Prefix="network/inbox/C1/", Delimiter="/"),
    "list a beginning of its code": lambda s3, bucket, _: s3.list_objects_v2(Bucket=bucket, Prefix="network/feedback/C1/a"),
    "list its code and more": lambda s3, bucket, _: s3.list_objects_v2(Bucket=bucket, Prefix="network/feedback/C1/aa"),
    "list versions": lambda s3, bucket, _: s3.list_object_versions(Bucket=bucket),
    "read the policy": lambda s3, bucket, _: s3.get_bucket_policy(Bucket=bucket),
    "change the policy": lambda s3, bucket, _: s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": []})),
    "delete the policy": lambda s3, bucket, _: s3.delete_bucket_policy(Bucket=bucket),
    "end versions": lambda s3, bucket, _: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}),
    "delete the bucket": lambda s3, bucket, _: s3.delete_bucket(Bucket=bucket),
}


@dataclass(frozen=True)
class World:
    """A versioned bucket under the policy, with an object at every key."""

    url: str
    owner: Any
    client: Callable[..., Any]
    """By user ("aa", "operator") and scheme."""
    environment: Callable[[str], dict[str, str]]

    @property
    def bucket(self) -> str:
        return self.url.split("/")[2]


@pytest.fixture
def world(s3_url: S3Url, s3_server: tuple[str, str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    import boto3

    http, https, trusted = s3_server
    url = s3_url("https")
    monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")  # the server takes no trailing checksums
    bucket, run = url.split("/")[2], uuid.uuid4().hex[:8]
    keys = {name: s3server.create_user(trusted, f"{run}-{name}") for name in ("aa", "bb", "operator", "stranger")}

    def client(name: str, scheme: str = "https") -> Any:
        access, secret = keys[name]
        return boto3.client("s3", aws_access_key_id=access, aws_secret_access_key=secret, endpoint_url=https if scheme == "https" else http)

    def environment(name: str) -> dict[str, str]:
        return dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), keys[name], strict=True))

    owner = boto3.client("s3")
    owner.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in (*KEYS, *OWN_INBOX, *OWN_PAGES):
        owner.put_object(Bucket=bucket, Key=f"network/{key}", Body=key.encode())
    policy = bucket_policy(url, small_agreement(), f"arn:aws:iam:::user/{run}-{{member}}", [f"arn:aws:iam:::user/{run}-operator", "arn:aws:iam:::user/main"], CYCLES)
    owner.put_bucket_policy(Bucket=bucket, Policy=as_text(policy))
    yield World(url, owner, client, environment)


def is_allowed(action: Action, s3: Any, bucket: str, key: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        action(s3, bucket, key)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, error
        return False
    return True


def allowed(s3: Any, world: World, keys: tuple[str, ...], actions: dict[str, Action] = ON_OBJECTS) -> set[tuple[str, str]]:
    return {(name, key) for key in keys for name, action in actions.items() if is_allowed(action, s3, world.bucket, f"network/{key}")}


def test_a_member_writes_into_its_inbox_and_reads_its_workbooks_and_answers_and_nothing_else(world: World) -> None:
    s3 = world.client("aa")
    assert allowed(s3, world, OWN_INBOX) == {(action, key) for action in ("put", "put in parts", "list what begins so") for key in OWN_INBOX}
    assert allowed(s3, world, OWN_PAGES) == {(action, key) for action in ("get", "head", "copy it to the own inbox", "list what begins so") for key in OWN_PAGES}
    assert allowed(s3, world, KEYS) == set()
    assert allowed(s3, world, ("",), ON_BUCKET) == set()
    for folder in ("inbox/C1/aa/", "feedback/C1/aa/", "workbooks/C1/aa."):
        assert s3.list_objects_v2(Bucket=world.bucket, Prefix=f"network/{folder}")["KeyCount"]


def test_a_member_cannot_publish_what_it_sends(world: World) -> None:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    key = {"Bucket": world.bucket, "Key": "network/inbox/C1/aa/public.xlsx"}
    for acl in ("public-read", "public-read-write", "authenticated-read"):
        assert not is_allowed(lambda s3, *_, acl=acl: s3.put_object(**key, Body=b"x", ACL=acl), world.client("aa"), "", "")  # type: ignore[misc]
    world.client("aa").put_object(**key, Body=b"x")
    assert not is_allowed(lambda s3, *_: s3.get_object(**key), boto3.client("s3", config=Config(signature_version=UNSIGNED)), "", "")


def test_who_is_no_member_has_no_right_at_all(world: World) -> None:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    for s3 in (world.client("stranger"), boto3.client("s3", config=Config(signature_version=UNSIGNED))):
        assert allowed(s3, world, (*KEYS, *OWN_INBOX, *OWN_PAGES)) == set()
        assert allowed(s3, world, ("",), ON_BUCKET) == set()


def test_without_encryption_on_the_way_nobody_is_let_in(world: World) -> None:
    for name in ("aa", "operator"):
        assert allowed(world.client(name, "http"), world, (*OWN_INBOX, *OWN_PAGES)) == set()


def test_what_a_member_replaces_can_be_had_back(world: World) -> None:
    key = f"network/{OWN_INBOX[0]}"
    world.client("aa").put_object(Bucket=world.bucket, Key=key, Body=b"newer")
    versions = world.owner.list_object_versions(Bucket=world.bucket, Prefix=key)["Versions"]
    assert [world.owner.get_object(Bucket=world.bucket, Key=key, VersionId=version["VersionId"])["Body"].read() for version in versions] == [b"newer", OWN_INBOX[0].encode()]


def test_an_operator_does_the_work_but_removes_no_version_and_gives_no_rights(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in world.environment("operator").items():
        monkeypatch.setenv(name, value)
    store = open_store(world.url)
    store.write("reports/C1/v0002/report.en.pdf", b"%PDF")
    store.write_once("reports/C1/v0002/manifest.json", b"{}")
    assert store.read("inbox/C1/bb/report.xlsx") == b"inbox/C1/bb/report.xlsx"
    assert {info.key for info in store.list("")} >= {*KEYS, *OWN_INBOX, *OWN_PAGES}
    store.delete("reports/C1/v0002/manifest.json")
    s3 = world.client("operator")
    assert allowed(s3, world, ("",), ON_BUCKET) == {(action, "") for action in ON_BUCKET if action.startswith("list")}
    remove: dict[str, Action] = {}
    for version in world.owner.list_object_versions(Bucket=world.bucket, Prefix="network/reports/")["Versions"]:
        remove[version["VersionId"]] = lambda s3, bucket, _, version=version: s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])  # type: ignore[misc]
    assert len(remove) > 2 and allowed(s3, world, ("",), remove) == set()
    assert not is_allowed(ON_OBJECTS["give rights"], s3, world.bucket, f"network/{KEYS[0]}")


def test_the_program_says_to_whom_the_store_is_closed_in_one_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in world.environment("aa").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match=r"access is denied; give the key in use the right"):
        open_store(world.url).read("inbox/C1/bb/report.xlsx")


# --- without a server -------------------------------------------------------------------------------------------------


def test_rights_of_one_member_are_those_it_has_in_the_bucket_policy() -> None:
    whole = bucket_policy("s3://b/p", small_agreement(), PRINCIPAL, (), CYCLES)["Statement"][1:]
    of_aa = [{name: said for name, said in statement.items() if name != "Principal"} for statement in whole if PRINCIPAL.format(member="aa") in statement["Principal"]["AWS"]]
    assert member_policy("s3://b/p", "aa", CYCLES)["Statement"] == of_aa


def test_what_makes_no_policy_is_said() -> None:
    with pytest.raises(OperatorFault, match="is a directory"):
        member_policy("/data/network", "aa", CYCLES)
    with pytest.raises(OperatorFault, match="names the same account for all members"):
        bucket_policy("s3://b", small_agreement(), "arn:aws:iam::1:user/all", (), CYCLES)
    many = member_policy("s3://b", "aa", [f"C{number}" for number in range(200)])
    with pytest.raises(OperatorFault, match=r"servers take 20,480: name fewer cycles"):
        as_text(many)
    few = member_policy("s3://b", "aa", [f"C{number}" for number in range(50)])
    assert len(json.dumps(few, indent=1)) > 9_000 and json.loads(as_text(few, 9_000)) == few and len(as_text(few)) <= LARGEST


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, s3_url: S3Url) -> None:
    from flows.__main__ import main

    url = s3_url("http")
    monkeypatch.setenv("FPA_STORAGE", url)
    store = open_store(url)
    for key, content in agreement_files().items():
        store.write(key, content)

    def policy(*arguments: str) -> tuple[Any, str]:
        monkeypatch.setattr("sys.argv", ["fpa", "policy", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return (json.loads(out) if not ended.value.code else ended.value.code), err

    of_aa, _ = policy("--member", "aa", "--cycle", "c1")
    assert of_aa == member_policy(url, "aa", ["C1"])
    whole, _ = policy("--principal", PRINCIPAL, "--operator", "arn:aws:iam::123456789012:user/fpa")
    assert whole == bucket_policy(url, small_agreement(), PRINCIPAL, ["arn:aws:iam::123456789012:user/fpa"], [cycle.code for cycle in small_agreement().cycles])
    for arguments, said in ((("--member", "zz"), "There is no member 'zz'"), ((), "Say what members' accounts are called"), (("--cycle", "C9", "--member", "aa"), "There is no cycle 'C9'")):
        code, err = policy(*arguments)
        assert code == 2 and said in err
