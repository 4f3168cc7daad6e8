"""Builds a kustomization without kustomize: the part of it that `deploy/k8s` uses, and an error for all else.

`tests/test_deploy.py` proves it equal to the real one wherever a `kustomize` or `kubectl` is installed.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from pathlib import Path
from typing import Any, TypeAlias

import yaml

Resource: TypeAlias = dict[str, Any]

_KNOWN = {"apiVersion", "kind", "namespace", "labels", "resources", "configMapGenerator", "images", "patches"}
_DIGITS = str.maketrans("013ae", "ghkmt")


class UnknownToUsError(Exception):
    """The kustomization uses something that this module does not build."""


def build(folder: Path) -> list[Resource]:
    """Return the resources, sorted by kind and name; raises UnknownToUsError."""
    built = _load(folder)
    renamed = {one["metadata"]["name"]: _hashed(one) for one in built if one["kind"] == "ConfigMap"}
    for one in built:
        _rename(one, renamed)
    return in_order(built)


def in_order(resources: list[Resource]) -> list[Resource]:
    """Return resources in an order that does not depend on who built them."""
    return sorted(resources, key=lambda one: (one["kind"], one["metadata"]["name"]))


def _load(folder: Path) -> list[Resource]:
    said = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    if unknown := said.keys() - _KNOWN:
        raise UnknownToUsError(", ".join(sorted(unknown)))
    found = [one for name in said["resources"] for one in _resources(folder / name)]
    for made in said.get("configMapGenerator", ()):
        _generate(found, made)
    for patch in said.get("patches", ()):
        found = _patch_all(found, patch, yaml.safe_load((folder / patch["path"]).read_text("utf-8")))
    for one in found:
        _set_namespace(one, said["namespace"])
        _add_labels(one, said.get("labels", ()))
        _set_image(one, said.get("images", ()))
    return found


def _resources(path: Path) -> list[Resource]:
    return _load(path.resolve()) if path.is_dir() else list(yaml.safe_load_all(path.read_text("utf-8")))


def _generate(found: list[Resource], made: dict[str, Any]) -> None:
    if unknown := made.keys() - {"name", "behavior", "literals"}:
        raise UnknownToUsError(", ".join(sorted(unknown)))
    data = dict(literal.split("=", 1) for literal in made["literals"])
    if made.get("behavior") == "merge":
        (there,) = [one for one in found if (one["kind"], one["metadata"]["name"]) == ("ConfigMap", made["name"])]
        there["data"] |= data
    else:
        found.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": made["name"]}, "data": data})


def _hashed(config: Resource) -> str:
    """Return the name with the hash of the contents, as kustomize writes it: the name itself is not hashed."""
    name = config["metadata"]["name"]
    text = json.dumps({"data": config["data"], "kind": "ConfigMap", "name": ""}, sort_keys=True, separators=(",", ":"))
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:10].translate(_DIGITS)}"


def _rename(one: Resource, renamed: dict[str, str]) -> None:
    if one["kind"] == "ConfigMap":
        one["metadata"]["name"] = renamed[one["metadata"]["name"]]
    for container in _pod(one).get("containers", ()):
        for source in container.get("envFrom", ()):
            source["configMapRef"]["name"] = renamed[source["configMapRef"]["name"]]


def _pod(one: Resource) -> dict[str, Any]:
    return one["spec"]["template"]["spec"] if one["kind"] in ("StatefulSet", "Deployment") else {}


def _set_namespace(one: Resource, namespace: str) -> None:
    one["metadata"]["name" if one["kind"] == "Namespace" else "namespace"] = namespace


def _add_labels(one: Resource, labels: list[dict[str, Any]]) -> None:
    for each in labels:
        if each.keys() != {"pairs"}:
            raise UnknownToUsError("labels may have pairs only")
        one["metadata"].setdefault("labels", {}).update(each["pairs"])


def _set_image(one: Resource, images: list[dict[str, str]]) -> None:
    for container in _pod(one).get("containers", ()):
        for image in images:
            # An overlay speaks of the name in the base's files or of what the base made of it: here they are the same.
            if container["image"].split(":")[0] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"


def _patch_all(found: list[Resource], patch: dict[str, Any], operations: list[dict[str, Any]]) -> list[Resource]:
    if patch.keys() != {"path", "target"} or not patch["target"].keys() <= {"kind", "name"}:
        raise UnknownToUsError("a patch has a path, and a target by kind and name")
    hit = [one for one in found if _is_target(one, patch["target"])]
    if not hit:
        raise UnknownToUsError(f"{patch['path']} patches nothing")
    return [_patched(one, operations) if one in hit else one for one in found]


def _is_target(one: Resource, target: dict[str, str]) -> bool:
    values = {"kind": one["kind"], "name": one["metadata"]["name"]}
    return all(re.fullmatch(pattern, values[field]) for field, pattern in target.items())


def _patched(one: Resource, operations: list[dict[str, Any]]) -> Resource:
    """Apply a JSON patch (RFC 6902: add, remove, replace)."""
    patched = copy.deepcopy(one)
    for operation in operations:
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        place: Any = patched
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place[part]
        _apply(place, last, operation)
    return patched


def _apply(place: Any, last: str, operation: dict[str, Any]) -> None:
    value = copy.deepcopy(operation.get("value"))
    match operation["op"], place, last:
        case "add", list(), "-":
            place.append(value)
        case "add", dict(), _:
            place[last] = value
        case "replace", dict(), _ if last in place:
            place[last] = value
        case "remove", dict(), _:
            del place[last]
        case other:
            raise UnknownToUsError(f"{other[0]} {operation['path']}")
