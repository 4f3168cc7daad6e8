"""The definitions in force, folded from `crm.definitions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from automation.catalogue import Entry
from automation.definitions.models import MODELS
from automation.definitions.saved import DefinitionSaved
from automation.definitions.tenant_view import EVERYWHERE, TenantView


class Book:
    """All tenants' definitions as of `version`: the offset after the last record that took effect."""

    def __init__(self, catalogue: Mapping[str, Entry]) -> None:
        self._catalogue = catalogue
        self._tenants: dict[str, TenantView] = {}
        self._everywhere = TenantView(EVERYWHERE, catalogue)
        self._open: dict[str, list[DefinitionSaved]] = {}
        self.version = 0

    def tenant(self, tenant: str) -> TenantView | None:
        """Return what a tenant has defined; None for an unknown tenant."""
        return self._tenants.get(tenant)

    @property
    def everywhere(self) -> TenantView:
        """The kill switches that stop every tenant."""
        return self._everywhere

    @property
    def tenants(self) -> Sequence[str]:
        """The tenants that have defined something."""
        return tuple(self._tenants)

    def apply(self, saved: DefinitionSaved, offset: int) -> None:
        """Fold one record; those of one `apply` take effect together, with its last one."""
        waiting = self._open.setdefault(saved.apply_id, [])
        waiting.append(saved)
        if not saved.last_of_apply:
            return
        del self._open[saved.apply_id]
        if offset < self.version:
            return  # decided before the start: what was open then is read again from its first record
        self.version = offset + 1
        if all(self._replaces_current(record) for record in waiting):
            for record in waiting:
                self._take(record)

    def restore(self, saved: DefinitionSaved, end: int) -> None:
        """Take over a record in force, whose apply ended at offset `end`; to be called in the order of `end`."""
        self.version = end + 1
        self._take(saved)

    def _replaces_current(self, saved: DefinitionSaved) -> bool:
        """Say whether nobody else saved the definition meanwhile; an apply counts as a whole or not at all."""
        view = self._everywhere if saved.tenant == EVERYWHERE else self._tenants.get(saved.tenant)
        return (view.versions.get((saved.kind, saved.id), 0) if view else 0) == saved.replaces

    def _take(self, saved: DefinitionSaved) -> None:
        view = self._view_of(saved.tenant)
        made = None if saved.deleted else MODELS[saved.kind].model_validate_json(saved.body)
        view.put(saved.kind, saved.id, saved.version, made, self.version)
        view.note(saved, made, self.version)

    def _view_of(self, tenant: str) -> TenantView:
        if tenant == EVERYWHERE:
            return self._everywhere
        return self._tenants.setdefault(tenant, TenantView(tenant, self._catalogue, self._everywhere))
