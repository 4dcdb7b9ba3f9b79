"""Mails, to a real SMTP server and to the store only: once each, in the member's language, and never more than was meant."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from pydantic import SecretStr

from domain.agreement import Agreement
from domain.agreement_files import read_agreement
from domain.completeness import counting_keys
from tasks import collect, feedback, letters, validate
from tasks.faults import OperatorFault
from tasks.mail import Mail, MailServerFault, post
from tasks.profiles import load_profile
from tasks.store import Store, open_store
from tests.builders import ACTIVITY, NUMBER, PAYMENT, agreement_files, clean, submission

NOW = datetime(2019, 7, 24, 8, 0, tzinfo=UTC)
MEMBERS = (
    "member,name,country,language,decimal,email,role\naa,Alpha,BE,en,.,desk@example.org,coordinator\nbb,Beta {0},KE,en,.,bb@example.org,beneficiary\n"
    'cc,Gamma,SN,fr,",",cc@example.org,affiliated-entity\ndd,Delta,PE,es,.,no address,third-party\nee,Epsilon,MZ,pt,",",ee@example.org,beneficiary\n'
)


class Letterbox:
    """A server that keeps what it gets."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.users: list[bytes] = []
        self.refused: set[str] = set()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"

    def login(self, server: Any, session: Any, envelope: Any, mechanism: str, said: Any) -> AuthResult:
        assert isinstance(said, LoginPassword)
        self.users.append(said.login)
        return AuthResult(success=said.password == b"p@ss")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def letterbox() -> Letterbox:
    return Letterbox()


