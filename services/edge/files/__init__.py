"""The object store: files live here, events and fields hold their ids (design section 2)."""

from services.edge.files.blobs import BlobMissingError, Blobs
from services.edge.files.ids import file_id
from services.edge.files.links import FileLinks, Linked
from services.edge.files.opening import open_files
from services.edge.files.settings import FilesSettings
from services.edge.files.store import FileConflictError, FileRefusedError, Files, Limits, NewFile, StoredFile

__all__ = [
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
