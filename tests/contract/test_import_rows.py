"""What a spreadsheet's rows become: changes with ids of their own, rejected rows with reasons, a directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from automation.definitions import models as m
from automation.definitions.validation import id_of, view_of
from automation.items.changes import CreateItem, SaveItem
from automation.values import Money
from services.cli.importing.directory import definitions_of
from services.cli.importing.mapping import MappingError, read_mapping
from services.cli.importing.rows import Batch, RejectedError, RowMaker
from services.cli.importing.table import Rejected, Table, TableError, digest_of
from services.cli.values import moment
from tests.core.spec import CATALOGUE, PEOPLE, kind_of, pipeline

EXAMPLES = Path(__file__).parents[2] / "examples" / "import"
HEADER = ["Number", "Who", "State", "Opened", "Closed", "Value"]
MAPPING = """
written: {currency: EUR}
item:
  item_type: deal
  id: "{Number}"
  created_at: "{Opened}"
  responsible: "{Who|user}"
  fields: {title: "Deal {Number}"}
  stage: "{State}"
  stages: {Open: invoice_sent, Won: won}
  then: {at: "{Closed}", first_stage: new, fields: {amount: "{Value}"}}
"""


@pytest.fixture
def maker(tmp_path: Path):
    """Return a function that makes the row maker of a mapping."""

    def make(text: str = MAPPING) -> RowMaker:
        path = tmp_path / "mapping.yaml"
        path.write_text(text, "utf-8")
        made = {(kind_of(one), id_of(one)): one for one in (pipeline(), *PEOPLE)}
        view = view_of(CATALOGUE, "acme", made)
        return RowMaker(read_mapping(path), HEADER, view, Batch("acme", "digest", 99, 7, run_automation=False))

    return make


def test_a_closed_row_is_created_first_and_moved_on_its_day(maker):
    """Two changes of one item, each at its own time, both from the import and quiet."""
    (created, make), (closed, save) = maker().changes(
        3, ["7", "Ann Example", "Won", "2026-01-02", "2026-02-03", "12.5"]
    )
    assert make == CreateItem({"title": "Deal 7"}, stage="new", responsible="ann")
    assert save == SaveItem({"amount": Money(1250, "EUR")}, stage="won")
    assert (created.occurred_at, closed.occurred_at) == (moment("2026-01-02"), moment("2026-02-03"))
    assert {created.source, closed.source} == {"file_import"}
    assert created.definitions_version == 7


def test_an_open_row_is_created_in_its_stage(maker):
    """Without a closing day there is one change."""
    ((_, make),) = maker().changes(3, ["8", "", "Open", "2026-01-02", "", ""])
    assert make == CreateItem({"title": "Deal 8"}, stage="invoice_sent")


def test_change_ids_depend_on_file_and_row_alone(maker):
    """A second run of the same file sends the same ids, another row other ones."""
    row = ["7", "", "Won", "2026-01-02", "2026-02-03", ""]
    ids = [frame.change_id for frame, _ in maker().changes(3, row)]
    assert [frame.change_id for frame, _ in maker().changes(3, row)] == ids
    assert len({*ids, *(frame.change_id for frame, _ in maker().changes(4, row))}) == 4


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["", "", "Open", "", "", ""], "id"),
        (["a/b", "", "Open", "", "", ""], "id"),
        (["1", "Nobody", "Open", "", "", ""], "no employee named 'Nobody'"),
        (["1", "", "Strange", "", "", ""], "stage 'Strange'"),
        (["1", "", "Open", "yesterday", "", ""], "is no time such as"),
        (["1", "", "Won", "2026-01-02", "2026-01-03", "lots"], "amount: 'lots'"),
        (["1", "", "Open"], "3 values instead of 6"),
    ],
)
def test_a_row_that_makes_no_item_says_why(maker, row, reason):
    """Each reason names the column's meaning and the value."""
    with pytest.raises(RejectedError, match=reason):
        maker().changes(1, row)


def test_a_mapping_is_checked_before_the_first_row(maker):
    """All that it has wrong against header and definitions, at once."""
    wrong = MAPPING.replace("{Number}", "{Nr}").replace("won}", "gone}").replace("{title:", "{name_of_deal:")
    with pytest.raises(ValueError, match="Nr") as refused:
        maker(wrong)
    assert "gone" in str(refused.value)
    assert "name_of_deal" in str(refused.value)


def test_a_misspelt_mapping_names_its_line(maker):
    """The line of the key that nobody knows."""
    with pytest.raises(MappingError, match=r"mapping\.yaml:6"):
        maker(MAPPING.replace("created_at", "createdat"))


def test_rejected_rows_are_kept_with_line_and_reason(tmp_path):
    """The file can be mended and imported again."""
    rejected = Rejected(tmp_path / "r.csv", ["A"], resume=False)
    rejected.add(4, "why", ["x"])
    rejected.close()
    assert (tmp_path / "r.csv").read_text().splitlines() == ["line,reason,A", "4,why,x"]


def test_a_broken_file_is_told_with_its_line(tmp_path, maker):
    """A quote that never closes, and bytes that are no text."""
    for content in (b'A,B\n1,"2\n', b"A,B\n1,\xff\n"):
        (tmp_path / "t.csv").write_bytes(content)
        with pytest.raises(TableError):
            list(Table(tmp_path / "t.csv", read_mapping(EXAMPLES / "opportunities.yaml").written).rows())


def test_a_digest_tells_files_apart(tmp_path):
    """One byte makes another import."""
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    assert digest_of(tmp_path / "a") != digest_of(tmp_path / "b")


def test_the_example_directory_has_people_teams_and_offices(tmp_path):
    """Each distinct id once: a manager heads a team below an office."""
    mapping = read_mapping(EXAMPLES / "people.yaml")
    table = Table(EXAMPLES / "people.csv", mapping.written)
    made = definitions_of(mapping, table, Rejected(tmp_path / "r.csv", table.header, resume=False))
    assert made.flaws == []
    assert made.definitions["department", "team-ida-lund"] == m.Department(
        id="team-ida-lund", name="Team Ida Lund", parent="north", head="ida-lund"
    )
    users = {name for kind, name in made.definitions if kind == "user"}
    assert users == {"nora-feld", "emil-grant", "rosa-quinn", "ida-lund", "max-adler"}
