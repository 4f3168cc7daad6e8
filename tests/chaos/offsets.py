"""Deletes a group's committed offsets (OffsetDelete, which aiokafka does not speak)."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int16, Int32, Schema, String

from tests.chaos.subject import Place, load

_NAME = String("utf-8")
_GROUP_IN_USE = 86  # GROUP_SUBSCRIBED_TO_TOPIC: a killed member is still believed to be there


class _OffsetDeleteResponse(Response):
    API_KEY = 47
    API_VERSION = 0
    SCHEMA = Schema(
        ("error_code", Int16),
        ("throttle_time_ms", Int32),
        ("topics", Array(("topic", _NAME), ("partitions", Array(("partition", Int32), ("error_code", Int16))))),
    )


class _OffsetDeleteStruct(RequestStruct):
    API_KEY = 47
    API_VERSION = 0
    RESPONSE_TYPE = _OffsetDeleteResponse
    SCHEMA = Schema(("group", _NAME), ("topics", Array(("topic", _NAME), ("partitions", Array(Int32)))))


class _OffsetDelete(Request[_OffsetDeleteStruct]):
    API_KEY: ClassVar[int] = 47

    def __init__(self, group: str, topic: str, partitions: int) -> None:
        self._wanted = (group, [(topic, list(range(partitions)))])

    def build(self, request_struct_class: type[_OffsetDeleteStruct]) -> _OffsetDeleteStruct:
        """Name the partitions."""
        return request_struct_class(*self._wanted)


async def forget_offsets(place: Place, seconds: float = 20.0) -> int:
    """Delete the offsets of all partitions and return how many went; waits until the group has no members."""
    stream = load(place.subject).stream(place.prefix)
    admin = AIOKafkaAdminClient(bootstrap_servers=place.bootstrap)
    await admin.start()
    try:
        async with asyncio.timeout(seconds):
            while True:
                node = await admin.find_coordinator(stream.name)
                request = _OffsetDelete(stream.name, stream.inbox, place.partitions)
                response = await admin._send_request_to_node(node, request)
                codes = [code for _, parts in response.topics for _, code in parts]
                if _GROUP_IN_USE not in [response.error_code, *codes]:
                    return codes.count(0)
                await asyncio.sleep(0.5)
    finally:
        await admin.close()
