"""Settings of the object store, read once from the environment; every service that touches files has the same."""

from __future__ import annotations

from pydantic import Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.edge.broker.state import home_dir

TYPES = (
    "application/pdf", "application/zip", "application/rtf", "application/xml", "application/json",
    "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
    "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/octet-stream", "audio/mpeg", "audio/ogg", "audio/wav",
    "image/gif", "image/heic", "image/jpeg", "image/png", "image/tiff", "image/webp",
    "text/calendar", "text/csv", "text/markdown", "text/plain", "text/vcard", "video/mp4", "video/webm",
)  # fmt: skip
"""What is taken unless the setting names others: nothing that a browser would run."""


class FilesSettings(BaseSettings):
    """Where files lie, and what they may be."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="STAGEWIRE_FILES_")

    url: str = Field(default_factory=lambda: f"file://{home_dir() / 'files'}", pattern="^(file:///|s3://[^/]+)")
    """`file:///<folder>`, or `s3://<bucket>/<prefix>`."""
    s3_endpoint: str = ""
    """Of a store other than Amazon's, `https://…`."""
    s3_region: str = "us-east-1"
    s3_access_key: str = ""
    """Empty: the credentials of the machine (role, or the variables of AWS)."""
    s3_secret_key: SecretStr = SecretStr("")
    largest_bytes: int = Field(default=25 * 1024 * 1024, ge=1, le=1024**3)
    content_types: tuple[str, ...] = TYPES
    """A JSON list in the environment."""
    link_base: HttpUrl = HttpUrl("http://127.0.0.1:8080/files")
    """Public address of the links of documents."""
    link_hours: int = Field(default=24, ge=1, le=24 * 7)
    """How long a download link for people works."""
