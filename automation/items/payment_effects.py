"""The effect of reading what is known of an order's payment (spec 4.38)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PaymentReadRequested:
    """The newest payment of an order is asked about; to `payment_tracker` on the order's key."""

    CHANNEL: ClassVar[str] = "payment_read"
    effect_id: str
    run_id: str
    payable: str
    """Kafka key of the order."""
