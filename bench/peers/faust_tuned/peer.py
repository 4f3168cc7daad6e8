from bench.peer import python_peer

PEER = python_peer("faust_tuned", "the same with uvloop, Cython path and larger buffers")
