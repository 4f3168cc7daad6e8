"""The object store: files live here, events and fields hold their ids (design section 2)."""

from obstore.exceptions import BaseError as ObstoreError

from automation.files import file_id
from services.edge.files.blobs import BlobMissingError, Blobs
from services.edge.files.links import FileLinks, Linked
from services.edge.files.opening import open_files
from services.edge.files.settings import FilesSettings
from services.edge.files.store import FileConflictError, FileRefusedError, Files, Limits, NewFile, StoredFile

UNREACHABLE = (OSError, ObstoreError)
"""What any use of the object store may raise while it cannot be reached: try again."""

__all__ = [
    "UNREACHABLE",
    "BlobMissingError",
    "Blobs",
    "FileConflictError",
    "FileLinks",
    "FileRefusedError",
    "Files",
    "FilesSettings",
    "Limits",
    "Linked",
    "NewFile",
    "StoredFile",
    "file_id",
    "open_files",
]
