"""What may go wrong in the core, by what the caller must do."""

from __future__ import annotations


class ChangeRefusedError(Exception):
    """A change breaks a rule of the item it is about: park it and tell its sender.

    `reason` is a stable code, `detail` names the field and the rule.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
