"""From a row to the changes of its item; everything that names columns or fields is settled before the first row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from automation.definitions.models import FieldDef
from automation.definitions.tenant_view import TenantView
from automation.envelope import CRM_ALL, STAGED, Key, stable_id
from automation.errors import ChangeRefusedError
from automation.items.changes import ChangeFrame, CreateItem, SaveItem
from automation.items.fields import checked
from automation.items.parts import Link
from automation.values import Moment, Value
from services.cli.importing.mapping import ItemMapping
from services.cli.importing.mapping import Mapping as MappingFile
from services.cli.importing.templates import Render, Row, compile_text
from services.cli.values import Style, from_text, moment, several

_LONGEST_ID = 200


class RejectedError(Exception):
    """A row makes no item; the message says why."""


class Batch(NamedTuple):
    """What an import is known by: its file's digest makes the change ids, so that a second run changes nothing."""

    tenant: str
    digest: str
    now: Moment
    definitions_version: int
    run_automation: bool


Change = tuple[ChangeFrame, CreateItem | SaveItem]
_Value = tuple[str, Render, Callable[[str], Value]]


class RowMaker:
    """Makes the changes of rows; raises `ValueError` at once with all that the mapping has wrong."""

    def __init__(self, mapping: MappingFile, header: list[str], view: TenantView, batch: Batch) -> None:
        if mapping.item is None:
            raise ValueError("the mapping has no item")
        self._item: ItemMapping = mapping.item
        self._view = view
        self._batch = batch
        self._style = mapping.written.style()
        self._columns = {name.strip(): at for at, name in enumerate(header)}
        self._width = len(header)
        self._fields: Mapping[str, FieldDef] = view.fields(self._item.item_type)
        self._users: dict[str, list[str]] = {}
        for user in view.directory.users.values():
            self._users.setdefault(user.name, []).append(user.id)
        self._stage_ids: frozenset[str] = frozenset()
        self._errors: list[str] = []
        self._check_place()
        self._compile()
        if self._errors:
            raise ValueError("\n".join(self._errors))

    def _compile(self) -> None:
        item = self._item
        self._id = self._text("id", item.id)
        self._stage = self._text("stage", item.stage)
        self._created = self._text("created_at", item.created_at)
        self._responsible = self._text("responsible", item.responsible)
        self._values = list(self._typed("fields", item.fields))
        self._links = [(link, self._text(f"links[{at}].id", link.id)) for at, link in enumerate(item.links)]
        self._then = self._text("then.at", item.then.at) if item.then else None
        self._then_values = list(self._typed("then.fields", item.then.fields)) if item.then else []

    def _text(self, path: str, template: str) -> Render:
        try:
            return compile_text(template, self._columns, self._user)
        except ValueError as error:
            self._errors.append(f"item.{path}: {error}")
            return lambda _row: ""

    def _typed(self, path: str, given: Mapping[str, str]) -> Iterator[_Value]:
        for code, template in given.items():
            field = self._fields.get(code)
            if field is None:
                known = ", ".join(sorted(self._fields))
                self._errors.append(f"item.{path}.{code}: no such field of {self._item.item_type}; there are {known}")
            else:
                yield code, self._text(f"{path}.{code}", template), _reader(field, self._style)

    def _check_place(self) -> None:
        """Check item type, pipeline and all stages that the mapping names."""
        item = self._item
        base = item.item_type.partition(".")[0]
        if base not in CRM_ALL:
            self._errors.append(f"item.item_type: {item.item_type!r} is none of {', '.join(CRM_ALL)}")
        if base not in STAGED:
            return
        view, wanted = self._view, item.pipeline
        pipeline = view.pipelines.get((item.item_type, wanted)) if wanted else view.default_pipeline(item.item_type)
        if pipeline is None:
            self._errors.append(f"item.pipeline: {item.item_type} has no pipeline {wanted or '(default)'}")
            return
        known = [stage.id for stage in pipeline.stages]
        self._stage_ids = frozenset(known)
        named = {*item.stages.values(), *({item.then.first_stage} if item.then else ())} - {""}
        for stage in sorted(named - set(known)):
            self._errors.append(f"item.stages: {pipeline.id} has no stage {stage!r}; there are {', '.join(known)}")

    def _user(self, name: str) -> str:
        found = self._users.get(name, [])
        if len(found) != 1:
            raise RejectedError(f"there is {'more than one' if found else 'no'} employee named {name[:60]!r}")
        return found[0]

    # --- one row -----------------------------------------------------------------------------------------------

    def changes(self, number: int, row: Row) -> list[Change]:
        """Return one or two changes; raises RejectedError."""
        if len(row) != self._width:
            raise RejectedError(f"{len(row)} values instead of {self._width}")
        try:
            return self._changes(number, row)
        except ChangeRefusedError as refused:
            raise RejectedError(refused.detail) from refused
        except ValueError as error:
            raise RejectedError(str(error)) from error

    def _changes(self, number: int, row: Row) -> list[Change]:
        key, batch = self._key(row), self._batch
        created = self._moment(self._created(row)) or batch.now
        later = self._moment(self._then(row)) if self._then else 0
        stage, first = self._mapped(row), self._item.then.first_stage if self._item.then and later else ""
        make = CreateItem(
            self._read(self._values, row), self._item.pipeline, first or stage, self._responsible(row),
            links=self._linked(row), run_automation=batch.run_automation,
        )  # fmt: skip
        made: list[Change] = [(self._frame(key, number, 0, created), make)]
        if later:
            save = SaveItem(
                self._read(self._then_values, row), stage=stage or None, run_automation=batch.run_automation
            )
            made.append((self._frame(key, number, 1, max(later, created)), save))
        return made

    def _key(self, row: Row) -> Key:
        name = self._id(row)
        if not name or len(name) > _LONGEST_ID or "/" in name or not name.isprintable():
            raise RejectedError(f"the id {name[:40]!r} is empty, too long, or holds '/' or control characters")
        return Key(self._batch.tenant, self._item.item_type, name)

    def _frame(self, key: Key, number: int, part: int, at: Moment) -> ChangeFrame:
        change_id = stable_id("import", self._batch.digest, number, part)
        return ChangeFrame(
            change_id, *key, at, "file_import", "", 0, "", change_id, 0, self._batch.definitions_version, b""
        )

    def _moment(self, text: str) -> Moment:
        return moment(text, self._style) if text else 0

    def _mapped(self, row: Row) -> str:
        found, stages = self._stage(row), self._item.stages
        if found and not stages and found not in self._stage_ids:
            raise RejectedError(f"the pipeline has no stage {found[:60]!r}")
        if not found or not stages:
            return found
        if found not in stages:
            raise RejectedError(f"stage {found[:60]!r} is not in the mapping's stages")
        return stages[found]

    def _read(self, values: list[_Value], row: Row) -> dict[str, Value]:
        read = {code: value for code, render, parse in values if (value := parse(render(row))) is not None}
        return checked(self._fields, read)

    def _linked(self, row: Row) -> tuple[Link, ...]:
        rendered = ((link, render(row)) for link, render in self._links)
        return tuple(Link(link.item_type, name, link.relation) for link, name in rendered if name)


def _reader(field: FieldDef, style: Style) -> Callable[[str], Value]:
    read = several if field.multiple else from_text

    def parse(text: str) -> Value:
        try:
            return read(text, field.type, style)
        except ValueError as error:
            raise RejectedError(f"{field.code}: {error}") from error

    return parse
