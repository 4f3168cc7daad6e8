"""Settings of `gateway`, read once from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.edge.broker.state import home_dir


class GatewaySettings(BaseSettings):
    """What one process of the HTTP API needs beside Kafka, topics, the signing secrets and the databases it reads."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="STAGEWIRE_GATEWAY_")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """0 takes a free one."""
    health_port: Annotated[int, Field(ge=0, le=65535)] = 8086
    """0 takes a free one."""
    database_url: SecretStr = Field(default_factory=lambda: SecretStr(f"sqlite:///{home_dir() / 'gateway.db'}"))
    """API keys and kept answers: `sqlite:///<path>` for one process, `postgresql://…` for several."""
    webhook_secrets_file: Path = Field(default_factory=lambda: home_dir() / "webhook_secrets.json")
    """JSON `{tenant: {provider: [secret, …]}}`; a file that is not there means no webhooks."""
    local: bool = False
    """The local run: makes a first API key and webhook secrets in STAGEWIRE_HOME, and has the simulated provider."""
    simulated: bool = False
    """Payment pages have the simulated provider's button."""
    live_views_url: HttpUrl = HttpUrl("http://127.0.0.1:8087")
    live_views_token: SecretStr = SecretStr("")
    rate_per_second: Annotated[float, Field(gt=0)] = 2_000.0
    """Requests of a tenant in the long run; each change of a batch counts."""
    burst: Annotated[float, Field(ge=500)] = 5_000.0
    """Requests of a tenant at once."""
    strangers_per_second: Annotated[float, Field(gt=0)] = 300.0
    """Requests without a key: to each webhook, and to all payment pages together."""
    strangers_burst: Annotated[float, Field(gt=0)] = 600.0
    instance_id: str | None = None
    """Name of this process, as the pod's: two gateways must not share one."""
    stop_seconds: Annotated[int, Field(ge=1, le=25)] = 15
    """How long a stop waits for requests in flight."""
