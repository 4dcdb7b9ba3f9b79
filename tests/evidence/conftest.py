"""The same temporary Prefect server as for the tests of the flows."""

from tests.flows.conftest import fpa, prefect_server, storage  # noqa: F401
