"""Settings of `history`, read once from the environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.edge.broker.state import home_dir


class HistorySettings(BaseSettings):
    """Where the index is and where the service shows its health."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="STAGEWIRE_HISTORY_")

    database_url: SecretStr = Field(default_factory=lambda: SecretStr(f"sqlite:///{home_dir() / 'history.db'}"))
    """`sqlite:///<path>` for one writing process, `postgresql://…` for several."""
    instance_id: str | None = None
    """Static membership of the consumer group: a restart under the same id finds its partitions at once."""
    health_port: Annotated[int, Field(ge=0, le=65535)] = 8083
    """0 takes a free one."""