@pytest.fixture
def server(letterbox: Letterbox) -> Iterator[SecretStr]:
    controller = Controller(letterbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield SecretStr(f"smtp://127.0.0.1:{controller.port}")
    controller.stop()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


def mails(**more: Any) -> dict[str, Mail]:
    return {"mail/C1/bb/one.eml": Mail("bb@example.org", "Échéance", "Bonjour, ça va ?\n", {}), "mail/C1/cc/two.eml": Mail("cc@example.org", "Two", "2\n", {"marked.xlsx": b"PK"})} | more


def test_a_mail_is_sent_once_and_a_copy_is_kept(store: Store, server: SecretStr, letterbox: Letterbox) -> None:
    assert post(store, mails(), server, "desk@example.org", NOW) == ["mail/C1/bb/one.eml", "mail/C1/cc/two.eml"]
    assert post(store, mails(), server, "desk@example.org", NOW) == []
    first, second = letterbox.mails
    assert (first["To"], first["From"], first["Subject"], first["Auto-Submitted"]) == ("bb@example.org", "desk@example.org", "Échéance", "auto-generated")
    assert first.get_content().split() == ["Bonjour,", "ça", "va", "?"]
    assert [part.get_filename() for part in second.iter_attachments()] == ["marked.xlsx"]
    kept = email.message_from_bytes(store.read("mail/C1/bb/one.eml"), policy=email.policy.default)
    assert kept["Message-ID"] == first["Message-ID"] and kept.get_content().split() == first.get_content().split()


def test_without_a_server_copies_are_all_there_is(store: Store, letterbox: Letterbox) -> None:
    assert len(post(store, mails(), None, "desk@example.org", NOW)) == 2
    assert not letterbox.mails and store.head("mail/C1/cc/two.eml") is not None


def test_an_address_that_is_refused_holds_up_no_other_and_is_tried_again(store: Store, server: SecretStr, letterbox: Letterbox) -> None:
    letterbox.refused = {"bb@example.org"}
    assert post(store, mails(), server, "desk@example.org", NOW) == ["mail/C1/cc/two.eml"]
    letterbox.refused = set()
    assert post(store, mails(), server, "desk@example.org", NOW) == ["mail/C1/bb/one.eml"]


def test_a_server_that_does_not_answer_is_named_without_its_password(store: Store) -> None:
    with pytest.raises(MailServerFault, match=r"The mail server 127\.0\.0\.1:9 took no mail") as fault:
        post(store, mails(), SecretStr("smtp://me:secret@127.0.0.1:9"), "desk@example.org", NOW)
    assert "secret" not in str(fault.value) and store.head("mail/C1/bb/one.eml") is None


def test_no_password_goes_over_an_open_line(store: Store, server: SecretStr, letterbox: Letterbox) -> None:
    with pytest.raises(OperatorFault, match="offers no encryption"):
        post(store, mails(), SecretStr(server.get_secret_value().replace("//", "//me:secret@")), "desk@example.org", NOW)
    assert not letterbox.mails


def test_what_is_no_mail_server_is_said_so(store: Store) -> None:
    with pytest.raises(OperatorFault, match="FPA_SMTP is no mail server"):
        post(store, mails(), SecretStr("mail.example.org"), "desk@example.org", NOW)


def test_it_logs_in_over_tls(store: Store, letterbox: Letterbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = certificate_for("127.0.0.1", tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    controller = Controller(letterbox, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True, authenticator=letterbox.login, auth_required=True)
    controller.start()
    port = controller.port
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr("tasks.mail.SECONDS", 3)
    try:
        assert len(post(store, mails(), SecretStr(f"smtp://me%40here:p%40ss@127.0.0.1:{port}"), "desk@example.org", NOW)) == 2
        with pytest.raises(MailServerFault):
            post(store, {"mail/x.eml": Mail("bb@example.org", "s", "t", {})}, SecretStr(f"smtp://me:wrong@127.0.0.1:{port}"), "desk@example.org", NOW)
    finally:
        controller.stop()
    assert letterbox.users[0] == b"me@here"


def certificate_for(host: str, folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, secret = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return certificate, secret


# --- what is written --------------------------------------------------------------------------------------------------


@pytest.fixture
def world(store: Store) -> Callable[..., tuple[Agreement, collect.Inbox]]:
    def make(**files: bytes) -> tuple[Agreement, collect.Inbox]:
        given = agreement_files(due="2019-07-31T18:00", members=MEMBERS)
        agreement, problems = read_agreement(given)
        assert agreement is not None, problems
        for key, content in files.items():
            store.write(f"inbox/C1/{key}/report.zip", content)
        return agreement, collect.read_inbox(store, agreement, ["C1"], include_late=True)

    return make


def test_only_who_owes_something_is_reminded_in_its_language(store: Store, world: Any) -> None:
    agreement, inbox = world(bb=clean())
    written = letters.reminders(store, agreement, "C1", inbox, date(2019, 7, 24))
    assert set(written) == {"mail/C1/aa/reminder-7.eml", "mail/C1/cc/reminder-7.eml", "mail/C1/ee/reminder-7.eml"}, "Beta has sent its file, Delta has no address"
    french = written["mail/C1/cc/reminder-7.eml"]
    assert french.subject == "TEST/2019/1 : votre rapport pour C1 est attendu le 31\u00a0juillet\u00a02019"
    assert "Nous n’avons encore reçu aucun fichier de votre part." in french.text and "inbox/C1/cc" in french.text and "{" not in french.text


@pytest.mark.parametrize(("day", "said"), [(date(2019, 8, 1), "Until 10\u00a0August\u00a02019, 18:00 it is still taken"), (date(2019, 8, 14), "The cycle is closed.")])
def test_after_the_due_date_it_says_what_is_still_possible(day: date, said: str, store: Store, world: Any) -> None:
    agreement, inbox = world()
    written = letters.reminders(store, agreement, "C1", inbox, day)
    assert said in next(mail for key, mail in written.items() if "/bb/" in key).text


def test_on_another_day_nobody_is_reminded_and_nobody_twice(store: Store, world: Any) -> None:
    agreement, inbox = world()
    assert letters.reminders(store, agreement, "C1", inbox, date(2019, 7, 20)) == {}
    post(store, letters.reminders(store, agreement, "C1", inbox, date(2019, 7, 24)), None, "desk@example.org", NOW)
    assert letters.reminders(store, agreement, "C1", inbox, date(2019, 7, 25)) == {}


def test_one_part_of_two_is_not_all_that_is_owed(store: Store, world: Any) -> None:
    agreement, inbox = world(bb=submission(cover={"part": "finance"}, expenditure=[PAYMENT]))
    assert "mail/C1/bb/reminder-7.eml" in letters.reminders(store, agreement, "C1", inbox, date(2019, 7, 24))


def test_the_answer_to_a_file_is_mailed_with_what_was_found(store: Store, world: Any) -> None:
    agreement, inbox = world(cc=submission(member="cc", activities=[ACTIVITY | {"start": "bald"}], indicators=[NUMBER], expenditure=[PAYMENT]))
    profile = load_profile("prag-2018")
    judged = validate.judge(agreement, inbox.submissions, counting_keys(inbox.submissions), profile.questions, profile.lines)
    feedback.write_feedback(store, agreement, "C1", inbox.submissions, judged)
    said = list(feedback.answers_of(agreement, "C1", inbox.submissions, judged))
    ((key, mail),) = letters.answers(store, agreement, "C1", said).items()
    assert key.startswith("mail/C1/cc/feedback-") and mail.to == "cc@example.org"
    assert "report.zip" in mail.text and "Accepté, mais certaines lignes n’ont pas pu être utilisées." in mail.text and "Corrigez les cellules rouges" in mail.text
    assert set(mail.files) == {"summary.html", "marked.xlsx"}
    post(store, {key: mail}, None, "desk@example.org", NOW)
    assert letters.answers(store, agreement, "C1", said) == {}, "one mail a file"
