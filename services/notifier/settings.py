"""Settings of `notifier`, read once from the environment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SmtpSettings(BaseSettings):
    """Where e-mail leaves from; without a host, mail is recorded instead of sent."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="STAGEWIRE_SMTP_")

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` refuses a server that does not offer it; `none` is for a relay on the same machine."""
    username: str = ""
    password: SecretStr = SecretStr("")
    verify: bool = True
    timeout_seconds: float = Field(default=20.0, gt=0, le=60)
    """For each step of the dialogue."""


class NotifierSettings(BaseSettings):
    """What one process of `notifier` needs beside Kafka."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="STAGEWIRE_NOTIFIER_")

    database_url: SecretStr = SecretStr("sqlite:///.stagewire/notifier.db")
    """`sqlite:///<path>` for one process, `postgresql://…` for several."""
    concurrency: int = Field(default=50, ge=1, le=1000)
    """Calls in flight per channel."""
    send_seconds: float = Field(default=60.0, gt=0, le=600)
    """After this a call without an answer is of unknown fate."""
    lease_seconds: float = Field(default=180.0, gt=0, le=3600)
    """How long a row in `sending` belongs to its sender; longer than `send_seconds`."""
    poll_seconds: float = Field(default=0.5, gt=0, le=60)
    """How often due rows are looked for when nothing new arrives."""
    stop_seconds: float = Field(default=20.0, gt=0, le=25)
    """How long a stop waits for calls in flight."""
    smtp: SmtpSettings = Field(default_factory=SmtpSettings)
