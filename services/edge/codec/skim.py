"""The head of an event without the rest: who it belongs to, its version and time; for readers that need no more.

An index or a board asks most events for these alone. Texts between them are passed over without being decoded, which
takes a quarter of the time of a whole envelope. What is passed over is not checked beyond its lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, NamedTuple

from services.edge.codec.errors import SchemaError
from services.edge.codec.generated import Source
from services.edge.codec.names import Schema, kind_of
from services.edge.codec.read import read_long, read_text

KEY = ("tenant", "item_type", "item_id")
"""Fields of the envelope that make the key, each a text."""
NUMBERS = ("version", "recorded_at")


class Head(NamedTuple):
    """What an index or a board needs of an event."""

    kind: str
    """Name of its class."""
    key: bytes
    """`tenant/type/id`, as the envelope says it."""
    version: int
    recorded_at: int
    event: Any
    """The event itself where its kind was wanted, else `None`."""


Skim = Callable[[bytes, int], tuple[bytes, int, int, int]]
"""From bytes and position to key, version, `recorded_at`, and the position after the envelope."""

Wanted = Container[str]
"""Names of the classes whose events are read whole."""


def compile_skimmer(frame: Schema) -> Skim:
    """Return what skims envelopes of a schema; raises `SchemaError` where a field is missing or no text or number."""
    source = Source("buffer", "at")
    text, long = source.name(read_text), source.name(read_long)
    found = {field["name"]: f"v{place}" for place, field in enumerate(frame["fields"])}
    if missing := {*KEY, *NUMBERS} - found.keys():
        raise SchemaError(f"{frame['name']} has no {', '.join(sorted(missing))}")
    for field in frame["fields"]:
        name, kind = field["name"], kind_of(field["type"]) if not isinstance(field["type"], list) else "union"
        if kind == "string" and name not in NUMBERS:
            _text(source, text, found[name] if name in KEY else "")
        elif kind in ("int", "long") and name not in KEY:
            _long(source, long, found[name])
        else:
            raise SchemaError(f"{frame['name']}.{name} is a {kind}")
    key, (version, recorded_at) = " + b'/' + ".join(found[name] for name in KEY), (found[name] for name in NUMBERS)
    source.add("if at > len(buffer): raise IndexError('the record ends too early')")
    tenant, item_type, item_id = (found[name] for name in KEY)
    source.add(f"if not ({tenant} and {item_type} and {item_id}) or 47 in {tenant} or 47 in {item_type}:")
    source.add("raise ValueError('tenant, type or id is empty, or one of the first two has a `/`')", indent=1)
    source.add(f"return {key}, {version}, {recorded_at}, at")
    made: Skim = source.compile()
    return made


def _text(source: Source, read: str, into: str) -> None:
    source.add("size = buffer[at]")
    if into:
        source.add(f"if size & 129: kept, at = {read}(buffer, at); {into} = kept.encode()")
        source.add(f"else: start = at + 1; at = start + (size >> 1); {into} = buffer[start:at]")
    else:
        source.add(f"if size & 129: _, at = {read}(buffer, at)", "else: at += 1 + (size >> 1)")


def _long(source: Source, read: str, into: str) -> None:
    source.add("size = buffer[at]", f"if size < 128: {into} = (size >> 1) ^ -(size & 1); at += 1")
    source.add(f"else: {into}, at = {read}(buffer, at)")
