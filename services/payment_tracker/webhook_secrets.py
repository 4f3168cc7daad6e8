"""The secrets of payment webhooks, per tenant and provider, from a file that only the services may read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import SecretStr, TypeAdapter

from services.payment_tracker.signatures import MIN_KEY

_FILE = TypeAdapter(dict[str, dict[str, tuple[SecretStr, ...]]])


class WebhookSecrets:
    """Which secrets verify a webhook: the newest first, a former one beside it during a rotation."""

    def __init__(self, secrets: Mapping[str, Mapping[str, Sequence[SecretStr]]]) -> None:
        short = [
            f"{tenant}/{provider}"
            for tenant, of_tenant in secrets.items()
            for provider, of_provider in of_tenant.items()
            if any(len(secret.get_secret_value()) < MIN_KEY for secret in of_provider)
        ]
        if short:
            raise ValueError(f"webhook secrets of {', '.join(short)} are shorter than {MIN_KEY} characters")
        self._secrets = secrets

    @classmethod
    def read(cls, path: Path) -> WebhookSecrets:
        """Read JSON `{tenant: {provider: [secret, …]}}`; raises `ValueError` without showing what it read."""
        try:
            return cls(_FILE.validate_json(path.read_bytes()))
        except ValueError as error:
            if "webhook secrets of" in str(error):
                raise
            raise ValueError(f"{path.name} is not JSON of tenant, provider and secrets") from None

    def of(self, tenant: str, provider: str) -> Sequence[str]:
        """Return the secrets of a tenant's provider, none if it is not set up."""
        return [secret.get_secret_value() for secret in self._secrets.get(tenant, {}).get(provider, ())]
