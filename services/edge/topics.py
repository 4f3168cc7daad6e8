"""The topics of Stagewire, declared once: names, partitions, how long they keep what."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, NamedTuple

from aiokafka.partitioner import murmur2
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

LARGEST_CHANGE = 1024 * 1024
"""Bytes of the largest record that is taken from outside."""
LARGEST_RECORD = 10 * 1024 * 1024
"""Bytes of the largest record that our own services write."""

_AROUND = 64 * 1024  # key, headers and batch around a value that is just allowed
_DAY = 24 * 60 * 60 * 1000
_INBOX_DAYS = 14  # longer than the longest stop that has to be survived
_DEAD_LETTER_DAYS = 42
_COMPACTED_SEGMENT = 128 * 1024 * 1024  # the segment in use is never compacted, so it must not be large

Config = Mapping[str, str]


class Topic(NamedTuple):
    """One declared topic; `config` holds what differs from a broker's defaults."""

    name: str
    partitions: int
    config: Config


class TopicSettings(BaseSettings):
    """What an installation may choose about topics; it is chosen once."""

    model_config = SettingsConfigDict(env_prefix="STAGEWIRE_", frozen=True)

    topic_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,100}$")] = ""
    partitions: Annotated[int, Field(ge=1, le=10_000)] = 8


class Topics(NamedTuple):
    """The names of the topics behind a prefix; `partitions` is that of every topic keyed by item or payable."""

    prefix: str = ""
    partitions: int = 8

    @classmethod
    def of(cls, settings: TopicSettings) -> Topics:
        """Return the topics of an installation."""
        return cls(settings.topic_prefix, settings.partitions)

    @property
    def changes(self) -> str:
        """Inbox of the engine, keyed by item; stamped by the broker."""
        return f"{self.prefix}crm.changes"

    @property
    def events(self) -> str:
        """The log of items; kept for ever."""
        return f"{self.prefix}crm.events"

    @property
    def effects(self) -> str:
        """Work outside the log, keyed by item."""
        return f"{self.prefix}crm.effects"

    @property
    def payments(self) -> str:
        """Inbox of the payment tracker, keyed by payable; stamped by the broker."""
        return f"{self.prefix}crm.payments"

    @property
    def payment_events(self) -> str:
        """The log of payables; kept for ever."""
        return f"{self.prefix}crm.payment-events"

    @property
    def payment_snapshots(self) -> str:
        """States of payables; compacted."""
        return f"{self.prefix}crm.payment-snapshots"

    @property
    def definitions(self) -> str:
        """Every version of every definition; its one partition's offset is the definitions version."""
        return f"{self.prefix}crm.definitions"

    @property
    def definitions_view(self) -> str:
        """The latest definitions with their offsets; compacted."""
        return f"{self.prefix}crm.definitions-view"

    @property
    def definitions_writer(self) -> str:
        """Transactional id of whoever saves definitions: who begins to edit later ends the edit of who began before."""
        return f"{self.prefix}definitions"

    @property
    def snapshots(self) -> str:
        """States of items; compacted."""
        return f"{self.prefix}crm.snapshots"

    @property
    def dead_letters(self) -> str:
        """What could not be processed, with its origin and error."""
        return f"{self.prefix}crm.dead-letters"

    def declared(self) -> tuple[Topic, ...]:
        """Return all topics with their partitions and configurations."""
        keyed = self.partitions
        return (
            Topic(self.changes, keyed, _inbox()),
            Topic(self.events, keyed, _log()),
            Topic(self.effects, keyed, _for_days(_INBOX_DAYS)),
            Topic(self.payments, keyed, _inbox()),
            Topic(self.payment_events, keyed, _log()),
            Topic(self.payment_snapshots, keyed, _compacted()),
            Topic(self.definitions, 1, _log()),
            Topic(self.definitions_view, 1, _compacted()),
            Topic(self.snapshots, keyed, _compacted()),
            Topic(self.dead_letters, keyed, _for_days(_DEAD_LETTER_DAYS)),
        )


def partition_for(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's Java client and aiokafka choose for `key` (murmur2)."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def _config(cleanup: str, days: int | None, largest: int, **more: str) -> Config:
    kept = {
        "cleanup.policy": cleanup,
        "retention.ms": str(-1 if days is None else days * _DAY),
        "retention.bytes": "-1",
        "max.message.bytes": str(largest + _AROUND),
        "unclean.leader.election.enable": "false",
    }
    return MappingProxyType(kept | {name.replace("_", "."): value for name, value in more.items()})


def _inbox() -> Config:
    """Taken from outside, and stamped with the time at which the broker appended it."""
    return _config("delete", _INBOX_DAYS, LARGEST_CHANGE, message_timestamp_type="LogAppendTime")


def _log() -> Config:
    return _config("delete", None, LARGEST_RECORD)


def _for_days(days: int) -> Config:
    return _config("delete", days, LARGEST_RECORD)


def _compacted() -> Config:
    return _config("compact", None, LARGEST_RECORD, segment_bytes=str(_COMPACTED_SEGMENT))
