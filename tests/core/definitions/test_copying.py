"""Copying rules and triggers between pipelines: stages by map, id, title; all that does not fit is told."""

from __future__ import annotations

from collections.abc import Mapping

from automation.definitions import models as m
from automation.definitions.copying import Copied, Wish, copy_automation
from automation.definitions.tenant_view import TenantView
from automation.definitions.validation import check
from tests.core.spec import CATALOGUE, PEOPLE, TENANT, book_of, pipeline, rule, trigger

LINK = rule("link", "create_payment_link", "invoice_sent", {}, order=1)
NOTE = rule(
    "note", "add_item_comment", "invoice_sent", {"text": "Pay at {{ result:link.payment_link }}"}, order=2,
    condition={"any": [{"result": "link.payment_link", "op": "not_empty"}, {"field": "title", "op": "empty"}]},
)  # fmt: skip
PAID = trigger("paid", "track_order_payment", "assembly")
OTHER = m.Pipeline(
    id="export", item_type="deal", title="Export",
    stages=(
        m.Stage(id="assembly", title="Anything"), m.Stage(id="s2", title="invoice SENT"),
        m.Stage(id="end", title="End", kind="final_success"),
    ),
)  # fmt: skip


def view_of(*more: m.Definition) -> TenantView:
    """Return a company with a pipeline of rules and one without."""
    found = book_of(pipeline(), OTHER, *PEOPLE, LINK, NOTE, PAID, *more).tenant(TENANT)
    assert found is not None
    return found


def copied(*more: m.Definition, stages: Mapping[str, str] | None = None, **wish: object) -> Copied:
    """Copy main to export."""
    return copy_automation(view_of(*more), Wish(("deal", "main"), ("deal", "export"), stages or {}, **wish))  # type: ignore[arg-type]


def told(found: Copied) -> list[tuple[str, str]]:
    """Return whom each flaw is about, and its rule; there are no copies beside flaws."""
    assert not found.definitions
    return [(flaw.id, flaw.rule) for flaw in found.flaws]


def test_stages_are_found_by_id_then_by_title() -> None:
    """`assembly` is there under its id, `invoice_sent` under another one with its title."""
    found = copied()
    assert {name: made.stage for (_, name), made in found.definitions.items()} == {
        "export-link": "s2", "export-note": "s2", "export-paid": "assembly",
    }  # fmt: skip
    assert {(made.pipeline, made.status) for made in found.definitions.values()} == {("export", "draft")}


def test_copies_insert_the_results_of_copies() -> None:
    """Parameters and conditions name the new rules, and the whole passes the checks of saving."""
    found = copied(status="active")
    note = found.definitions["rule", "export-note"]
    assert note.params == {"text": "Pay at {{result:export-link.payment_link}}"}
    assert note.condition["any"][0] == {"result": "export-link.payment_link", "op": "not_empty"}
    assert check(CATALOGUE, TENANT, view_of().current, dict(found.definitions)).flaws == ()


def test_a_stage_can_be_mapped_by_hand() -> None:
    """What is given wins."""
    assert copied(stages={"invoice_sent": "assembly"}).definitions["rule", "export-link"].stage == "assembly"


def test_every_unmapped_stage_is_told_and_nothing_is_copied() -> None:
    """The two rules on a stage that the target lacks are both named."""
    won = [rule(f"won{n}", "add_item_comment", "won", {"text": "x"}) for n in (1, 2)]
    assert told(copied(*won)) == [("won1", "unmapped_stage"), ("won2", "unmapped_stage")]


def test_a_title_that_stands_twice_maps_nothing() -> None:
    """Guessing would be worse."""
    twice = OTHER.model_copy(update={"stages": (*OTHER.stages[:2], m.Stage(id="s3", title="Invoice sent"))})
    found = copied(twice)
    assert told(found) == [("link", "unmapped_stage"), ("note", "unmapped_stage")]


def test_stages_of_the_map_exist() -> None:
    """On both sides."""
    assert told(copied(stages={"moon": "s2", "new": "mars"})) == [
        ("main", "unknown_stage"),
        ("export", "unknown_stage"),
    ]


def test_what_was_copied_before_is_not_copied_again() -> None:
    """A second copy would run everything twice."""
    first = copied().definitions["rule", "export-link"]
    assert told(copied(first)) == [("link", "twice")]


def test_only_chosen_ones_are_copied_and_must_exist() -> None:
    """A misspelt name is an error."""
    assert list(copied(only=(("trigger", "paid"),)).definitions) == [("trigger", "export-paid")]
    assert told(copied(only=(("rule", "lnk"),))) == [("lnk", "unknown")]


def test_archived_rules_stay_where_they_are() -> None:
    """They are history."""
    old = rule("old", "add_item_comment", "won", {"text": "x"}, status="archived")
    assert ("rule", "export-old") not in copied(old).definitions


def test_unknown_pipelines_are_told() -> None:
    """Both of them."""
    found = copy_automation(view_of(), Wish(("deal", "a"), ("lead", "b"), {}))
    assert told(found) == [("a", "unknown_pipeline"), ("b", "unknown_pipeline")]
