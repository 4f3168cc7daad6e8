"""Inserted values (spec 1.9): native and printable forms, escaping, refusals, and parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.insertion import (
    InvalidTemplateError,
    InvalidValue,
    Parameter,
    RenderedTooLongError,
    Target,
    compile_template,
    parse_parameter,
    parse_template,
    references,
    resolve,
)
from automation.scope import Reference, Schema, Scope
from automation.values import Money, Personal, Value

FIXTURES = json.loads((Path(__file__).parents[1] / "fixtures" / "conditions" / "templates.json").read_text())
SCHEMA = Schema(
    fields={
        "title": "string", "client": "string", "amount": "money", "n": "int", "x": "number", "paid": "bool",
        "due": "date", "met": "datetime", "tags": "list", "owner": "user", "team": "user",
        "one": "string", "two": "string",
        "file": "file",
    },
    titles={"title": "Title", "one": "Twice", "two": "Twice", "responsible": "Responsible person", "client": "a: b"},
    params={"p": "string"},
    variables={"v": "int"},
    constants={"c": "string"},
    results={"link.payment_link": "string"},
    related={"invoice": {"amount": "money"}},
)  # fmt: skip
NOON = 1_774_699_200_000  # 2026-03-28T12:00:00Z
NAMES = {"7": "Ann Example", "8": "Bo [b]"}


def scope(**fields: Value) -> Scope:
    """Return a scope in Berlin with these fields and the names of two users."""
    return Scope(fields=fields, zone=ZoneInfo("Europe/Berlin"), name_of=NAMES.get)


def render(text: str, target: Target = "plain", **fields: Value) -> str | Personal:
    """Given fields, return the rendered text."""
    return compile_template(parse_template(text, SCHEMA), target)(scope(**fields))


# --- printable forms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("title", "a b", "a b"), ("title", None, ""), ("n", -5, "-5"), ("x", 0.1, "0.1"), ("x", 12.0, "12"),
        ("x", 1e21, "1000000000000000000000"), ("x", -0.0, "0"), ("x", 100, "100"), ("paid", True, "yes"),
        ("paid", False, "no"),
        ("amount", Money(123_450, "EUR"), "1234.50 EUR"), ("amount", Money(-5, "EUR"), "-0.05 EUR"),
        ("amount", Money(1_500, "JPY"), "1500 JPY"), ("amount", Money(1_500, "KWD"), "1.500 KWD"),
        ("due", "2026-03-28", "2026-03-28"), ("met", NOON, "2026-03-28 13:00"), ("met", 10**18, "1000000000000000000"),
        ("tags", ("a", "b"), "a, b"), ("tags", (), ""), ("file", "f1", "f1"),
    ],
)  # fmt: skip
def test_mixed_text_renders_each_value_in_printable_form(name: str, value: Value, shown: str) -> None:
    """Spec 1.9: amounts with the digits of their currency, lists with commas, moments in the platform's zone."""
    assert render(f"<{{{{field:{name}}}}}>", **{name: value}) == f"<{shown}>"


def test_a_user_is_shown_by_full_name_and_makes_the_text_personal() -> None:
    """A name is about a person; an unknown user is shown by id."""
    assert render("Hi {{field:owner}}!", owner="7") == Personal("Hi Ann Example!")
    assert render("{{field:team}}.", team=("8", "9")) == Personal("Bo [b], 9.")
    assert render("Hi {{field:owner}}!", owner=None) == "Hi !"


def test_a_text_into_which_a_personal_value_went_is_personal() -> None:
    """The mark reaches everything that is rendered from a marked value."""
    assert render("To {{field:client}}", client=Personal("Eve")) == Personal("To Eve")
    assert render("To {{field:client}}", client="Eve") == "To Eve"


def test_all_sources_can_be_inserted() -> None:
    """Fields, parameters, variables, constants, results, fields of an invoice."""
    text = (
        "{{field:title}} {{param:p}} {{var:v}} {{const:c}} "
        "{{result:link.payment_link}} {{field:invoice.amount}} {{field:stage}}"
    )
    template = parse_template(text, SCHEMA)
    values = Scope(
        fields={"title": "f"}, params={"p": "p"}, variables={"v": 1}, constants={"c": "c"},
        results={"link.payment_link": "https://x"}, related={"invoice": {"amount": Money(1, "EUR")}},
        system={"stage": "won"},
    )  # fmt: skip
    assert compile_template(template)(values) == "f p 1 c https://x 0.01 EUR won"
    assert Reference("result", "link.payment_link") in references(template)
    assert len(references(template)) == 7


