"""Settings of `live_views`, read once from the environment."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class LiveViewsSettings(BaseSettings):
    """Where the views are served: to the gateway alone, which knows the tenant from the API key."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="STAGEWIRE_LIVE_VIEWS_")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8087
    """0 takes a free one."""
    health_port: Annotated[int, Field(ge=0, le=65535)] = 8085
    """`/livez`, `/readyz` and `/metrics` for probes; no views there."""
    token: SecretStr = SecretStr("")
    """Bearer token of the gateway; may be empty on a loopback address only."""
    stuck_seconds: Annotated[float, Field(gt=0)] = 60.0
    """Records wait and none was handled for so long: not alive any more."""

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        """Refuse to serve other machines without a token."""
        if self.host not in _LOOPBACK and not self.token.get_secret_value():
            raise ValueError("STAGEWIRE_LIVE_VIEWS_TOKEN is needed to listen on other than a loopback address")
        return self
