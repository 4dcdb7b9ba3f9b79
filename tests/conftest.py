"""What tests of several folders share: a real S3 server, started once, a fresh bucket for each test."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import s3server

S3Url = Callable[[str], str]


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    if reason := s3server.missing():
        pytest.skip(reason)
    with s3server.running(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def s3_url(s3_server: tuple[str, str, Path], monkeypatch: pytest.MonkeyPatch) -> S3Url:
    """Gives for "http" or "https" the address of a fresh bucket with a prefix; boto3's environment leads to the server."""
    http, https, trusted = s3_server

    def fresh(scheme: str) -> str:
        import boto3

        environment = {
            "AWS_ENDPOINT_URL": http if scheme == "http" else https, "AWS_ACCESS_KEY_ID": s3server.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": s3server.SECRET_KEY,
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_CA_BUNDLE": str(trusted), "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        bucket = f"test-{uuid.uuid4().hex[:12]}"
        boto3.client("s3").create_bucket(Bucket=bucket)
        return f"s3://{bucket}/network"

    return fresh
