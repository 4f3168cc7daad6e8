"""The definitions in force, folded from `crm.definitions`, with every version that a stage entry may have pinned."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from automation.catalogue import Entry
from automation.definitions.calendars import COMPANY, working_time
from automation.definitions.compiled import FIELD_CHANGED, CompiledRule, CompiledTrigger, compile_rule, compile_trigger
from automation.definitions.models import (
    MODELS,
    STANDARD_FIELDS,
    Absence,
    Calendar,
    Definition,
    Department,
    FieldDef,
    Fields,
    Pipeline,
    Rates,
    Role,
    Rule,
    Settings,
    Trigger,
    User,
)
from automation.definitions.saved import DefinitionSaved
from automation.people import Directory, directory_of
from automation.values import FieldType
from automation.working_time import WorkingTime

StageKey = tuple[str, str, str]
"""Item type, pipeline, stage."""


class _StageRules:
    """The rules of one stage at every definitions version: a list of what changed when, folded on demand."""

    def __init__(self) -> None:
        self._at: list[int] = []
        self._what: list[tuple[str, Rule | None, int]] = []
        self._folded: dict[int, tuple[CompiledRule, ...]] = {}

    def note(self, version: int, rule_id: str, rule: Rule | None, rule_version: int) -> None:
        """Add one change; `rule` is None where the rule left the stage."""
        self._at.append(version)
        self._what.append((rule_id, rule, rule_version))

    def forget(self) -> None:
        """Compile the rules anew when they are next needed: fields have changed."""
        self._folded.clear()

    def at(self, version: int, view: TenantView) -> tuple[CompiledRule, ...]:
        """Return the stage's active rules in listed order as of a definitions version."""
        upto = bisect_right(self._at, version)
        found = self._folded.get(upto)
        if found is None:
            found = self._folded[upto] = self._fold(upto, view)
        return found

    def _fold(self, upto: int, view: TenantView) -> tuple[CompiledRule, ...]:
        rules: dict[str, tuple[Rule, int]] = {}
        for rule_id, rule, rule_version in self._what[:upto]:
            if rule is None or not rule.active:
                rules.pop(rule_id, None)
            else:
                rules[rule_id] = (rule, rule_version)
        listed = sorted(rules.values(), key=lambda pair: (pair[0].order, pair[0].id))
        found = (view.rule_version(rule.id, rule_version) for rule, rule_version in listed)
        return tuple(rule for rule in found if rule is not None)


