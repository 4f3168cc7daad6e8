"""Definitions and mappings as people write them: lines of errors, what is refused, what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from automation.definitions import models as m
from automation.definitions.validation import DefinitionId, check
from automation.values import Money
from services.cli.definitions.files import Files, read_files
from services.cli.definitions.plan import as_yaml, diff, records, steps
from services.cli.definitions.yaml_lines import MOST_NODES, YamlError, read_yaml
from services.cli.importing.templates import compile_text
from services.cli.values import Style, from_text, moment
from tests.core.spec import CATALOGUE, PEOPLE, book_of, kind_of, pipeline

USER = "kind: user\nid: ann\nname: Ann Example\n"


@pytest.fixture
def written(tmp_path: Path):
    """Return a function that writes one file and reads it as definitions."""

    def write(text: str, name: str = "company.yaml") -> Files:
        (tmp_path / name).write_text(text, "utf-8")
        return read_files([tmp_path / name])

    return write


def places(files: Files) -> list[tuple[int, str, str]]:
    """Return line, path and rule of each fault."""
    return [(fault.line, fault.flaw.path, fault.flaw.rule) for fault in files.faults]


def test_a_file_holds_several_documents_and_lists(written):
    """Both ways of writing many definitions may stand in one file."""
    files = written(f"{USER}---\n- kind: user\n  id: bob\n  name: Bob\n- kind: settings\n  currency: USD\n")
    assert set(files.definitions) == {("user", "ann"), ("user", "bob"), ("settings", "settings")}
    assert files.faults == []


def test_json_is_read_as_well(written):
    """A JSON file is a YAML file."""
    files = written('[{"kind": "user", "id": "ann", "name": "Ann"}]', "company.json")
    assert files.definitions["user", "ann"] == m.User(id="ann", name="Ann")


def test_every_error_is_told_with_its_line(written):
    """Two broken definitions, four errors, each on its line."""
    files = written("kind: user\nid: ann\nnam: Ann\n---\n- kind: role\n  id: law\n  members: ann\n- id: nobody\n")
    assert places(files) == [
        (1, "name", "missing"),
        (3, "nam", "extra_forbidden"),
        (7, "members", "tuple_type"),
        (8, "", "no_kind"),
    ]


def test_a_fault_of_the_whole_is_told_at_its_line(written):
    """What only a comparison with other definitions shows has a line too."""
    place = "item_type: deal\npipeline: main\nstage: moon\n"
    files = written(f"kind: rule\nid: r\ntype: add_item_comment\n{place}params:\n  text: '{{{{field:x}}}}'\n")
    base: dict[DefinitionId, m.Definition] = {("pipeline", "main"): pipeline()}
    faults = files.faults_of(check(CATALOGUE, "acme", base, files.definitions))
    assert [(fault.line, fault.flaw.rule) for fault in faults] == [(6, "unknown_stage"), (8, "params")]
    assert "company.yaml:6: error: rule/r stage:" in faults[0].text


def test_the_same_definition_twice_is_refused(written):
    """The message says where the first one stands."""
    files = written(f"{USER}---\n{USER}")
    assert places(files) == [(5, "", "twice")]
    assert "company.yaml:1" in files.faults[0].flaw.message


def test_dates_and_norwegian_stay_text():
    """`no` is a country and a date is a text; only true and false are bools."""
    (document,) = read_yaml("a: no\nb: 2026-03-31\nc: true\nd: on\n")
    assert document.data == {"a": "no", "b": "2026-03-31", "c": True, "d": "on"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2\n", 2),
        ("a: [1, 2\nb: 3\n", 2),
        ("1: x\n", 1),
        ("a: !!python/object:os.system {}\n", 1),
        ("a: &x [1]\nb: *y\n", 2),
        ("a: " + "[" * 60 + "]" * 60, 1),
    ],
)
def test_hostile_or_broken_yaml_is_refused_with_its_line(text, line):
    """Duplicate keys, open brackets, tags that make objects, unknown aliases, depth."""
    with pytest.raises(YamlError) as refused:
        list(read_yaml(text))
    assert refused.value.line == line


def test_aliases_cannot_blow_a_small_file_up():
    """A billion laughs end at the limit of nodes."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(YamlError, match=str(MOST_NODES)):
        list(read_yaml("\n".join(lines)))


