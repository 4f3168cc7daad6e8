"""Settings of `notifier`, read once from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.edge.broker.state import home_dir


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


class ReachSettings(BaseSettings):
    """What `notifier` and `gateway` share about the world outside."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="STAGEWIRE_")

    public_url: str = Field(default="", pattern=r"^(https?://[^\s/]+)?$")
    """Address of the gateway as clients and providers reach it, without a path; empty: mail is not tracked, and
    deliveries are not reported."""
    connection_secrets_file: Path = Field(default_factory=lambda: home_dir() / "connection_secrets.json")
    """JSON `{tenant: {name: secret}}` of the secrets that connections name; no file means no secrets."""
    trusted_hosts: tuple[str, ...] = ()
    """`host:port` of this installation's own network that connections may lead to, by http too."""


class NotifierSettings(BaseSettings):
    """What one process of `notifier` needs beside Kafka."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="STAGEWIRE_NOTIFIER_")

    database_url: SecretStr = Field(default_factory=lambda: SecretStr(f"sqlite:///{home_dir() / 'notifier.db'}"))
    """`sqlite:///<path>` for one process, `postgresql://…` for several."""
    instance_id: str | None = None
    """Static membership: the name of the pod, so that a restart finds its partitions at once."""
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
    keep_days: int = Field(default=90, ge=30)
    """How long rows of reported effects are kept; longer than Kafka keeps `crm.effects` and dead letters."""
    health_port: int = Field(default=8084, ge=0, le=65535)
    """0 takes a free one."""
    smtp: SmtpSettings = Field(default_factory=SmtpSettings)
    reach: ReachSettings = Field(default_factory=ReachSettings)

    @model_validator(mode="after")
    def _lease_covers_a_call(self) -> Self:
        """Refuse a lease that could end during a call."""
        if self.lease_seconds <= self.send_seconds:
            raise ValueError("STAGEWIRE_NOTIFIER_LEASE_SECONDS must be longer than STAGEWIRE_NOTIFIER_SEND_SECONDS")
        return self


class SigningSettings(BaseSettings):
    """The secrets that our services sign requests, answers and outcomes with."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="STAGEWIRE_")

    signing_secrets: SecretStr
    """One or more, separated by commas; the first one signs. At least 16 bytes each."""

    def each(self) -> list[bytes]:
        """Return the secrets."""
        return [one.strip().encode() for one in self.signing_secrets.get_secret_value().split(",")]