class TenantView:
    """What one tenant has defined. Read-only for the core; changed by `Book` alone."""

    def __init__(self, tenant: str, catalogue: Mapping[str, Entry]) -> None:
        self.tenant = tenant
        self.catalogue = catalogue
        self.zone: tzinfo = UTC
        self.rates: Mapping[str, Fraction] = {}
        self.pipelines: dict[tuple[str, str], Pipeline] = {}
        self.current: dict[tuple[str, str], Definition] = {}
        """The current version of each definition by kind and id."""
        self.versions: dict[tuple[str, str], int] = {}
        self._stages: dict[StageKey, _StageRules] = {}
        self._on_stage: dict[StageKey, dict[str, Rule]] = {}
        self._rules: dict[tuple[str, int], Rule] = {}
        self._compiled: dict[tuple[str, int], CompiledRule] = {}
        self._triggers: dict[tuple[str, str, str], tuple[CompiledTrigger, ...]] = {}
        self._fields: dict[str, Mapping[str, FieldDef]] = {}
        self._watching: dict[tuple[str, str], Mapping[str, tuple[int, ...]]] = {}
        self._directory: Directory | None = None
        self._working: dict[str, WorkingTime | None] = {}

    @property
    def directory(self) -> Directory:
        """The employees, departments, roles and absences in force."""
        if self._directory is None:
            self._directory = directory_of(*(self._all(model) for model in (User, Department, Role, Absence)))
        return self._directory

    def working_time(self, user: str = "") -> WorkingTime | None:
        """Return when an employee works, without absences, or the company does; None without a calendar."""
        if user not in self._working:
            self._working[user] = self._working_time(user)
        return self._working[user]

    def _working_time(self, user: str) -> WorkingTime | None:
        employee = self.current.get(("user", user))
        own = self.current.get(("calendar", employee.calendar)) if isinstance(employee, User) else None
        found = own or self.current.get(("calendar", COMPANY))
        if not isinstance(found, Calendar):
            return None
        zone = ZoneInfo(employee.time_zone) if own and isinstance(employee, User) else self.zone
        return working_time(found, zone, self.directory.absences.get(user, ()))

    def name_of(self, user: str) -> str | None:
        """Return the full name of a user; None for an unknown one."""
        found = self.current.get(("user", user))
        return found.name if isinstance(found, User) else None

    def fields(self, item_type: str) -> Mapping[str, FieldDef]:
        """Return the standard and custom fields of an item type by code."""
        found = self._fields.get(item_type)
        if found is None:
            custom = self.current.get(("fields", item_type))
            own = custom.fields if isinstance(custom, Fields) else ()
            found = self._fields[item_type] = {field.code: field for field in (*STANDARD_FIELDS, *own)}
        return found

    def default_pipeline(self, item_type: str) -> Pipeline | None:
        """Return the pipeline that new items start in: the default one, else the first by id."""
        own = sorted((p for (kind, _), p in self.pipelines.items() if kind == item_type), key=lambda p: p.id)
        return next((p for p in own if p.default), own[0] if own else None)

    def rules(self, stage: StageKey, version: int) -> tuple[CompiledRule, ...]:
        """Return the rules of a stage in listed order as of a definitions version."""
        found = self._stages.get(stage)
        return found.at(version, self) if found else ()

    def results_of(self, stage: StageKey) -> Mapping[str, FieldType]:
        """Return the results that the current rules of a stage publish, by `<rule id>.<name>`."""
        found: dict[str, FieldType] = {}
        for rule in self.current_rules(stage):
            entry = self.catalogue.get(rule.type)
            for name, type_ in (entry.results if entry else {}).items():
                found[f"{rule.id}.{name}"] = type_
        return found

    def current_rules(self, stage: StageKey) -> tuple[Rule, ...]:
        """Return the rules on a stage in listed order as they stand now, inactive ones included."""
        listed = self._on_stage.get(stage, {})
        return tuple(sorted(listed.values(), key=lambda rule: (rule.order, rule.id)))

    def rule_version(self, rule_id: str, version: int) -> CompiledRule | None:
        """Return a rule as it was in one of its versions; None if there is none."""
        known = self._rules.get((rule_id, version))
        if known is None:
            return None
        compiled = self._compiled.get((rule_id, version))
        if compiled is None:
            compiled = self._compiled[rule_id, version] = compile_rule(known, version, self)
        return compiled

    def rule_active(self, rule_id: str) -> bool:
        """Say whether the rule is active in the current definitions."""
        rule = self.current.get(("rule", rule_id))
        return isinstance(rule, Rule) and rule.active

    def triggers(self, item_type: str, pipeline: str, fact: str) -> tuple[CompiledTrigger, ...]:
        """Return the active triggers on stages of a pipeline that watch a fact, in stage order, then listed order."""
        at = (item_type, pipeline, fact)
        found = self._triggers.get(at)
        if found is None:
            found = self._triggers[at] = self._find_triggers(*at)
        return found

    def triggers_on(self, item_type: str, pipeline: str, fields: Iterable[str]) -> tuple[CompiledTrigger, ...]:
        """Return the active triggers that watch one of these fields, in the order of `triggers`."""
        listed = self.triggers(item_type, pipeline, FIELD_CHANGED)
        if not listed:
            return ()
        places = self._watching.get((item_type, pipeline))
        if places is None:
            places = self._watching[item_type, pipeline] = _places(listed)
        found = {place for code in fields for place in places.get(code, ())}
        return tuple(listed[place] for place in sorted(found))

    def _find_triggers(self, item_type: str, pipeline: str, fact: str) -> tuple[CompiledTrigger, ...]:
        ranked = []
        for (kind, name), trigger in self.current.items():
            if kind != "trigger" or not isinstance(trigger, Trigger) or not trigger.active:
                continue
            entry = self.catalogue.get(trigger.type)
            owner = self.pipelines.get((item_type, pipeline))
            if (trigger.item_type, trigger.pipeline) != (item_type, pipeline) or entry is None or owner is None:
                continue
            if entry.fact == fact and owner.has(trigger.stage):
                compiled = compile_trigger(trigger, self.versions["trigger", name], entry, self)
                ranked.append((owner.rank(trigger.stage), trigger.order, trigger.id, compiled))
        return tuple(entry[3] for entry in sorted(ranked, key=lambda entry: entry[:3]))

    def put(self, kind: str, name: str, version: int, made: Definition | None, at: int) -> None:
        """Take over one definition version; `made` is None where it was deleted."""
        old = self.current.get((kind, name))
        if made is None:
            self.current.pop((kind, name), None)
        else:
            self.current[kind, name] = made
        self.versions[kind, name] = version
        if kind == "rule":
            self._put_rule(name, version, old, made, at)
        elif kind == "pipeline":
            self._put_pipeline(old, made)
        self._forget(kind)

    def _put_rule(self, name: str, version: int, old: Any, made: Any, at: int) -> None:
        if isinstance(made, Rule):
            self._rules[name, version] = made
        for rule, given in ((old, None), (made, made)):
            if isinstance(rule, Rule):
                stage = (rule.item_type, rule.pipeline, rule.stage)
                self._stages.setdefault(stage, _StageRules()).note(at, name, given, version)
                listed = self._on_stage.setdefault(stage, {})
                listed.pop(name, None)
                if given is not None:
                    listed[name] = given

    def _put_pipeline(self, old: Any, made: Any) -> None:
        if isinstance(old, Pipeline):
            self.pipelines.pop((old.item_type, old.id), None)
        if isinstance(made, Pipeline):
            self.pipelines[made.item_type, made.id] = made

    def _forget(self, kind: str) -> None:
        if kind == "fields":
            self._fields.clear()
            self._compiled.clear()
            for stage in self._stages.values():
                stage.forget()
        if kind in ("trigger", "pipeline", "fields"):
            self._triggers.clear()
            self._watching.clear()
        if kind in ("user", "department", "role", "absence"):
            self._directory = None
        if kind in ("calendar", "user", "absence", "settings"):
            self._working.clear()
        if kind == "rates":
            self.rates = _rates(next(iter(self._all(Rates)), None))
        if kind == "settings":
            self.zone = ZoneInfo(next(iter(self._all(Settings)), Settings()).time_zone)

    def _all(self, model: type[Definition]) -> tuple[Any, ...]:
        return tuple(made for made in self.current.values() if isinstance(made, model))