def test_the_iterator_value_is_inserted_inside_loops_alone() -> None:
    """Outside of a loop there is none."""
    template = parse_template("<{{iterator}}>", SCHEMA._replace(iterator="string"))
    assert template.text == "<{{iterator}}>"
    assert compile_template(template)(Scope(fields={}, iterator="row")) == "<row>"
    with pytest.raises(InvalidTemplateError):
        parse_template("<{{iterator}}>", SCHEMA)


# --- saving -----------------------------------------------------------------------------------------------------


def test_titles_are_resolved_to_codes_on_save() -> None:
    """The stored form is stable; white space around a title does not matter."""
    template = parse_template("Dear {{ Responsible person }}, {{Title}} {{a: b}} is {{field:amount}}", SCHEMA)
    stored = "Dear {{field:responsible}}, {{field:title}} {{field:client}} is {{field:amount}}"
    assert template.text == stored
    assert parse_template(stored, SCHEMA) == template


@pytest.mark.parametrize("case", FIXTURES["refused"], ids=lambda case: case["text"])
def test_a_broken_placeholder_is_refused_with_its_position(case: dict[str, Any]) -> None:
    """Everything of tests/fixtures/conditions/templates.json (reliability C3)."""
    with pytest.raises(InvalidTemplateError) as caught:
        parse_template(case["text"], SCHEMA)
    assert case["position"] == caught.value.errors[0].position
    assert case["message"] in caught.value.errors[0].message


@pytest.mark.parametrize("text", FIXTURES["plain"])
def test_the_syntax_of_other_template_languages_is_plain_text(text: str) -> None:
    """Nothing but `{{` means anything."""
    assert render(text) == text


def test_all_errors_are_reported_at_once() -> None:
    """Each with its own position."""
    with pytest.raises(InvalidTemplateError) as caught:
        parse_template("{{a}} {{}} {{Title}} {{field:b}} {{", SCHEMA)
    assert [error.position for error in caught.value.errors] == [0, 6, 21, 33]


@given(st.text() | st.lists(st.sampled_from(["{{", "}}", "field:", "title", "Title", ":", "{", " "])).map("".join))
def test_parsing_raises_nothing_but_its_own_error(text: str) -> None:
    """Any text is a template or is refused with positions inside of it."""
    positions: list[int] = []
    stored = text
    try:
        stored = parse_template(text, SCHEMA).text
    except InvalidTemplateError as refused:
        positions = [error.position for error in refused.errors]

    assert all(0 <= position < len(text) for position in positions)
    assert bool(positions) or parse_template(stored, SCHEMA).text == stored


class Counted(dict[str, Value]):
    """Fields that count how often they are read."""

    reads = 0

    def get(self, code: str, default: Any = None) -> Any:
        """Return the value."""
        self.reads += 1
        return super().get(code, default)


def test_size_is_limited_when_saved_and_when_rendered() -> None:
    """A thousand placeholders and 100,000 characters are taken; a text beyond a million characters is not made.

    It ends with the value that goes beyond: those behind it are not even read.
    """
    with pytest.raises(InvalidTemplateError):
        parse_template("{{Title}}" * 1_001, SCHEMA)
    with pytest.raises(InvalidTemplateError):
        parse_template("a" * 100_001, SCHEMA)
    many = parse_template("{{Title}}" * 1_000, SCHEMA)
    fields = Counted(title="<" * 1_000_000)
    with pytest.raises(RenderedTooLongError):
        compile_template(many, "html")(Scope(fields=fields))
    assert fields.reads == 1
    assert compile_template(many)(scope(title="a" * 1_000)) == "a" * 1_000_000


# --- escaping ---------------------------------------------------------------------------------------------------


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    """Whatever a value holds stands in the result as it is."""
    hostile = "{{field:amount}}" + value + "{{Title}}"
    assert render("a{{Title}}b", title=hostile, amount=Money(1, "EUR")) == f"a{hostile}b"


