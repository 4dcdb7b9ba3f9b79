"""The same temporary Prefect server as for the tests of the flows."""

from tests.flows.conftest import prefect_server  # noqa: F401