def test_what_is_exported_is_what_was_read(written):
    """Export and apply are inverse: nothing changes on the way."""
    for made in (*PEOPLE, pipeline()):
        files = written(as_yaml(kind_of(made), made))
        assert list(files.definitions.values()) == [made]


def test_unchanged_definitions_are_not_saved():
    """Only what differs becomes a record, the last one closes the apply."""
    ann, bob = m.User(id="ann", name="Ann"), m.User(id="bob", name="Bob")
    view = book_of(ann, bob, bob.model_copy(update={"phone": "1"}), bob).tenant("acme")
    assert view is not None
    newer = bob.model_copy(update={"name": "Bobby"})
    planned = steps(view, {**view.current, ("user", "bob"): newer})
    (saved,) = records("acme", planned, "ann", 7, "a1")
    assert (saved.id, saved.version, saved.replaces, saved.last_of_apply) == ("bob", 4, 3, True)
    assert "+name: Bobby" in list(diff(planned[0]))


def test_a_deletion_is_a_version_without_a_body():
    """Deleting names what it replaces as any save does."""
    ann = m.User(id="ann", name="Ann")
    view = book_of(ann, ann.model_copy(update={"phone": "1"})).tenant("acme")
    assert view is not None
    planned = steps(view, {("user", "ann"): None})
    (saved,) = records("acme", planned, "ann", 7, "a1")
    assert (saved.deleted, saved.body, saved.version, saved.replaces) == (True, "", 3, 2)


@pytest.mark.parametrize(
    ("text", "type_", "style", "value"),
    [
        ("1,234.50 USD", "money", Style(), Money(123450, "USD")),
        ("1.234,50", "money", Style("EUR", ","), Money(123450, "EUR")),
        ("500", "money", Style("JPY"), Money(500, "JPY")),
        ("-0.5", "money", Style("EUR"), Money(-50, "EUR")),
        ("31.03.2026", "date", Style(day_format="%d.%m.%Y"), "2026-03-31"),
        ("2026-03-31", "date", Style(), "2026-03-31"),
        ("Yes", "bool", Style(), True),
        ("12.0", "int", Style(), 12),
        ("  ", "int", Style(), None),
    ],
)
def test_values_are_read_as_spreadsheets_write_them(text, type_, style, value):
    """Amounts, days and numbers in the style of the file."""
    assert from_text(text, type_, style) == value


@pytest.mark.parametrize(
    ("text", "type_", "why"),
    [("1.234 EUR", "money", "decimals"), ("much", "money", "amount"), ("1e999999", "number", "size"),
     ("nan", "number", "size"), ("1.5", "int", "whole"), ("31.03.2026", "date", "day"), ("perhaps", "bool", "neither"),
     ("99999999999999999999", "int", "size")],
)  # fmt: skip
def test_values_of_another_kind_are_refused(text, type_, why):
    """Nothing is guessed and nothing overflows."""
    with pytest.raises(ValueError, match=why):
        from_text(text, type_)


def test_a_day_begins_in_the_zone_of_the_file():
    """Midnight UTC without another zone."""
    assert moment("1970-01-02") == 86_400_000


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{Name}", "Ada Lovelace"),
        ("team-{Name|slug}", "team-ada-lovelace"),
        ("{Empty|or:nobody}", "nobody"),
        ("{Name|user}", "u1"),
        ("fixed", "fixed"),
    ],
)
def test_templates_fill_columns_in(template, text):
    """Columns and their filters."""
    render = compile_text(template, {"Name": 0, "Empty": 1}, {"Ada Lovelace": "u1"}.__getitem__)
    assert render([" Ada Lovelace ", ""]) == text


@pytest.mark.parametrize(
    ("template", "why"),
    [("{Nam}", "no column"), ("{Name|upper}", "no filter"), ("{Name", "brace"), ("Name}", "brace")],
)
def test_templates_that_name_nothing_are_refused(template, why):
    """Misspelt columns and filters are told before the first row."""
    with pytest.raises(ValueError, match=why):
        compile_text(template, {"Name": 0}, str)