@given(st.text(alphabet="<>&\"'[]ab{} \r\n\u2028\u202e"))
def test_values_are_harmless_in_every_target(value: str) -> None:
    """HTML keeps no markup of a value, BBCode no bracket, a single line no line end."""
    texts = {target: str(render("{{Title}}", target, title=value)) for target in ("html", "bbcode", "single_line")}
    assert not set(texts["html"]) & set("<>\"'")
    assert not set(texts["bbcode"]) & set("[]")
    assert not set(texts["single_line"]) & set("\r\n\u2028\u202e")


def test_the_authors_own_markup_is_kept() -> None:
    """Only values are escaped."""
    assert render("<b>{{Title}}</b>", "html", title="<img onerror=x>") == "<b>&lt;img onerror=x&gt;</b>"
    assert render("[b]{{Title}}[/b]", "bbcode", title="[url=x]") == "[b]&#91;url=x&#93;[/b]"


def test_names_and_lists_are_escaped_too() -> None:
    """What is looked up or joined is a value like any other."""
    assert render("{{field:owner}}", "bbcode", owner="8") == Personal("Bo &#91;b&#93;")
    assert render("{{field:tags}}", "html", tags=("<a>", "b")) == "&lt;a&gt;, b"


def test_a_subject_stays_one_line_whoever_wrote_the_line_end() -> None:
    """No header can be smuggled in by a value or by the template."""
    subject = render("Re:\r\n{{Title}}", "single_line", title="x\r\nBcc: all@acme.test\x00\u202egnp")
    assert subject == "Re:  x  Bcc: all@acme.test gnp"


@pytest.mark.parametrize("end", ["\r", "\n", "\v", "\f", "\x1c", "\x00", "\x7f", "\x85", "\u2028", "\u2029"])
def test_every_kind_of_line_end_becomes_a_space_in_a_single_line(end: str) -> None:
    """Mail and HTTP libraries differ in what they take for a line end."""
    assert render("{{Title}}", "single_line", title=f"a{end}b") == "a b"
    assert len(str(render("{{Title}}", "single_line", title=f"é{end}b")).splitlines()) == 1


# --- parameters -------------------------------------------------------------------------------------------------


def fitted(type_: Any, raw: object, multiple: bool = False, **fields: Value) -> Value | InvalidValue:
    """Given fields, return the value of a parameter `p` in which `raw` was typed."""
    return resolve(Parameter("p", type_, multiple=multiple), raw, SCHEMA, scope(**fields))


INVALID = InvalidValue("p")


@pytest.mark.parametrize(
    ("type_", "name", "value", "expected"),
    [
        ("int", "n", 5, 5), ("int", "x", 5.0, 5), ("int", "x", 5.5, INVALID), ("int", "title", " 42 ", 42),
        ("int", "title", "4_2", INVALID), ("int", "title", "٤", INVALID), ("int", "paid", True, INVALID),
        ("int", "title", "9" * 5_000, INVALID),
        ("number", "x", 0.5, 0.5), ("number", "title", "0.5", 0.5), ("number", "title", "nan", INVALID),
        ("number", "title", "1e400", INVALID),
        ("number", "x", float("inf"), INVALID),
        ("money", "amount", Money(1, "EUR"), Money(1, "EUR")), ("money", "title", "-12.5 EUR", Money(-1_250, "EUR")),
        ("money", "title", "12.345 EUR", INVALID), ("money", "title", "12 JPY", Money(12, "JPY")),
        ("money", "n", 5, INVALID),
        ("bool", "paid", False, False), ("bool", "title", "Yes", True), ("bool", "n", 0, False),
        ("bool", "n", 2, INVALID), ("bool", "title", "x", INVALID),
        ("date", "due", "2026-02-01", "2026-02-01"), ("date", "met", NOON, "2026-03-28"), ("date", "n", 5, INVALID),
        ("date", "title", "soon", INVALID),
        ("date", "title", "2026-02-01T23:30:00Z", "2026-02-02"),
        ("datetime", "met", NOON, NOON), ("datetime", "due", "2026-03-28", NOON - 13 * 3_600_000),
        ("datetime", "title", "2026-03-28T13:00", NOON),
        ("datetime", "n", 5, INVALID), ("datetime", "title", "0/0", INVALID),
        ("user", "owner", "7", "7"), ("user", "team", ("7",), "7"), ("user", "team", ("7", "8"), INVALID),
        ("user", "n", 7, "7"), ("user", "amount", Money(1, "EUR"), INVALID),
        ("string", "amount", Money(1, "EUR"), "0.01 EUR"), ("string", "client", Personal("Eve"), Personal("Eve")),
        ("text", "tags", ("a", "b"), "a, b"),
        ("text", "owner", "7", Personal("Ann Example")),
    ],
)  # fmt: skip
def test_a_single_placeholder_keeps_its_value_in_the_parameters_type(
    type_: str, name: str, value: Value, expected: Value | InvalidValue
) -> None:
    """Spec 1.9 and 6.8: what has no reading in the type is `invalid_value:<param>`."""
    assert fitted(type_, f"{{{{field:{name}}}}}", **{name: value}) == expected


