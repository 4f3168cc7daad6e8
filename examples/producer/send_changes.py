"""Send two changes of a deal to Stagewire from a CRM platform: nothing of Stagewire is imported.

Needs `pip install aiokafka fastavro` and the folder `schemas/avro`. Run, with the address from `stagewire status`:
    python examples/producer/send_changes.py localhost:9092 acme
"""

import asyncio
import io
import json
import sys
import time
import uuid
from pathlib import Path

import fastavro
from aiokafka import AIOKafkaProducer

SCHEMAS = Path(__file__).parents[2] / "schemas" / "avro"


def schema_id(name: str) -> int:
    """Return the id of the newest schema of a change."""
    entries = json.loads((SCHEMAS / "registry.json").read_text())["schemas"].items()
    return max(int(key) for key, entry in entries if entry["subject"] == f"stagewire.changes.{name}")


def record(name: str, tenant: str, item_type: str, item_id: str, body: dict) -> tuple[bytes, bytes]:
    """Return Kafka key and value of one change; what `body` leaves out has the default of the schema."""
    frame = {
        "change_id": str(uuid.uuid4()),  # keep it for a retry: a repeat of the same id is dropped
        "tenant": tenant, "item_type": item_type, "item_id": item_id,
        "occurred_at": int(time.time() * 1000), "source": "manual", "actor": "user:1",
        "source_seq": 0, "cause_id": "", "root_id": "", "depth": 0, "definitions_version": 0, "signature": b"",
    }  # fmt: skip
    schema = fastavro.parse_schema(json.loads((SCHEMAS / "changes" / f"{name}.avsc").read_text()))
    out = io.BytesIO()
    out.write(b"\0" + schema_id(name).to_bytes(4, "big"))  # Confluent wire format
    fastavro.schemaless_writer(out, schema, {"frame": frame, **body})
    return f"{tenant}/{item_type}/{item_id}".encode(), out.getvalue()


async def main(servers: str, tenant: str) -> None:
    """Create a deal and move it; aiokafka's default partitioner is the one that Stagewire needs (murmur2)."""
    deal = str(uuid.uuid4())
    amount = ("stagewire.Money", {"minor": 1_250_00, "currency": "EUR"})
    async with AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True) as producer:
        for name, body in (
            ("CreateItem", {"fields": {"title": "Roof repair", "amount": amount}}),
            ("SaveItem", {"fields": {}, "stage": "qualified"}),
        ):
            key, value = record(name, tenant, "deal", deal, body)
            sent = await producer.send_and_wait("crm.changes", key=key, value=value)
            sys.stdout.write(f"{name} of {key.decode()} is at {sent.partition}:{sent.offset}\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: send_changes.py BOOTSTRAP_SERVERS TENANT")
    asyncio.run(main(sys.argv[1], sys.argv[2]))
