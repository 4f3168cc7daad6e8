"""Settings of the Kafka clients: protection is never dropped in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.edge.broker import BrokerError
from services.edge.kafka import KafkaSettings, client_args


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KAFKA_")]:
        monkeypatch.delenv(name)


def test_credentials_without_a_protocol_are_sent_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """aiokafka by itself would send them in the clear."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "k:9092")
    monkeypatch.setenv("KAFKA_SASL_USERNAME", "u")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "s3cret")
    args = client_args(KafkaSettings())
    assert args["security_protocol"] == "SASL_SSL"
    assert args["ssl_context"].check_hostname
    assert args["sasl_mechanism"] == "SCRAM-SHA-512"
    assert args["sasl_plain_password"] == "s3cret"


@pytest.mark.parametrize(
    "contradiction",
    [
        {"security_protocol": "PLAINTEXT", "sasl_username": "u", "sasl_password": "p"},
        {"security_protocol": "SASL_SSL"},
        {"sasl_username": "u"},
        {"sasl_password": "p"},
        {"security_protocol": "PLAINTEXT", "ssl_cafile": __file__},
        {"sasl_username": "u", "sasl_password": "p", "sasl_password_file": __file__},
    ],
)
def test_settings_that_contradict_each_other_are_refused(contradiction: dict[str, str]) -> None:
    """Half a credential, or a protocol that would ignore one, stops the start."""
    with pytest.raises(ValidationError):
        KafkaSettings.model_validate({"bootstrap_servers": "k:9092", **contradiction})


def test_the_password_is_in_no_representation(tmp_path: Path) -> None:
    """Settings are logged at the start."""
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    for settings in (
        KafkaSettings(bootstrap_servers="k:1", sasl_username="u", sasl_password="s3cret"),  # type: ignore[arg-type]
        KafkaSettings(bootstrap_servers="k:1", sasl_username="u", sasl_password_file=secret),
    ):
        assert "s3cret" not in f"{settings!r} {settings} {settings.model_dump_json()}"
        assert client_args(settings)["sasl_plain_password"] == "s3cret"


def test_without_cluster_and_without_local_broker_the_way_out_is_named(tmp_path: Path) -> None:
    """The first error that a newcomer meets."""
    with pytest.raises(BrokerError, match="stagewire broker start"):
        client_args(KafkaSettings(), tmp_path)
