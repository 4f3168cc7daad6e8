"""The action `bp_create_deal` (spec 4.18); what it shares with leads is tested there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.catalogue.making_world import failed, refused, results, rows, run, world

TYPE = "bp_create_deal"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({}, ("main", "new")),
        ({"stage": "won"}, ("main", "won")),
        ({"pipeline": "shop"}, ("shop", "new")),
        ({"pipeline": "{{field:comments}}", "stage": "lost"}, ("shop", "lost")),
    ],
)
def test_where_it_starts(given: dict[str, Any], place: tuple[str, str]) -> None:
    """At the first stage of the main pipeline, unless fields say otherwise."""
    made = run(world(comments="shop"), TYPE, fields=rows(title="New", **given))

    (deal,) = [found for found in made.items("deal") if found.item_id != "1"]
    assert (deal.pipeline, deal.stage, deal.fields["title"]) == (*place, "New")
    assert results(made) == {"item_id": deal.item_id}


def test_a_pipeline_that_is_not_there() -> None:
    """Nothing is created."""
    made = run(world(), TYPE, fields=rows(pipeline="moon"))

    assert (failed(made), len(made.items("deal"))) == ("invalid_value:pipeline", 1)


def test_what_saving_refuses() -> None:
    """Fields of deals alone."""
    assert refused(TYPE, {"fields": rows(budget=1)}, item_type="lead") == {"fields[0]"}
