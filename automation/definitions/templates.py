"""The process templates of a tenant: every version, compiled when first needed, and those that start by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automation.definitions.compiled_process import CompiledTemplate, compile_template
from automation.definitions.process_models import Template

if TYPE_CHECKING:
    from automation.definitions.tenant_view import TenantView


class Templates:
    """All versions of a tenant's templates."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, int], Template] = {}
        self._compiled: dict[tuple[str, int], CompiledTemplate] = {}
        self._starting: dict[tuple[str, str], tuple[CompiledTemplate, ...]] = {}

    def put(self, version: int, made: Template) -> None:
        """Take over one version."""
        self._written[made.id, version] = made

    def forget(self) -> None:
        """Compile anew what is needed next: something that templates name has changed."""
        self._compiled.clear()
        self._starting.clear()

    def version(self, name: str, version: int, view: TenantView) -> CompiledTemplate | None:
        """Return a template as it was in one of its versions; None if there is none."""
        known = self._written.get((name, version))
        if known is None:
            return None
        compiled = self._compiled.get((name, version))
        if compiled is None:
            compiled = self._compiled[name, version] = compile_template(known, version, view)
        return compiled

    def starting(self, item_type: str, occasion: str, view: TenantView) -> tuple[CompiledTemplate, ...]:
        """Return the templates in force that start on `add` or `change` of an item, by id; kill switches aside."""
        found = self._starting.get((item_type, occasion))
        if found is None:
            found = self._starting[item_type, occasion] = self._find(item_type, occasion, view)
        return found

    def _find(self, item_type: str, occasion: str, view: TenantView) -> tuple[CompiledTemplate, ...]:
        made = (one for (kind, _), one in view.current.items() if kind == "template")
        listed = (t for t in made if isinstance(t, Template) and t.item_type == item_type and _starts(t, occasion))
        names = sorted(t.id for t in listed if t.runs)
        compiled = (self.version(name, view.version_in_force("template", name), view) for name in names)
        return tuple(one for one in compiled if one is not None)


def _starts(template: Template, occasion: str) -> bool:
    return template.autostart_on_add if occasion == "add" else template.autostart_on_change
