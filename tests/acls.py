"""Gives a cluster the rights that `deploy/k8s` asks of Strimzi, as its user operator would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from aiokafka.protocol.admin import CreateAclsRequest

from services.edge.kafka import KafkaSettings, admin

USERS = Path(__file__).resolve().parents[1] / "deploy" / "k8s" / "base" / "kafka" / "users.yaml"
_RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactionalId": 5}
_PATTERNS = {"literal": 3, "prefix": 4}
_OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8}
_ALLOW = 3


class Right(NamedTuple):
    """Something that a user may do."""

    user: str
    operation: int
    kind: int
    name: str
    pattern: int


def rights(file: Path = USERS) -> Iterator[Right]:
    """Yield what the manifests allow."""
    for user in yaml.safe_load_all(file.read_text("utf-8")):
        for acl in user["spec"]["authorization"]["acls"]:
            what = acl["resource"]
            place = _RESOURCES[what["type"]], what["name"], _PATTERNS[what["patternType"]]
            yield from (Right(user["metadata"]["name"], _OPERATIONS[one], *place) for one in acl["operations"])


async def grant(operator: KafkaSettings, *given: Right) -> None:
    """Create the ACLs."""
    client = admin(operator)
    await client.start()
    try:
        for one in given:
            request: Any = CreateAclsRequest(
                one.kind, one.name, one.pattern, f"User:{one.user}", "*", one.operation, _ALLOW
            )
            answer: Any = await client._send_request(request)
            ((code, message),) = answer.creation_responses
            assert code == 0, (one, message)
    finally:
        await client.close()
