"""Where Kafka is and how to speak to it: settings, and clients with the defaults that lose nothing."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Literal, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from pydantic import FilePath, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.edge import lenient_records, prompt_connections
from services.edge.broker.local import running_broker
from services.edge.broker.state import BrokerError, home_dir
from services.edge.topics import LARGEST_RECORD

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
OffsetReset = Literal["none", "earliest", "latest"]

TRANSACTION_TIMEOUT_MS = 15_000
SESSION_TIMEOUT_MS = 10_000
_HEARTBEAT_MS = 3_000
_TRANSACTIONAL_BACKOFF_MS = 5  # brokers since 4.0 refuse a produce that overlaps its predecessor's end, for moments
_BACKOFF_MS = 100
_BATCH_BYTES = 128 * 1024


class KafkaSettings(BaseSettings):
    """The cluster and the credentials, from KAFKA_… variables; without KAFKA_BOOTSTRAP_SERVERS the local broker.

    Credentials without a protocol mean SASL_SSL. Sending them unencrypted has to be said: SASL_PLAINTEXT.
    """

    model_config = SettingsConfigDict(env_prefix="KAFKA_", frozen=True, extra="ignore")

    bootstrap_servers: str | None = None
    client_id: str = "stagewire"
    security_protocol: Protocol | None = None
    sasl_mechanism: Mechanism = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    sasl_password_file: FilePath | None = None
    ssl_cafile: FilePath | None = None
    ssl_certfile: FilePath | None = None
    ssl_keyfile: FilePath | None = None
    ssl_key_password: SecretStr | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Refuse settings that would drop protection in silence."""
        if self.sasl_password and self.sasl_password_file:
            raise ValueError("KAFKA_SASL_PASSWORD and KAFKA_SASL_PASSWORD_FILE exclude each other")
        if bool(self.sasl_username) != bool(self.sasl_password or self.sasl_password_file):
            raise ValueError("KAFKA_SASL_USERNAME and a password go together")
        if self.protocol.startswith("SASL") != bool(self.sasl_username):
            raise ValueError(f"{self.protocol} and the SASL credentials contradict each other")
        if self.ssl_cafile and not self.uses_tls:
            raise ValueError(f"KAFKA_SSL_CAFILE is set, but {self.protocol} does not encrypt")
        return self

    @property
    def protocol(self) -> Protocol:
        """Return the protocol in force: encrypted as soon as there is a credential or a certificate."""
        if self.security_protocol:
            return self.security_protocol
        if self.sasl_username:
            return "SASL_SSL"
        return "SSL" if self.ssl_cafile or self.ssl_certfile else "PLAINTEXT"

    @property
    def uses_tls(self) -> bool:
        """Tell whether the connection is encrypted."""
        return self.protocol in ("SSL", "SASL_SSL")


def bootstrap_servers(settings: KafkaSettings, home: Path | None = None) -> str:
    """Return the cluster's address; BrokerError where none is set and no local broker runs."""
    if settings.bootstrap_servers:
        return settings.bootstrap_servers
    local = running_broker(home or home_dir())
    if local is None:
        raise BrokerError("no Kafka: set KAFKA_BOOTSTRAP_SERVERS, or run `stagewire broker start`")
    return local.bootstrap


def client_args(settings: KafkaSettings, home: Path | None = None) -> dict[str, Any]:
    """Return the arguments that every aiokafka client takes: address, protocol, credentials."""
    lenient_records.install()  # here, since every client of ours passes through
    prompt_connections.install()
    args: dict[str, Any] = {
        "bootstrap_servers": bootstrap_servers(settings, home),
        "client_id": settings.client_id,
        "security_protocol": settings.protocol,
    }
    if settings.uses_tls:
        args["ssl_context"] = _tls(settings)
    if settings.sasl_username:
        args |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": _password(settings),
        }
    return args


def producer(
    settings: KafkaSettings, *, transactional_id: str | None = None, compression: Literal["lz4"] | None = "lz4"
) -> AIOKafkaProducer:
    """Return an idempotent producer, not yet started; with `transactional_id`, one that writes transactions."""
    transactional = {"transactional_id": transactional_id, "transaction_timeout_ms": TRANSACTION_TIMEOUT_MS}
    return AIOKafkaProducer(
        **client_args(settings),
        acks="all",
        enable_idempotence=True,
        compression_type=compression,
        max_request_size=LARGEST_RECORD,
        max_batch_size=_BATCH_BYTES,
        retry_backoff_ms=_TRANSACTIONAL_BACKOFF_MS if transactional_id else _BACKOFF_MS,
        **(transactional if transactional_id else {}),
    )


def consumer(
    settings: KafkaSettings,
    group: str | None,
    *,
    offset_reset: OffsetReset,
    read_committed: bool = True,
    instance_id: str | None = None,
) -> AIOKafkaConsumer:
    """Return a consumer, not yet started nor subscribed, that commits nothing by itself.

    `instance_id` makes it a static member, which keeps its partitions over a restart.
    """
    return AIOKafkaConsumer(
        **client_args(settings),
        group_id=group,
        group_instance_id=instance_id,
        auto_offset_reset=offset_reset,
        enable_auto_commit=False,
        isolation_level="read_committed" if read_committed else "read_uncommitted",
        session_timeout_ms=SESSION_TIMEOUT_MS,
        heartbeat_interval_ms=_HEARTBEAT_MS,
    )


def admin(settings: KafkaSettings) -> AIOKafkaAdminClient:
    """Return an admin client, not yet started."""
    return AIOKafkaAdminClient(**client_args(settings))


def _tls(settings: KafkaSettings) -> ssl.SSLContext:
    """Return a context that checks certificate and host name."""
    context = ssl.create_default_context(cafile=settings.ssl_cafile)
    if settings.ssl_certfile:
        secret = settings.ssl_key_password
        password = secret.get_secret_value() if secret else None
        context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile, password)
    return context


def _password(settings: KafkaSettings) -> str:
    if settings.sasl_password_file:
        return settings.sasl_password_file.read_text("utf-8").strip()
    return settings.sasl_password.get_secret_value() if settings.sasl_password else ""
