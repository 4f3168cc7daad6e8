"""What a mapping file says: which columns make which item, or which definitions of the directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.cli.definitions.yaml_lines import Document, YamlError, read_yaml
from services.cli.values import Style


class MappingError(Exception):
    """The mapping file cannot be used; the message has a line for each thing that is wrong."""


class Closed(BaseModel):
    """The common ground: strict types, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Written(Closed):
    """How the file writes amounts, days and itself."""

    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    decimal: Literal[".", ","] = "."
    time_zone: str = "UTC"
    day_format: str = ""
    """Of `strptime`; empty for ISO 8601."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8-sig"

    def style(self) -> Style:
        """Return what reads values; raises `ValueError` for an unknown time zone."""
        try:
            return Style(self.currency, self.decimal, ZoneInfo(self.time_zone), self.day_format)
        except (KeyError, OSError):
            raise ValueError(f"written.time_zone: there is no time zone {self.time_zone!r}") from None


class LinkTo(Closed):
    """A link to another item; a row with an empty id has none."""

    item_type: str
    id: str
    relation: Literal["client", "source", "invoice", "order", "related"] = "related"


class Then(Closed):
    """A second change of the item: it was created in `first_stage` and got its stage and more fields at `at`.

    A row where `at` is empty has no second change and is created in its stage.
    """

    at: str
    first_stage: str = ""
    fields: dict[str, str] = Field(default_factory=dict)


class ItemMapping(Closed):
    """One item from each row. Every value is a text with `{Column}` in it (`templates.py`)."""

    item_type: str
    id: str
    pipeline: str = ""
    stage: str = ""
    stages: dict[str, str] = Field(default_factory=dict)
    """From what `stage` renders to the id of a stage; what is not listed is rejected."""
    created_at: str = ""
    responsible: str = ""
    fields: dict[str, str] = Field(default_factory=dict)
    links: tuple[LinkTo, ...] = ()
    then: Then | None = None


class Mapping(Closed):
    """The file: items or definitions."""

    written: Written = Written()
    item: ItemMapping | None = None
    definitions: tuple[dict[str, Any], ...] = ()
    """Bodies with their kind, each made once for every distinct id (users, departments)."""

    @model_validator(mode="after")
    def _one(self) -> Mapping:
        if (self.item is None) == (not self.definitions):
            raise ValueError("a mapping has either `item` or `definitions`")
        return self


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file; raises MappingError naming lines."""
    try:
        documents = list(read_yaml(path.read_text("utf-8")))
        document = documents[0] if documents else Document({}, {})
        return Mapping.model_validate(_tuples(document.data))
    except YamlError as error:
        raise MappingError(f"{path}:{error.line}: {error.message}") from error
    except UnicodeDecodeError as error:
        raise MappingError(f"{path}: not UTF-8") from error
    except ValidationError as error:
        told = [_told(path, document, found["loc"], found["msg"]) for found in error.errors()]
        raise MappingError("\n".join(told)) from error


def _told(path: Path, document: Document, place: tuple[int | str, ...], message: str) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return f"{path}:{document.line(where)}: {where}: {message.removeprefix('Value error, ')}".replace(": :", ":")


def _tuples(data: Any) -> Any:
    """Return lists as tuples, which the strict models ask for; bodies of definitions stay as they are."""
    if isinstance(data, dict):
        return {name: _tuples(part) for name, part in data.items()}
    return tuple(_tuples(part) for part in data) if isinstance(data, list) else data
