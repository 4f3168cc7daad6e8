"""The connections and limits of tenants as they are defined at the moment of a call."""

from __future__ import annotations

from typing import NamedTuple

from automation.definitions.book import Book
from automation.definitions.models import Connection
from automation.definitions.tenant_view import TenantView
from services.edge.definitions import Definitions, FixedDefinitions
from services.edge.secrets_file import ConnectionSecrets


class Connected(NamedTuple):
    """A connection with the secret that it names."""

    connection: Connection
    secret: str


class Connections:
    """Looks up what tenants have connected; what is not found is looked for once more in the newest definitions."""

    def __init__(self, definitions: Definitions | None = None, secrets: ConnectionSecrets | None = None) -> None:
        self._definitions = definitions or FixedDefinitions(Book({}))
        self._secrets = secrets or ConnectionSecrets({})

    def view(self, tenant: str) -> TenantView | None:
        """Return what a tenant has defined, as far as read."""
        return self._definitions.book.tenant(tenant)

    async def find(self, tenant: str, name: str, channel: str) -> Connected | None:
        """Return an active connection by its id."""
        found = self._find(tenant, name, channel)
        if found is None:
            await self._definitions.catch_up(None)
            found = self._find(tenant, name, channel)
        return found

    def mailbox(self, tenant: str, sender: str) -> Connected | None:
        """Return the mail connection of a sender, else the tenant's first one."""
        view = self.view(tenant)
        all_of_them = view.connections("email") if view else ()
        own = [one for one in all_of_them if one.sender == sender]
        chosen = next(iter((*own, *all_of_them)), None)
        return self._with_secret(tenant, chosen) if chosen else None

    def _find(self, tenant: str, name: str, channel: str) -> Connected | None:
        view = self.view(tenant)
        found = view.connection(name, channel) if view else None
        return self._with_secret(tenant, found) if found else None

    def _with_secret(self, tenant: str, connection: Connection) -> Connected:
        return Connected(connection, self._secrets.of(tenant, connection.secret) if connection.secret else "")
