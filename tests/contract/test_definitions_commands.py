"""Commands for definitions that need no Kafka: tests and dry runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli.edge import wrapped
from services.cli.main import main

COMPANY = str(Path(__file__).parents[2] / "examples" / "company")
GIVEN = """
item_type: deal
stage: invoice_sent
responsible: ann
fields: {title: Desk, amount: {minor: 480000, currency: EUR}, email_work: clara@home.test}
results: {link.payment_link: "https://pay.test/1"}
"""


def call(*words: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(main, ["definitions", *words])


@pytest.fixture
def given(tmp_path: Path) -> str:
    """A file with an item."""
    path = tmp_path / "given.yaml"
    path.write_text(GIVEN)
    return str(path)


def test_the_tests_of_a_company_pass() -> None:
    """Exit code 0, and a line that says how many."""
    result = call("test", COMPANY)
    assert (result.exit_code, result.output.split()[1:4]) == (0, ["passed,", "0", "failed"])


def test_a_failing_test_shows_the_difference_and_ends_with_1(tmp_path: Path) -> None:
    """As text and as JSON."""
    text = "kind: test\nname: wrong\nitem: {item_type: deal}\nwhen: [{save: {stage: won}}]\nthen: {stage: lost}\n"
    (tmp_path / "wrong.yaml").write_text(text)
    result = call("test", COMPANY, str(tmp_path), "-k", "wrong")
    assert result.exit_code == 1
    assert "-stage: lost" in result.output
    assert "+stage: won" in result.output
    (told,) = json.loads(call("test", COMPANY, str(tmp_path), "-k", "wrong", "--json").output)
    assert (told["passed"], told["actual"]) == (False, {"stage": "won"})


def test_a_test_that_is_written_wrongly_is_told_with_its_line(tmp_path: Path) -> None:
    """File and line, as for definitions."""
    path = tmp_path / "bad.yaml"
    path.write_text("kind: test\nname: bad\nitem: {item_type: deal}\nwhen:\n  - {fly: {}}\nthen: {}\n")
    result = call("test", COMPANY, str(path))
    assert result.exit_code == 1
    assert f"{path}:5: error: test/bad when[0].fly" in result.output


def test_a_dry_run_tells_what_and_why_and_masks(given: str) -> None:
    """The condition with its value, the call with its text; the address only when asked for."""
    words = ("dry-run", "link-mail", "--given", given, "--file", COMPANY)
    result = call(*words)
    assert (result.exit_code, "clara@home.test" in result.output) == (0, False)
    assert "yes  result:link.payment_link not_empty: https://pay.test/1" in result.output
    found = json.loads(call(*words, "--personal", "--json").output)
    assert (found["outcome"], found["effects"][0]["to"]) == ("running", "clara@home.test")


def test_a_dry_run_shows_amounts_as_people_read_them_in_80_columns(given: str, tmp_path: Path) -> None:
    """Of the condition, of fields that change, and of whatever holds some; a program gets minor units."""
    path = tmp_path / "rule.yaml"
    table = "{field: title, value: One table of oak for the hall}"
    fields = f"[{{field: amount, value: {{minor: 1250050, currency: EUR}}}}, {table}]"
    path.write_text(
        "kind: rule\nid: dear\ntype: edit_item\nitem_type: deal\npipeline: main\nstage: won\n"
        "condition: {field: amount, op: gt, value: {minor: -5, currency: EUR}}\n"
        f"params: {{fields: {fields}}}\n"
    )
    words = ("dry-run", "dear", "--given", given, "--file", COMPANY, "--file", str(path))
    output = call(*words).output

    assert "yes  field:amount gt -0.05 EUR: 4,800.00 EUR" in output
    assert "12,500.50 EUR" in output
    assert "minor" not in output
    assert max(map(len, output.splitlines())) <= 80
    assert json.loads(call(*words, "--json").output)["condition"]["actual"] == {"minor": 480000, "currency": "EUR"}


def test_what_has_no_blank_stays_whole() -> None:
    """An address can be copied; lines behind the first are indented more than it."""
    assert wrapped(f"  text: see https://{'x' * 90} now") == f"  text: see\n      https://{'x' * 90}\n      now"
    assert wrapped("short") == "short"


@pytest.mark.parametrize("words", [("nothing",), ("link-mail", "--version", "9")])
def test_a_rule_that_is_not_there_is_told(given: str, words: tuple[str, ...]) -> None:
    """Without a traceback."""
    result = call("dry-run", *words, "--given", given, "--file", COMPANY)
    assert (result.exit_code, "there is no rule" in result.output) == (1, True)


def test_validating_files_works_out_the_holidays_as_saving_does(tmp_path: Path) -> None:
    """A known place is in order, another one is told."""
    path = tmp_path / "calendar.yaml"
    text = "kind: calendar\nid: company\nhours: {mon: ['09:00-17:00']}\nholidays: {country: DE, subdivision: %s}\n"
    path.write_text(text % "BE")
    known = call("validate", COMPANY, str(path))
    path.write_text(text % "ZZ")
    unknown = call("validate", COMPANY, str(path))

    assert known.exit_code == 0, known.output
    assert unknown.exit_code == 1
    assert "no holidays are known of DE ZZ [unknown_holidays]" in unknown.output
