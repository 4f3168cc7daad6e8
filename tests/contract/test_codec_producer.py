"""The public contract of `crm.changes`: the example producer is understood and the reference page is complete."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from automation.items.changes import ChangeFrame, CreateItem, SaveItem
from automation.values import Money, Personal
from services.edge.codec import check_key, item_changes
from services.edge.codec.names import field_names
from services.edge.codec.streams import CHANGES, PAYMENT_CHANGES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/crm-changes.md").read_text()


@pytest.fixture(scope="module")
def producer() -> ModuleType:
    """The example, loaded as a platform's developer would run it."""
    spec = importlib.util.spec_from_file_location("send_changes", ROOT / "examples/producer/send_changes.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_platform_without_our_code_creates_an_item(producer: ModuleType) -> None:
    """What it writes with the published schema is the change that it meant, under the right key."""
    amount = ("stagewire.Money", {"minor": 125_000, "currency": "EUR"})
    mail = ("stagewire.Personal", {"text": "a@b.example"})
    key, value = producer.record("CreateItem", "acme", "deal", "7", {"fields": {"amount": amount, "mail": mail}})
    frame, change = item_changes().decode(value)
    check_key(key, frame.key)
    assert change == CreateItem({"amount": Money(125_000, "EUR"), "mail": Personal("a@b.example")})


def test_a_platform_without_our_code_moves_an_item(producer: ModuleType) -> None:
    """What a save leaves out stays as it is."""
    _, value = producer.record("SaveItem", "acme", "deal", "7", {"fields": {}, "stage": "offer"})
    assert item_changes().decode(value)[1] == SaveItem({}, stage="offer")


@pytest.mark.parametrize("cls", [ChangeFrame, *CHANGES.bodies, *PAYMENT_CHANGES.bodies], ids=lambda cls: cls.__name__)
def test_the_reference_page_names_every_change_and_field(cls: type) -> None:
    """A field that is added without a word in the reference page fails here."""
    section = re.search(rf"^##+ `{cls.__name__}`.*?(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, cls.__name__
    missing = [name for name in field_names(cls) if f"`{name}`" not in section.group()]
    assert missing == []
