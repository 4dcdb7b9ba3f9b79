"""Settings from the environment, read once at the edge (variables FPA_…)."""

from __future__ import annotations

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.faults import OperatorFault


class Settings(BaseSettings):
    """`FPA_STORAGE`: s3://bucket[/prefix] or a directory. `FPA_SMTP`: smtp://user:password@host:port or smtps://…; without it mails are only laid into
    the store. `FPA_MAIL_FROM`: their sender; without it the coordination's address in members.csv. `FPA_SIGNING_KEY`: the private key that signs reports,
    and `FPA_VERIFY_KEYS`: the public keys that signatures may be by (tasks.signing says how they are given); without them nothing is signed or asked for.
    `FPA_VERAPDF`: the validator of the PDF standards, where `verapdf` is not on the PATH."""

    model_config = SettingsConfigDict(env_prefix="FPA_")

    storage: str = Field(min_length=1)
    smtp: SecretStr | None = None
    mail_from: str = ""
    signing_key: SecretStr | None = None
    verify_keys: str = ""
    verapdf: str = ""


def read_settings() -> Settings:
    """Raises OperatorFault where a required variable is not set."""
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError:
        raise OperatorFault("FPA_STORAGE is not set: give it the storage root, e.g. FPA_STORAGE=s3://bucket/prefix or FPA_STORAGE=./storage.") from None