@pytest.mark.parametrize("type_", ["int", "money", "bool", "date", "datetime", "user", "string", "list"])
def test_an_unset_value_resolves_to_unset_whatever_the_type(type_: str) -> None:
    """Whether a value was required is the catalogue's to say."""
    assert fitted(type_, "{{Title}}") is None
    assert fitted(type_, None) is None
    assert fitted(type_, "{{Title}}{{field:one}}", title="") is None


def test_several_values_are_joined_in_listed_order() -> None:
    """Literals, inserted lists and single values; repeats and unset ones are dropped."""
    raw = ["role:managers", "{{field:team}}", "{{field:owner}}", "{{Title}}", "7"]
    assert fitted("user", raw, multiple=True, team=("8", "7"), owner="9") == ("role:managers", "8", "7", "9")
    assert fitted("list", "{{field:tags}}", multiple=True, tags=("a", "b")) == ("a", "b")
    assert fitted("list", "x", multiple=True) == ("x",)


def test_a_value_outside_the_range_is_invalid() -> None:
    """Saving refuses a literal, running fails with the code of spec 6.8."""
    percent = Parameter("discount", "number", low=0, high=100)
    assert resolve(percent, "{{field:n}}", SCHEMA, scope(n=100)) == 100
    outside = resolve(percent, "{{field:n}}", SCHEMA, scope(n=101))
    assert isinstance(outside, InvalidValue)
    assert outside.reason == "invalid_value:discount"
    with pytest.raises(InvalidTemplateError, match="outside the range"):
        parse_parameter(percent, 101, SCHEMA)


def test_choices_are_checked() -> None:
    """An inserted value must be one of the choices too."""
    kind = Parameter("kind", "string", choices=frozenset({"a", "b"}))
    assert resolve(kind, "{{Title}}", SCHEMA, scope(title="a")) == "a"
    assert resolve(kind, "{{Title}}", SCHEMA, scope(title="c")) == InvalidValue("kind")


@pytest.mark.parametrize(
    ("type_", "raw"), [("int", "x"), ("int", True), ("money", 5), ("bool", "yes"), ("user", ["7"]), ("date", 5)]
)
def test_a_literal_of_another_type_is_refused_when_saved(type_: Any, raw: object) -> None:
    """Only inserted values are judged at run time."""
    with pytest.raises(InvalidTemplateError):
        parse_parameter(Parameter("p", type_), raw, SCHEMA)


def test_a_text_parameter_is_escaped_for_its_target() -> None:
    """A single placeholder as well as a mixed text; what is stored has codes for titles."""
    made = parse_parameter(Parameter("text", "text", target="html"), "{{Title}}", SCHEMA)
    assert made.resolve(scope(title="<b>")) == "&lt;b&gt;"
    assert made.stored == "{{field:title}}"
    assert made.references == {Reference("field", "title")}
    assert resolve(Parameter("subject", "string", target="single_line"), "a\r\nb", SCHEMA, scope()) == "a  b"
    assert resolve(Parameter("text", "text"), "a" * 50_000, SCHEMA, scope()) == "a" * 50_000


def test_a_rendered_text_beyond_the_limit_is_invalid() -> None:
    """The step fails instead of the commit."""
    assert fitted("text", "{{Title}}!", title="a" * 1_000_001) == INVALID
