from bench import workload
from bench.peer import python_peer

PEER = python_peer(
    "librdkafka",
    "confluent-kafka, one transaction each 100 ms, no state: an upper bound",
    expected=workload.expected_events_stateless,
)
