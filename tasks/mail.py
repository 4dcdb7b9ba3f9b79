"""Mails: each is sent once, and a copy lies in the store (mail/…, so that one can see what was said to whom). Without FPA_SMTP nothing leaves the house:
the copy is all there is."""

from __future__ import annotations

import hashlib
import logging
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from tasks.faults import OperatorFault
from tasks.store import Store

log = logging.getLogger("fpa")

SECONDS = 30
"""How long a mail server may take to answer."""
_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\.[^@\s<>,;:\"]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in plain text to one address, with files by name."""

    to: str
    subject: str
    text: str
    files: Mapping[str, bytes]


class MailServerFault(OperatorFault):
    """The mail server did not take anything; what was not sent is sent the next time."""


def is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


def post(store: Store, mails: Mapping[str, Mail], server: SecretStr | None, sender: str, now: datetime) -> list[str]:
    """Sends the mails (by the key of their copy in the store) that have not been sent yet; gives the keys of those sent now. `server`:
    smtp://user:password@host:port (with STARTTLS where the server offers it) or smtps://…; None: copies only.

    Raises MailServerFault where the server cannot be reached or refuses whoever logs in; one address that it refuses holds up no other."""
    todo = {key: mail for key, mail in mails.items() if store.head(key) is None}
    sent = []
    with _connected(server) if todo and server else _nothing() as connection:
        for key, mail in todo.items():
            message = _message(key, mail, sender, now)
            if connection is None or _taken(connection, message, mail.to):
                store.write(key, message.as_bytes())
                sent.append(key)
    return sent


def _message(key: str, mail: Mail, sender: str, now: datetime) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, mail.to, " ".join(mail.subject.split())
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    for name, content in mail.files.items():
        subtype = {"xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet"}.get(name.rpartition(".")[2], "octet-stream")
        message.add_attachment(content, maintype="application", subtype=subtype, filename=name)
    return message


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


@contextmanager
def _connected(server: SecretStr) -> Iterator[smtplib.SMTP]:
    said = urlsplit(server.get_secret_value())
    if said.scheme not in ("smtp", "smtps") or not said.hostname:
        raise OperatorFault("FPA_SMTP is no mail server: write smtp://user:password@host:port, or smtps:// for a port that speaks TLS from the start.")
    where = f"{said.hostname}:{said.port or (465 if said.scheme == 'smtps' else 587)}"
    host, _, port = where.rpartition(":")
    context = ssl.create_default_context()
    try:
        with smtplib.SMTP_SSL(host, int(port), timeout=SECONDS, context=context) if said.scheme == "smtps" else smtplib.SMTP(host, int(port), timeout=SECONDS) as connection:
            connection.ehlo()
            if said.scheme == "smtp" and connection.has_extn("starttls"):
                connection.starttls(context=context)
                connection.ehlo()
            if said.username:
                if said.scheme == "smtp" and not isinstance(connection.sock, ssl.SSLSocket):
                    raise OperatorFault(f"The mail server {where} offers no encryption; a password is not sent to it in the clear.")
                connection.login(unquote(said.username), unquote(said.password or ""))
            yield connection
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerFault(f"The mail server {where} took no mail ({type(error).__name__}); what was not sent goes out with the next run.") from None


def _taken(connection: smtplib.SMTP, message: EmailMessage, to: str) -> bool:
    try:
        connection.send_message(message)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError) as error:
        log.warning("the mail server refused the mail to %s (%s)", to, type(error).__name__)
        connection.rset()
        return False
    return True


def addresses(texts: Sequence[str]) -> list[str]:
    """Those of these that are addresses, each once."""
    return list(dict.fromkeys(text.strip() for text in texts if is_address(text.strip())))
