"""Attachments of rules: files of the item or of the drive, never both (spec 1.15, 3.2.3, 4.32)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.catalogue import Params
from automation.definitions.arguments import Arguments, InvalidParamsError, compile_arguments
from automation.params import Attached, Line
from automation.scope import Schema, Scope

SCHEMA = Schema(
    {"photo": "file", "photos": "list", "title": "string"},
    results={"doc.pdf_file": "file"},
    constants={"terms": "string"},
)


class Post(Attached):
    """Parameters of a rule that may attach files."""

    text: Line


def compiled(**raw: Any) -> Arguments:
    """Return the compiled parameters of a rule that attaches files."""
    return compile_arguments(Post, {"text": "Hello", **raw}, SCHEMA)


def errors(**raw: Any) -> tuple[tuple[str, str], ...]:
    """Return what saving refuses."""
    with pytest.raises(InvalidParamsError) as error:
        compiled(**raw)
    return error.value.errors


def resolved(scope: Scope, **raw: Any) -> tuple[str, ...]:
    """Return the files that a run would attach."""
    made = compiled(**raw).resolve(scope)
    assert isinstance(made, Params)
    return made.attachments  # type: ignore[attr-defined, no-any-return]


def test_files_of_a_field_are_read_at_run_time() -> None:
    """One file, or all of a field that takes several."""
    scope = Scope({"photo": "f1", "photos": ("f2", "f3")})

    assert resolved(scope, attachment_type="item_files", attachments="{{field:photo}}") == ("f1",)
    assert resolved(scope, attachment_type="item_files", attachments=["{{field:photos}}", "{{field:photo}}"]) == (
        "f2", "f3", "f1",
    )  # fmt: skip


def test_an_empty_file_field_attaches_nothing() -> None:
    """The rule runs without files."""
    assert resolved(Scope({}), attachment_type="item_files", attachments="{{field:photo}}") == ()


def test_files_of_the_drive_are_named_by_id() -> None:
    """Typed, or from a constant."""
    scope = Scope({}, constants={"terms": "f9"})

    assert resolved(scope, attachment_type="drive", attachments=["f8", "{{const:terms}}"]) == ("f8", "f9")


@pytest.mark.parametrize("kind", ["item_files", "document_files", "drive"])
def test_a_result_of_another_rule_may_be_attached_as_either_type(kind: str) -> None:
    """A document that a rule has made is a file of the item and of the drive."""
    scope = Scope({}, results={"doc.pdf_file": "f7"})

    assert resolved(scope, attachment_type=kind, attachments="{{result:doc.pdf_file}}") == ("f7",)


def test_without_a_type_nothing_is_attached() -> None:
    """That is the default."""
    assert resolved(Scope({})) == ()


@pytest.mark.parametrize(
    ("kind", "files", "path"),
    [
        ("drive", ["f8", "{{field:photo}}"], "attachments[1]"),
        ("item_files", ["{{field:photo}}", "f8"], "attachments[1]"),
        ("document_files", ["f8"], "attachments[0]"),
        ("item_files", "{{field:title}}", "attachments[0]"),
    ],
)
def test_both_types_in_one_rule_are_refused(kind: str, files: Any, path: str) -> None:
    """A field under `drive`, an id under `item_files`, and a field that holds no files."""
    ((at, message),) = errors(attachment_type=kind, attachments=files)

    assert (at, "one type only" in message) == (path, True)


def test_one_parameter_without_the_other_is_refused() -> None:
    """Files are required if a type is set, and the type if there are files."""
    assert errors(attachment_type="drive") == (("attachments", "is required"),)
    assert errors(attachments="f8") == (("attachment_type", "is required with attachments"),)


def test_an_unknown_type_and_a_broken_insertion_are_refused() -> None:
    """Each with its own path."""
    assert errors(attachment_type="cloud", attachments="f8")[0][0] == "attachment_type"
    assert errors(attachment_type="item_files", attachments="{{field:gone}}")[0][0] == "attachments"
