"""Object stores for the tests: a local folder, and a bucket of a server that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.edge.files import FilesSettings, NewFile

LARGEST = 8 * 1024 * 1024
KEY = "testing"


def local_settings(folder: Path) -> FilesSettings:
    """Return the settings of a store in a folder."""
    return FilesSettings(url=f"file://{folder}", largest_bytes=LARGEST)


@contextmanager
def s3_settings() -> Iterator[FilesSettings]:
    """Yield the settings of a store in an empty bucket; skips where no such server is installed."""
    server_of = pytest.importorskip("moto.server", reason="moto, which speaks S3, is not installed")
    boto3 = pytest.importorskip("boto3")
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        access = {"aws_access_key_id": KEY, "aws_secret_access_key": KEY, "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=url, **access).create_bucket(Bucket="files")
        yield FilesSettings(
            url="s3://files/stagewire", s3_endpoint=url, s3_access_key=KEY, s3_secret_key=SecretStr(KEY),
            largest_bytes=LARGEST,
        )  # fmt: skip
    finally:
        server.stop()


def new_file(file_id: str, name: str = "photo.png", content_type: str = "image/png") -> NewFile:
    """Return the description of a file."""
    return NewFile(file_id, name, content_type, 1_700_000_000_000, "user:ann")
