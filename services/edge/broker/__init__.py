"""A local Apache Kafka for development, tests and one-machine installations."""

from services.edge.broker.local import RunningBroker, reset_broker, running_broker, start_broker, stop_broker
from services.edge.broker.state import BrokerError, home_dir

__all__ = [
    "BrokerError",
    "RunningBroker",
    "home_dir",
    "reset_broker",
    "running_broker",
    "start_broker",
    "stop_broker",
]
