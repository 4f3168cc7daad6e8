"""The OpenAPI document and the reference page say what the code does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.gateway.app import routes_only
from services.gateway.openapi import document, text_of

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGE = (REFERENCE / "http-api.md").read_text()


def test_the_committed_document_is_that_of_the_code():
    """`stagewire openapi > docs/reference/openapi.json` renews it."""
    assert (REFERENCE / "openapi.json").read_text() == text_of(routes_only())


def test_every_reference_of_the_document_leads_somewhere():
    """Bodies are named by hand in the routes: each name is a schema."""
    found = document(routes_only())
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(found)))
    assert names <= found["components"]["schemas"].keys()
    assert found["openapi"] == "3.1.0"


def test_every_body_is_closed():
    """No schema of a body takes fields that it does not name."""
    schemas = document(routes_only())["components"]["schemas"]
    objects = {name for name, schema in schemas.items() if "properties" in schema and name != "Problem"}
    assert {name for name in objects if schemas[name].get("additionalProperties") is not False} == set()


def test_the_page_lists_every_route_with_its_role():
    """A route is in the table, with the role that the code asks for."""
    for path, methods in document(routes_only())["paths"].items():
        for method, operation in methods.items():
            role = operation["x-role"]
            wanted = f"| `{method.upper()} {path}` | {role if role != 'public' else ''}"
            assert wanted in PAGE


def test_the_page_explains_every_code():
    """Each code of a problem in the sources stands on the page."""
    assert [code for code in _codes() if f"`{code}`" not in PAGE] == []


def _codes() -> Iterator[Any]:
    for file in (ROOT / "services" / "gateway").rglob("*.py"):
        yield from re.findall(r'Problem\(\s*\d{3},\s*"(\w+)"', file.read_text())
