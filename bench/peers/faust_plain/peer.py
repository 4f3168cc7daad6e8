from bench.peer import python_peer

PEER = python_peer("faust_plain", "Faust agent and table in memory, at least once, default settings")