def _places(triggers: Iterable[CompiledTrigger]) -> Mapping[str, tuple[int, ...]]:
    """Return the places of triggers in their order by the fields that they watch."""
    found: dict[str, list[int]] = {}
    for place, trigger in enumerate(triggers):
        for code in trigger.fields:
            found.setdefault(code, []).append(place)
    return {code: tuple(places) for code, places in found.items()}


def _rates(made: Rates | None) -> Mapping[str, Fraction]:
    if made is None:
        return {}
    return {made.base: Fraction(1), **{currency: Fraction(rate) for currency, rate in made.rates.items()}}


class Book:
    """All tenants' definitions as of `version`: the offset after the last record that took effect."""

    def __init__(self, catalogue: Mapping[str, Entry]) -> None:
        self._catalogue = catalogue
        self._tenants: dict[str, TenantView] = {}
        self._open: dict[str, list[DefinitionSaved]] = {}
        self.version = 0

    def tenant(self, tenant: str) -> TenantView | None:
        """Return what a tenant has defined; None for an unknown tenant."""
        return self._tenants.get(tenant)

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
        view = self._tenants.get(saved.tenant)
        return (view.versions.get((saved.kind, saved.id), 0) if view else 0) == saved.replaces

    def _take(self, saved: DefinitionSaved) -> None:
        view = self._tenants.setdefault(saved.tenant, TenantView(saved.tenant, self._catalogue))
        made = None if saved.deleted else MODELS[saved.kind].model_validate_json(saved.body)
        view.put(saved.kind, saved.id, saved.version, made, self.version)
