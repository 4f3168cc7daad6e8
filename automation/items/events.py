"""The events of an item: the facts that its state is folded from (design section 2, spec 6.1).

Each dataclass declared here is an event of the log (`automation/declared.py`); what they are made of is in `parts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from automation.items.parts import FieldChange, Link, ProductRow
from automation.values import Moment, Money, Personal, Value

# --- facts about the item ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemCreated:
    """The item exists from now on; on a staged type this is the first entry of `stage`."""

    fields: Mapping[str, Value]
    pipeline: str
    stage: str
    responsible: str
    creator: str
    observers: tuple[str, ...]
    automated: bool
    quiet: bool = False
    """The rules of the stage do not run: the source is `system`, or an import that did not opt in (spec 6.1)."""


@dataclass(frozen=True, slots=True)
class FieldsChanged:
    """A save changed fields, or the amount followed from the product rows."""

    changes: tuple[FieldChange, ...]
    computed: bool = False
    """The amount follows from the product rows, as nobody has given it (spec 4.2)."""


@dataclass(frozen=True, slots=True)
class StageMoved:
    """The item entered `to_stage` of the same pipeline; `entry` counts its stage entries from 1."""

    from_stage: str
    to_stage: str
    entry: int
    automated: bool
    quiet: bool = False
    """The rules of the stage do not run: the source is `system`, or an import that did not opt in (spec 6.1)."""


@dataclass(frozen=True, slots=True)
class PipelineChanged:
    """The item entered `to_stage` of another pipeline."""

    from_pipeline: str
    to_pipeline: str
    from_stage: str
    to_stage: str
    entry: int
    automated: bool
    quiet: bool = False
    """The rules of the stage do not run: the source is `system`, or an import that did not opt in (spec 6.1)."""


@dataclass(frozen=True, slots=True)
class ResponsibleChanged:
    """Another employee is responsible."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ObserversChanged:
    """The list of observers is another one."""

    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProductRowsChanged:
    """The product rows were replaced."""

    old: tuple[ProductRow, ...]
    new: tuple[ProductRow, ...]


@dataclass(frozen=True, slots=True)
class ItemLinked:
    """A link to another item was added."""

    link: Link


@dataclass(frozen=True, slots=True)
class ItemUnlinked:
    """A link to another item was removed."""

    link: Link


@dataclass(frozen=True, slots=True)
class DetailsSaved:
    """A details record of the contact or company was made or changed (spec 1.14)."""

    record_id: str
    template: str
    changes: tuple[FieldChange, ...]
    """By field code; a part of an address as `<address type>.<part>`."""


@dataclass(frozen=True, slots=True)
class DetailsDeleted:
    """A details record is gone."""

    record_id: str
    template: str
    old: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class LeadConverted:
    """Everything chosen was created from the lead (spec 4.19): it is not converted again."""

    created: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class ItemDeleted:
    """The item is gone; its key stays used."""


@dataclass(frozen=True, slots=True)
class CommentAdded:
    """A comment stands in the timeline (BBCode of spec 4.5)."""

    comment_id: str
    text: Personal
    created_by: str


@dataclass(frozen=True, slots=True)
class ActivityRecorded:
    """The client did something (spec 1.16): mail, call, message, form, open, click."""

    activity_id: str
    kind: str
    subject: Personal


@dataclass(frozen=True, slots=True)
class ClientEmailOpened:
    """The client opened an e-mail sent from the item for the first time (spec 2.3)."""

    effect_id: str
    """Of the e-mail."""


@dataclass(frozen=True, slots=True)
class PaymentNoted:
    """A payment document of the item, or of an order linked to it, took a new state (spec 1.13)."""

    payment_id: str
    order_id: str
    status: str
    """`unpaid`, `paid` or `voided`."""
    amount: Money
    link: str


@dataclass(frozen=True, slots=True)
class InvoicePaidNoted:
    """An invoice linked to the item became Paid (spec 2.1); its fields travel with the fact."""

    invoice_id: str
    amount: Money
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ChangeSeen:
    """A change was handled and changed nothing: `reason` says why (`no_change`, `deleted`, `unknown_effect`…)."""

    reason: str


# --- automation's own steps ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RuleRunDelayed:
    """The rule's turn has come; it runs at `due` (spec 1.4 `delay`)."""

    run_id: str
    rule_id: str
    rule_version: int
    entry: int
    due: Moment
    """0 while the field that it follows is empty."""
    follows: str = ""
    """Code of the date field that `due` follows."""


@dataclass(frozen=True, slots=True)
class RuleRunRescheduled:
    """The date that a delayed rule waits for has changed: it runs at `due`, 0 while the field is empty.

    Of a running rule: the calls that it makes now are waited for until `due`.
    """

    run_id: str
    rule_id: str
    rule_version: int
    entry: int
    due: Moment


@dataclass(frozen=True, slots=True)
class RuleRunStarted:
    """The rule waits for the outcomes of calls made outside the item, at most until `deadline`."""

    run_id: str
    rule_id: str
    rule_version: int
    entry: int
    deadline: Moment


@dataclass(frozen=True, slots=True)
class RuleRunCompleted:
    """The rule did its work and publishes results (spec 1.7)."""

    run_id: str
    rule_id: str
    rule_version: int
    entry: int
    results: Mapping[str, Value]
    notes: tuple[str, ...] = ()
    """What the run log says beside the outcome: `truncated` (spec 3.2.9)."""


@dataclass(frozen=True, slots=True)
class RuleRunSkipped:
    """The rule had no work to do: `reason` is a reason code of the spec."""

    run_id: str
    rule_id: str
    rule_version: int
    entry: int
    reason: str


@dataclass(frozen=True, slots=True)
class RuleRunFailed:
    """The rule could not do its work: `reason` is a reason code of the spec."""

    run_id: str
    rule_id: str
    rule_version: int
    entry: int
    reason: str


@dataclass(frozen=True, slots=True)
class RuleRunCancelled:
    """The rule will not run: `cause` is `stage_left`, `rule_inactive` or `item_deleted` (spec 6.3)."""

    run_id: str
    rule_id: str
    rule_version: int
    entry: int
    cause: str


@dataclass(frozen=True, slots=True)
class RuleEnrolled:
    """The item was enrolled in a rule that it had not met when it entered its stage; the run follows."""

    run_id: str
    rule_id: str
    rule_version: int
    entry: int
    enrolment_id: str
    by: str
    """Who asked for it."""


@dataclass(frozen=True, slots=True)
class TriggerFired:
    """A trigger answered a fact; the move, if there is one, is the next event (spec 1.5)."""

    trigger_id: str
    trigger_version: int
    fact_id: str
    to_stage: str


@dataclass(frozen=True, slots=True)
class TriggerSkipped:
    """A trigger matched a fact and did not move the item: `reason` is a reason code of the spec."""

    trigger_id: str
    trigger_version: int
    fact_id: str
    reason: str


# --- outcomes of calls out of the item (design section 2, steps of kind effect) ------------------------------


@dataclass(frozen=True, slots=True)
class EffectAnswered:
    """The outcome of a call arrived; `status` is `completed`, `skipped` or `failed`."""

    effect_id: str
    run_id: str
    status: str
    reason: str
    results: Mapping[str, Value]
    tries: int
