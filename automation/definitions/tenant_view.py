"""What one tenant has defined: what is in force, and every version that a stage entry may have pinned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from automation.addresses import PART_TYPES
from automation.catalogue import Entry
from automation.definitions.calendars import time_of
from automation.definitions.compiled import (
    FIELD_CHANGED,
    CompiledRule,
    CompiledTrigger,
    by_field,
    compile_rule,
    compile_trigger,
    field_types,
)
from automation.definitions.compiled_process import CompiledTemplate
from automation.definitions.document_models import DocumentTemplate
from automation.definitions.models import (
    STANDARD_FIELDS,
    Absence,
    ChannelLimits,
    Connection,
    Definition,
    Department,
    DetailsTemplate,
    FieldDef,
    Fields,
    Pipeline,
    Product,
    Rates,
    Role,
    Rule,
    Runnable,
    Settings,
    Stop,
    Template,
    Trigger,
    User,
)
from automation.definitions.saved import DefinitionSaved
from automation.definitions.stage_rules import StageKey, StageRules
from automation.definitions.templates import Templates
from automation.people import Directory, directory_of
from automation.values import FieldType, Moment
from automation.working_time import WorkingTime

EVERYWHERE = "*"
"""The tenant whose kill switches stop every tenant; no API key is given for it."""
ALL_AUTOMATION = "automation"
"""The id of the kill switch that stops all rules and triggers."""


class SavedVersion(NamedTuple):
    """One version of a rule, trigger or kill switch; `made` is None where it was deleted."""

    version: int
    author: str
    saved_at: Moment
    definitions_version: int
    made: Runnable | Stop | None


class TenantView:
    """What one tenant has defined. Read-only for the core; changed by `Book` alone."""

    def __init__(self, tenant: str, catalogue: Mapping[str, Entry], above: TenantView | None = None) -> None:
        self.tenant = tenant
        self._above = above
        self.catalogue = catalogue
        self.zone: tzinfo = UTC
        self.rates: Mapping[str, Fraction] = {}
        self.settings = Settings()
        self.write_backs: tuple[str, ...] = ()
        """Connected CRMs that are told what automation does."""
        self.pipelines: dict[tuple[str, str], Pipeline] = {}
        self.current: dict[tuple[str, str], Definition] = {}
        """The version in force of each definition by kind and id."""
        self.versions: dict[tuple[str, str], int] = {}
        """The number of the version saved last, drafts included."""
        self.drafts: dict[tuple[str, str], Runnable] = {}
        """Drafts saved after the version in force; each is the version saved last."""
        self.saved: dict[tuple[str, str], list[SavedVersion]] = {}
        """Every version of rules, triggers and kill switches, oldest first."""
        self._in_force: dict[tuple[str, str], int] = {}
        self._stops: frozenset[str] = frozenset()
        self._stages: dict[StageKey, StageRules] = {}
        self._on_stage: dict[StageKey, dict[str, Rule]] = {}
        self._rules: dict[tuple[str, int], Rule] = {}
        self._compiled: dict[tuple[str, int], CompiledRule] = {}
        self._templates = Templates()
        self._triggers: dict[tuple[str, str, str], tuple[CompiledTrigger, ...]] = {}
        self._fields: dict[str, Mapping[str, FieldDef]] = {}
        self._watching: dict[tuple[str, str], Mapping[str, tuple[int, ...]]] = {}
        self._details: Mapping[str, Mapping[str, FieldType]] | None = None
        self._directory: Directory | None = None
        self._working: dict[str, WorkingTime | None] = {}

    @property
    def directory(self) -> Directory:
        """The employees, departments, roles and absences in force."""
        if self._directory is None:
            self._directory = directory_of(*(self._all(model) for model in (User, Department, Role, Absence)))
        return self._directory

    def zone_of(self, user: str) -> tzinfo:
        """Return the time zone of an employee; the platform's for one who names none."""
        employee = self.current.get(("user", user))
        return ZoneInfo(employee.time_zone) if isinstance(employee, User) and employee.time_zone else self.zone

    def working_time(self, user: str = "") -> WorkingTime | None:
        """Return when an employee works, without absences, or the company does; None without a calendar."""
        if user not in self._working:
            absences = self.directory.absences.get(user, ())
            self._working[user] = time_of(self.current, user, (self.zone, self.zone_of(user)), absences)
        return self._working[user]

    def connection(self, name: str, channel: str) -> Connection | None:
        """Return an active connection for a channel; None if there is none of this id."""
        found = self.current.get(("connection", name))
        if isinstance(found, Connection) and found.active and found.channel == channel:
            return found
        return None

    def connections(self, channel: str) -> tuple[Connection, ...]:
        """Return the active connections for a channel, by id."""
        found = (one for one in self.all_connections() if one.active and one.channel == channel)
        return tuple(sorted(found, key=lambda one: one.id))

    def all_connections(self) -> tuple[Connection, ...]:
        """Return all connections, inactive ones included."""
        return self._all(Connection)

    def limits(self, channel: str) -> ChannelLimits | None:
        """Return the daily cap and quiet hours of an outward channel; None where it has none."""
        return next((found for name, found in self.settings.channels.items() if name == channel), None)

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

    def product(self, name: str) -> Product | None:
        """Return an active product of the catalogue; None if there is none of this id."""
        found = self.current.get(("product", name))
        return found if isinstance(found, Product) and found.active else None

    def details_template(self, name: str) -> DetailsTemplate | None:
        """Return a details template; None if there is none of this id."""
        found = self.current.get(("details_template", name))
        return found if isinstance(found, DetailsTemplate) else None

    @property
    def details_fields(self) -> Mapping[str, Mapping[str, FieldType]]:
        """The types of what a row may name in a details record, by template: its fields, and parts of an address."""
        if self._details is None:
            found = self._all(DetailsTemplate)
            self._details = {t.id: {**field_types({f.code: f for f in t.fields}), **PART_TYPES} for t in found}
        return self._details

    def types_of(self, item_type: str) -> Mapping[str, FieldType]:
        """Return the types of the fields of an item type; of a template as `document_template/<id>`."""
        kind, slash, name = item_type.partition("/")
        if not slash:
            return field_types(self.fields(item_type))
        found = self.current.get((kind, name))
        return {field.code: "text" for field in found.fields} if isinstance(found, DocumentTemplate) else {}

    def several_of(self, item_type: str) -> frozenset[str]:
        """Return the codes of the fields of an item type that hold several values."""
        return frozenset(code for code, field in self.fields(item_type).items() if field.multiple)

    def bookable(self, item_type: str) -> Mapping[str, frozenset[int]]:
        """Return the fields of type resource booking, with the minutes that a booking may take; none for any."""
        fields = self.fields(item_type).values()
        return {field.code: field.lengths for field in fields if field.type == "resource_booking"}

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
            for name, type_ in (entry.results_of(rule.params, self) if entry else {}).items():
                found[f"{rule.id}.{name}"] = type_
        return found

    def current_rules(self, stage: StageKey) -> tuple[Rule, ...]:
        """Return the rules on a stage in listed order as they stand now; drafts are left out, inactive ones are not."""
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
        """Say whether the rule is active in the current definitions and no kill switch stops it."""
        rule = self.current.get(("rule", rule_id))
        return isinstance(rule, Rule) and rule.runs and not self.stopped_by("rule", rule_id)

    def template_version(self, name: str, version: int) -> CompiledTemplate | None:
        """Return a template as it was in one of its versions; None if there is none."""
        return self._templates.version(name, version, self)

    def active_template(self, name: str) -> CompiledTemplate | None:
        """Return the version in force of a template that may be started; None if there is none."""
        made = self.current.get(("template", name))
        if not isinstance(made, Template) or not made.runs or self.stopped_by("template", name):
            return None
        return self.template_version(name, self._in_force["template", name])

    def starting(self, item_type: str, occasion: str) -> tuple[CompiledTemplate, ...]:
        """Return the templates that start by themselves on `add` or `change` of an item, by id (spec 5)."""
        found = self._templates.starting(item_type, occasion, self)
        return tuple(one for one in found if not self.stopped_by("template", one.id)) if found else found

    def stopped_by(self, kind: str, name: str) -> str:
        """Return the kill switch that stops a rule or trigger, as `stop/<id>`; empty if none does."""
        if self._above is not None and ALL_AUTOMATION in self._above._stops:
            return f"{EVERYWHERE}/stop/{ALL_AUTOMATION}"
        if not self._stops:
            return ""
        found = next((one for one in (ALL_AUTOMATION, f"{kind}:{name}") if one in self._stops), "")
        return found and f"stop/{found}"

    def stopped_since(self, kind: str, name: str) -> Moment | None:
        """Return when the kill switch that stops it was turned on, or saved again; None where none does."""
        above, _, stop = self.stopped_by(kind, name).partition("stop/")
        owner = self._above if above and self._above else self
        return owner.saved["stop", stop][-1].saved_at if stop else None

    @property
    def stops(self) -> Mapping[str, Stop]:
        """The kill switches of the tenant that are on, by id."""
        return {stop.id: stop for stop in self._all(Stop)}

    def version_in_force(self, kind: str, name: str) -> int:
        """Return the number of the version in force; 0 where none was ever."""
        return self._in_force.get((kind, name), 0)

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
            places = self._watching[item_type, pipeline] = by_field(listed)
        found = {place for code in fields for place in places.get(code, ())}
        return tuple(listed[place] for place in sorted(found))

    def _find_triggers(self, item_type: str, pipeline: str, fact: str) -> tuple[CompiledTrigger, ...]:
        ranked = []
        for (kind, name), trigger in self.current.items():
            if kind != "trigger" or not isinstance(trigger, Trigger) or not trigger.runs:
                continue
            entry = self.catalogue.get(trigger.type)
            owner = self.pipelines.get((item_type, pipeline))
            if (trigger.item_type, trigger.pipeline) != (item_type, pipeline) or entry is None or owner is None:
                continue
            if entry.fact == fact and owner.has(trigger.stage):
                compiled = compile_trigger(trigger, self._in_force["trigger", name], entry, self)
                ranked.append((owner.rank(trigger.stage), trigger.order, trigger.id, compiled))
        return tuple(entry[3] for entry in sorted(ranked, key=lambda entry: entry[:3]))

    def put(self, kind: str, name: str, version: int, made: Definition | None, at: int) -> None:
        """Take over one version; `made` is None where it was deleted, and a draft changes nothing that is in force."""
        self.versions[kind, name] = version
        if isinstance(made, Runnable) and made.status == "draft":
            self._put_draft(kind, name, version, made)
            return
        self.drafts.pop((kind, name), None)
        self._in_force[kind, name] = version
        old = self.current.get((kind, name))
        if made is None:
            self.current.pop((kind, name), None)
        else:
            self.current[kind, name] = made
        if kind == "rule":
            self._put_rule(name, version, old, made, at)
        elif kind == "pipeline":
            self._put_pipeline(old, made)
        elif isinstance(made, Template):
            self._templates.put(version, made)
        self._forget(kind)

    def note(self, saved: DefinitionSaved, made: Definition | None, at: int) -> None:
        """Remember who saved a version of a rule, trigger or kill switch, and when."""
        if saved.kind in ("rule", "trigger", "template", "stop"):
            body = made if isinstance(made, Runnable | Stop) else None
            version = SavedVersion(saved.version, saved.author, saved.saved_at, at, body)
            self.saved.setdefault((saved.kind, saved.id), []).append(version)

    def _put_draft(self, kind: str, name: str, version: int, made: Runnable) -> None:
        self.drafts[kind, name] = made
        if isinstance(made, Rule):
            self._rules[name, version] = made
        elif isinstance(made, Template):
            self._templates.put(version, made)

    def _put_rule(self, name: str, version: int, old: Any, made: Any, at: int) -> None:
        if isinstance(made, Rule):
            self._rules[name, version] = made
        for rule, given in ((old, None), (made, made)):
            if isinstance(rule, Rule):
                stage = (rule.item_type, rule.pipeline, rule.stage)
                self._stages.setdefault(stage, StageRules()).note(at, name, given, version)
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
        if kind in ("template", "fields", "pipeline", "details_template", "document_template"):
            self._templates.forget()
        if kind == "connection":
            self.write_backs = tuple(one.id for one in self.connections("crm_webhook"))
        self._forget_more(kind)

    def _forget_more(self, kind: str) -> None:
        if kind in ("fields", "details_template", "document_template"):
            self._fields.clear()
            self._details = None
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
        if kind == "stop":
            self._stops = frozenset(stop.id for stop in self._all(Stop))
        if kind == "rates":
            self.rates = next((made.worth for made in self._all(Rates)), {})
        if kind == "settings":
            self.settings = next(iter(self._all(Settings)), Settings())
            self.zone = ZoneInfo(self.settings.time_zone)

    def _all(self, model: type[Definition]) -> tuple[Any, ...]:
        return tuple(made for made in self.current.values() if isinstance(made, model))
