"""Who may do what with the objects of an S3 store, as a bucket policy: a member sends files into its own inbox and reads its own workbooks and answers, nothing
else; operators do the work; nobody without encryption on the way.

A `*` of a policy stands for slashes too (`inbox/*/aa/*` would let aa into `inbox/C1/bb/aa/`), so cycles are named one by one. Member codes hold no full stop,
so that `workbooks/C1/aa.*` is only aa's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.agreement import Agreement
from tasks.faults import OperatorFault

LARGEST = 20 * 1024
"""Bytes that Amazon S3 and Ceph take as a bucket's policy."""
VERSION = "2012-10-17"
MEMBERS_SEND = ("s3:PutObject", "s3:AbortMultipartUpload")
OWNERS_MAY = (
    "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAcl", "s3:GetObjectVersionAcl", "s3:GetObjectTagging", "s3:PutObjectAcl", "s3:PutObjectVersionAcl",
    "s3:PutObjectTagging", "s3:PutObjectRetention", "s3:PutObjectLegalHold", "s3:DeleteObject", "s3:DeleteObjectVersion",
)  # fmt: skip
"""What an account may do with an object that it owns, beyond putting it."""
OPERATORS_MAY = ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObjectVersion", "s3:PutObjectRetention", "s3:GetObjectRetention")
"""Not s3:DeleteObjectVersion: what was replaced or deleted stays until the bucket's owner, or its lifecycle rule, removes it."""
OPERATORS_SEE = ("s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketLocation", "s3:GetBucketVersioning")
Statement = Mapping[str, Any]


def bucket_policy(url: str, agreement: Agreement, principal: str, operators: Sequence[str], cycles: Sequence[str]) -> Mapping[str, Any]:
    """The policy of the bucket of the store at `url`. `principal`: a member's account as the server names it, with {member} where its code stands, e.g.
    arn:aws:iam::123456789012:user/fpa-{member}; `operators`: accounts that run the program, the bucket's owner with
    them if it does (on Ceph it may not read what others put, unless the policy says so). Raises OperatorFault for a store that is no bucket, and where
    the policy is longer than a server takes."""
    if "{member}" not in principal:
        raise OperatorFault(f"{principal!r} names the same account for all members; write {{member}} where a member's code stands, e.g. arn:aws:iam::123456789012:user/fpa-{{member}}.")
    members = {member.member: principal.replace("{member}", member.member) for member in agreement.members}
    statements = [
        *_encrypted_only(url),
        *({"Principal": {"AWS": list(operators)}, **statement} for statement in _of_operators(url) if operators),
        *({"Principal": {"AWS": list(members.values())}, **statement} for statement in _only_sent(url)),
        *({"Principal": {"AWS": account}, **statement} for member, account in members.items() for statement in _of_member(url, member, cycles)),
    ]
    return {"Version": VERSION, "Statement": statements}


def member_policy(url: str, member: str, cycles: Sequence[str]) -> Mapping[str, Any]:
    """What one member may do, to be attached to its account: for networks whose bucket policy would be too long. Raises OperatorFault for a store that is no
    bucket."""
    return {"Version": VERSION, "Statement": [*_only_sent(url), *_of_member(url, member, cycles)]}


def _place(url: str) -> tuple[str, str]:
    """The bucket as a resource, and what all keys begin with."""
    if not url.startswith("s3://"):
        raise OperatorFault(f"{url} is a directory: the rights on its folders are the file system's (docs/security.md). Policies are for s3://bucket[/prefix].")
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    return f"arn:aws:s3:::{bucket}", f"{prefix.strip('/')}/" if prefix.strip("/") else ""


def _encrypted_only(url: str) -> list[Statement]:
    bucket, _ = _place(url)
    return [{
        "Sid": "OnlyEncrypted", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [bucket, f"{bucket}/*"],
        "Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}},  # Ceph does not say it of a connection that is not
    }]  # fmt: skip


def _only_sent(url: str) -> list[Statement]:
    """Where each account owns what it puts (Ceph; Amazon S3 with ACLs on), a member's own submissions would be its own to read, publish and delete."""
    bucket, prefix = _place(url)
    publishing = {"StringLike": {"s3:x-amz-acl": ["public-*", "authenticated-read"]}}
    return [
        {"Effect": "Deny", "Action": list(OWNERS_MAY), "Resource": f"{bucket}/{prefix}inbox/*"},
        {"Effect": "Deny", "Action": "s3:PutObject", "Resource": f"{bucket}/{prefix}inbox/*", "Condition": publishing},
    ]


def _of_operators(url: str) -> list[Statement]:
    bucket, prefix = _place(url)
    return [
        {"Effect": "Allow", "Action": list(OPERATORS_MAY), "Resource": f"{bucket}/{prefix}*"},
        {"Effect": "Allow", "Action": list(OPERATORS_SEE), "Resource": bucket},
    ]


def _of_member(url: str, member: str, cycles: Sequence[str]) -> list[Statement]:
    """It lists its own inbox, which programs that upload need and which shows that a file arrived, but reads nothing there: an account that falls into other
    hands gives away no submission."""
    bucket, prefix = _place(url)
    inbox = [f"{prefix}inbox/{cycle}/{member}/*" for cycle in cycles]
    answers = [f"{prefix}feedback/{cycle}/{member}/*" for cycle in cycles]
    workbooks = [f"{prefix}workbooks/{cycle}/{member}.*" for cycle in cycles]
    return [
        {"Effect": "Allow", "Action": list(MEMBERS_SEND), "Resource": [f"{bucket}/{key}" for key in inbox]},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [f"{bucket}/{key}" for key in (*workbooks, *answers)]},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket, "Condition": {"StringLike": {"s3:prefix": [*inbox, *answers, *workbooks]}}},
    ]


def as_text(policy: Mapping[str, Any], largest: int = LARGEST) -> str:
    """As JSON, the way servers take it: indented where it fits so. Raises OperatorFault where it does not fit at all."""
    import json

    text = json.dumps(policy, indent=1)
    if len(text) > largest:
        text = json.dumps(policy, separators=(",", ":"))
    if len(text) > largest:
        raise OperatorFault(
            f"The policy has {len(text):,} bytes, servers take {largest:,}: name fewer cycles (--cycle), or leave the members out of it and attach to each member's account its own (--member)."
        )
    return text
