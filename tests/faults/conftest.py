"""What the processes that may be killed are told of the S3 server."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest


@pytest.fixture
def storage_environment() -> Callable[[], dict[str, str]]:
    """boto3's variables as they are set now."""
    return lambda: {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
