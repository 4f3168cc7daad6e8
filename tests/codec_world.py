"""Values of every class that travels, drawn from their annotations, and frames to go with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from automation.envelope import Envelope
from automation.items.changes import ChangeFrame
from services.edge.codec import Signer
from services.edge.codec.names import field_names

SIGNER = Signer([b"a secret of this test, long enough"])

ENVELOPE = Envelope(
    event_id="0123456789abcdef0123456789abcdef", tenant="acme", item_type="deal", item_id="D/17", version=3,
    occurred_at=1_790_000_000_000, recorded_at=1_790_000_000_250, actor="user:7", on_behalf_of="", source="manual",
    cause_id="c-1", root_id="c-1", depth=0, change_id="c-1", definitions_version=12, engine_release="0.1.0",
)  # fmt: skip

FRAME = ChangeFrame(
    change_id="c-1", tenant="acme", item_type="deal", item_id="D/17", occurred_at=1_790_000_000_000, source="manual",
    actor="user:7", source_seq=0, cause_id="", root_id="c-1", depth=0, definitions_version=0, signature=b"",
)  # fmt: skip

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
_LONG = st.integers(-(2**63), 2**63 - 1)
_PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    type(None): st.none(),
    bool: st.booleans(),
    int: _LONG,
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: _TEXT,
    bytes: st.binary(max_size=40),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for an annotation, such as a class of `automation/items/events.py`."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(args)
    if origin in (Union, UnionType):
        return st.one_of([values_of(arg) for arg in args])
    if origin is Literal:
        return st.sampled_from(args)
    if origin is tuple:
        return st.lists(values_of(args[0]), max_size=3).map(tuple)
    if origin is frozenset:
        return st.frozensets(values_of(args[0]), max_size=3)
    if origin is not None:
        return st.dictionaries(_TEXT, values_of(args[1]), max_size=3)
    hints = get_type_hints(hint)
    assert dataclasses.is_dataclass(hint) or hasattr(hint, "_fields")
    return st.builds(hint, **{name: values_of(hints[name]) for name in field_names(hint)})
