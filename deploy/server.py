"""Prefect's server as we run it, here and on a host: `python -m deploy.server`. Where it listens, its database and its password come from Prefect's own
variables (PREFECT_SERVER_API_HOST, PREFECT_SERVER_API_PORT, PREFECT_SERVER_DATABASE_CONNECTION_URL, PREFECT_SERVER_API_AUTH_STRING, …)."""

from __future__ import annotations

import os
from typing import Any

from deploy.files import Files, Message, Receive, Send

SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # A page of another site that an operator has open may not use the server.
    "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
    # One by one, the records of a report's tasks would arrive long after it.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    # Ended runs go after a year with their logs; events, half a megabyte a run, after a week.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(365 * 86400),
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P7D",
    # What an automation waits for it remembers over an outage: by default it is forgotten after a minute, and a run that was lost in it is Running for ever.
    "PREFECT_SERVER_EVENTS_EXPIRED_BUCKET_BUFFER": "P30D",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
}
"""What is so wherever we run it; a variable that is set already wins."""


def content_policy(api_url: str | None) -> str:
    """What a page of the server may load: only what this server gives. Prefect's UI asks a foreign host for its analytics' settings at every start,
    even with analytics off; with this header the browser does not."""
    api = f" {api_url} {api_url.replace('http', 'ws', 1)}" if api_url else ""
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        f"font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'{api}; frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
    )


class KeptInside:
    """The server's application with headers that keep its pages inside."""

    def __init__(self, application: Any, api_url: str | None) -> None:
        self.application = application
        policy = content_policy(api_url).encode()
        self.headers = [(b"content-security-policy", policy), (b"referrer-policy", b"no-referrer"), (b"x-content-type-options", b"nosniff")]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self.headers]
            await send(message)

        await self.application(scope, receive, send_with_headers)


def main() -> None:
    """Runs the server until it is stopped."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    import uvicorn
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    server = get_current_settings().server
    password = server.api.auth_string.get_secret_value() if server.api.auth_string else None
    origin = server.ui.api_url or f"http://{server.api.host}:{server.api.port}"
    application = Files(KeptInside(create_app(final=True), origin.rstrip("/").removesuffix("/api")), password)
    uvicorn.run(application, host=server.api.host, port=server.api.port, log_level=server.logging_level.lower(), timeout_keep_alive=server.api.keepalive_timeout)


if __name__ == "__main__":
    main()
