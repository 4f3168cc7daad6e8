"""Puts `payment_tracker` together: codecs, stream and loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from prometheus_client import CollectorRegistry

from automation.payments.decide import LinkFor
from services.edge.codec import ChangeCodec, EventCodec, Signer, item_changes, payment_changes, payment_events
from services.edge.health import HealthPort
from services.edge.kafka import KafkaSettings
from services.edge.processor import Processor, ProcessorSettings
from services.edge.topics import Topics, TopicSettings
from services.payment_tracker.links import link_maker
from services.payment_tracker.settings import TrackerSettings
from services.payment_tracker.stream import PaymentStream


class Codecs(NamedTuple):
    """What reads and writes the records of payments and those for items."""

    payments: ChangeCodec
    events: EventCodec
    items: ChangeCodec

    @classmethod
    def of(cls, signing_secrets: Sequence[bytes]) -> Codecs:
        """Return codecs that sign with the first secret and accept each."""
        signer = Signer(signing_secrets)
        return cls(payment_changes(signer), payment_events(), item_changes(signer))


def build_stream(topics: Topics, codecs: Codecs, link_for: LinkFor, release: str) -> PaymentStream:
    """Return the stream of payables."""
    return PaymentStream(topics, codecs.payments, codecs.events, codecs.items, link_for, release)


class Tracker(NamedTuple):
    """A worker with its health port; neither runs yet."""

    worker: Processor
    health: HealthPort


def build(settings: TrackerSettings, topics: TopicSettings, kafka: KafkaSettings, release: str) -> Tracker:
    """Put the service together; raises `ValueError` for secrets that are too short."""
    link_for = link_maker(str(settings.link_base), settings.link_secret.get_secret_value().encode())
    stream = build_stream(Topics.of(topics), Codecs.of(settings.signing_keys()), link_for, release)
    places = ProcessorSettings(data_dir=settings.data_dir, instance_id=settings.instance_id)
    registry = CollectorRegistry()
    worker = Processor(stream, places, kafka, registry=registry)
    return Tracker(worker, HealthPort(worker.alive, worker.ready, registry, settings.health_port))
