"""The transactional consume-decide-append loop (docs/decisions/0005-transactional-loop.md)."""

from services.edge.processor.loop import Processor
from services.edge.processor.settings import Ceiling, ProcessorSettings

__all__ = ["Ceiling", "Processor", "ProcessorSettings"]
