from bench.peer import python_peer

PEER = python_peer("quix", "Quix Streams, exactly once, RocksDB state, commit each 100 ms")
