"""Settings of `payment_tracker`, read once from the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.edge.broker.state import home_dir


class TrackerSettings(BaseSettings):
    """What one worker of `payment_tracker` needs beside Kafka, topics and the signing key."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="STAGEWIRE_PAYMENT_TRACKER_")

    link_base: HttpUrl = HttpUrl("http://127.0.0.1:8080/pay")
    """Public address of the payment pages; a link is this and a token."""
    link_secret: SecretStr = Field(min_length=32)
    """Makes links unguessable; another one changes new links only, those made stay valid."""
    signing_secrets: SecretStr = Field(validation_alias="STAGEWIRE_SIGNING_SECRETS")
    """Shared by all services, separated by commas: the first one signs, each is accepted (rotation)."""
    data_dir: Path = Field(default_factory=lambda: home_dir() / "payment_tracker")
    instance_id: str | None = None
    """Static membership: the name of the pod, so that a restart finds its partitions and its store."""
    health_port: int = Field(default=8082, ge=0, le=65535)
    """0 takes a free one."""

    def signing_keys(self) -> list[bytes]:
        """Return the signing secrets, the newest first."""
        return [part.strip().encode() for part in self.signing_secrets.get_secret_value().split(",") if part.strip()]
