import sys
from collections.abc import Sequence

from bench.peer import ROOT, Peer, Seen
from bench.peers.stagewire.company import Encoder
from services.edge.codec import item_events

_CODEC = item_events()


def _read(value: bytes) -> Seen:
    envelope = _CODEC.decode(value).envelope
    return Seen(envelope.event_id, envelope.occurred_at)


def _command(bootstrap: str, in_topic: str, out_topic: str, n: int) -> Sequence[str]:
    return [sys.executable, "-m", "bench.peers.stagewire.app", bootstrap, in_topic, out_topic, str(n)]


PEER = Peer(
    "stagewire",
    "deal_stream: one transaction per partition and batch, state in RocksDB",
    lambda: None,
    _command,
    {"PYTHONPATH": str(ROOT)},
    encode=Encoder(),
    read=_read,
    expected=None,
)
