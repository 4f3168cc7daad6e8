"""Settings of `deal_stream`, read once from the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.edge.broker.state import home_dir


class DealStreamSettings(BaseSettings):
    """What one worker of `deal_stream` needs beside Kafka and topics."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="STAGEWIRE_DEAL_STREAM_")

    signing_secrets: SecretStr = Field(validation_alias="STAGEWIRE_SIGNING_SECRETS")
    """Shared by all services, separated by commas: the first one signs, each is accepted (rotation)."""
    data_dir: Path = Field(default_factory=lambda: home_dir() / "deal_stream")
    """Local state, a directory per partition; two workers never share one."""
    instance_id: str | None = None
    """Static membership: the name of the pod, so that a restart finds its partitions and its store."""
    health_port: int = Field(default=8081, ge=0, le=65535)
    """0 takes a free one."""
    poll_seconds: float = Field(default=0.5, gt=0, le=60)
    """How often new definitions are looked for; a change that names a version does not wait for it."""

    def signing_keys(self) -> list[bytes]:
        """Return the signing secrets, the newest first."""
        return [part.strip().encode() for part in self.signing_secrets.get_secret_value().split(",") if part.strip()]
