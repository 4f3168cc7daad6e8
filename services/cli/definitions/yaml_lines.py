"""YAML (and JSON) to plain data that remembers its lines; only what JSON can hold, in the sense of YAML 1.2."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

import yaml

MOST_NODES = 200_000
"""Nodes of one file, aliases counted as often as they stand: a small file cannot grow without end."""
DEEPEST = 40
_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


class YamlError(Exception):
    """The text is no YAML, or more than is taken; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


class Document(NamedTuple):
    """One document of a file; `lines` has the line of each path (`stages[0].kind`), from 1."""

    data: Any
    lines: dict[str, int]

    def line(self, path: str) -> int:
        """Return the line of a path, or of the nearest one above it that was written down."""
        while path and path not in self.lines:
            path = re.sub(r"(\.?[^.\[]+|\[\d+\])$", "", path)
        return self.lines.get(path, 1)


class _Loader(yaml.SafeLoader):
    """Dates stay text, and only true and false are bools: `no` is a country."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, shape) for tag, shape in resolvers if not tag.endswith((":timestamp", ":bool", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def read_yaml(text: str) -> Iterator[Document]:
    """Yield the documents of a file; raises `YamlError`."""
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                yield _Reader(loader).document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(mark.line + 1 if mark else 1, error.problem or str(error)) from None
    except yaml.YAMLError as error:
        raise YamlError(1, str(error).splitlines()[0]) from None
    except RecursionError:
        raise YamlError(1, "nested too deeply") from None
    finally:
        loader.dispose()


class _Reader:
    """Turns one node tree into data and lines."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._lines: dict[str, int] = {}
        self._left = MOST_NODES

    def document(self, node: yaml.Node) -> Document:
        return Document(self._value(node, "", 0), self._lines)

    def _value(self, node: yaml.Node, path: str, depth: int) -> Any:
        self._left -= 1
        line = node.start_mark.line + 1
        if self._left < 0 or depth > DEEPEST:
            raise YamlError(line, f"more than {MOST_NODES} values, or deeper than {DEEPEST}")
        self._lines.setdefault(path, line)
        if isinstance(node, yaml.CollectionNode) and node.tag not in _PLAIN_TAGS:
            raise YamlError(line, f"the tag {node.tag[:60]!r} is not taken")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(part, f"{path}[{at}]", depth + 1) for at, part in enumerate(node.value)]
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in node.value:
            name: Hashable = self._loader.construct_object(key)
            line = key.start_mark.line + 1
            if not isinstance(name, str):
                raise YamlError(line, f"the key {name!r} is not a text: write it in quotes")
            if name in made:
                raise YamlError(line, f"the key {name!r} stands twice")
            inner = f"{path}.{name}" if path else name
            self._lines[inner] = line
            made[name] = self._value(value, inner, depth + 1)
        return made
