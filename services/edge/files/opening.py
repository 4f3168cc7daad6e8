"""Opens the object store that the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from obstore.store import S3Store

from services.edge.files.blobs import Blobs, LocalBlobs
from services.edge.files.s3 import S3Blobs
from services.edge.files.settings import FilesSettings
from services.edge.files.store import Files, Limits

if TYPE_CHECKING:
    from obstore.store import S3Config


def open_files(settings: FilesSettings) -> Files:
    """Return the object store; nothing is connected to before the first file."""
    return Files(_blobs(settings), Limits(settings.largest_bytes, frozenset(settings.content_types)))


def _blobs(settings: FilesSettings) -> Blobs:
    scheme, _, rest = settings.url.partition("://")
    if scheme == "file":
        return LocalBlobs(Path(rest))
    bucket, _, prefix = rest.partition("/")
    return S3Blobs(_bucket(bucket, settings), prefix)


def _bucket(bucket: str, settings: FilesSettings) -> S3Store:
    config: S3Config = {"region": settings.s3_region}
    if settings.s3_endpoint:
        config["endpoint"] = settings.s3_endpoint
    if settings.s3_access_key:
        config["access_key_id"] = settings.s3_access_key
        config["secret_access_key"] = settings.s3_secret_key.get_secret_value()
    plain = settings.s3_endpoint.startswith("http://")
    return S3Store(bucket, config=config, client_options={"allow_http": plain})
