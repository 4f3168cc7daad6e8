"""Reads what `deploy/k8s` builds: workloads, their containers, and what these are told."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from services.edge.kafka import KafkaSettings
from services.edge.topics import Topics, TopicSettings
from services.notifier.settings import SigningSettings
from tests.kustomize import Resource

ROOT = Path(__file__).resolve().parents[1]
K8S = ROOT / "deploy" / "k8s"
FOLDERS = ("base", "overlays/production")
SECRET = "not a secret, but long enough to be taken for one"


def of_kind(built: list[Resource], *kinds: str) -> dict[str, Resource]:
    """Return the resources of these kinds by name."""
    return {one["metadata"]["name"]: one for one in built if one["kind"] in kinds}


def workloads(built: list[Resource]) -> dict[str, Resource]:
    """Return what runs pods."""
    return of_kind(built, "StatefulSet", "Deployment")


def pod(workload: Resource) -> dict[str, Any]:
    """Return the specification of its pods."""
    return cast("dict[str, Any]", workload["spec"]["template"]["spec"])


def container(workload: Resource) -> dict[str, Any]:
    """Return the one container of its pods."""
    (only,) = pod(workload)["containers"]
    return cast("dict[str, Any]", only)


def settings(built: list[Resource]) -> dict[str, str]:
    """Return what all pods are told."""
    (config,) = of_kind(built, "ConfigMap").values()
    return cast("dict[str, str]", config["data"])


def topics_of(built: list[Resource]) -> Topics:
    """Return the topics of the installation."""
    told = settings(built)
    return Topics(told["STAGEWIRE_TOPIC_PREFIX"], int(told["STAGEWIRE_PARTITIONS"]))


def variables(built: list[Resource], workload: Resource) -> dict[str, str]:
    """Return the environment of its container, with something in place of secrets and the pod's name."""
    made = dict(settings(built))
    for one in container(workload)["env"]:
        source = one.get("valueFrom", {})
        if source.get("secretKeyRef", {}).get("optional"):
            continue
        made[one["name"]] = one.get("value") or (SECRET if "secretKeyRef" in source else f"{workload['kind']}-0")
    return made


def settings_of(service: str) -> list[type[BaseSettings]]:
    """Return the classes by which a service reads its environment."""
    needed: dict[str, list[str]] = {
        "gateway": ["gateway", "history", "notifier", "edge.files"], "notifier": ["notifier", "edge.files"],
    }  # fmt: skip
    modules = [importlib.import_module(f"services.{name}.settings") for name in needed.get(service, [service])]
    own = [
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, BaseSettings) and one.__module__ == module.__name__
    ]
    shared: list[type[BaseSettings]] = [KafkaSettings, TopicSettings]
    return [*own, *shared, *([SigningSettings] if service == "history" else [])]


def variables_of(kinds: list[type[BaseSettings]]) -> Iterator[str]:
    """Yield the names of the variables that these classes read."""
    for kind in kinds:
        for name, field in kind.model_fields.items():
            alias = field.validation_alias
            assert not isinstance(alias, AliasChoices), "not thought of here"
            yield str(alias) if alias else f"{kind.model_config['env_prefix']}{name}".upper()
