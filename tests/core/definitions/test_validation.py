"""What saving definitions refuses, and what it warns of (spec 1.2, 1.7, 1.9, 1.10, 6.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.document_models import DocumentTemplate
from automation.definitions.validation import Checked, check, id_of, read
from tests.core.spec import CATALOGUE, PEOPLE, TENANT, kind_of, pipeline, rule, trigger

LINK = rule("link", "create_payment_link", "invoice_sent", {}, order=1)
BASE: tuple[m.Definition, ...] = (pipeline(), *PEOPLE)
INSERTS = {"text": "Pay at {{result:link.payment_link}}"}


def ids(*made: m.Definition) -> dict[tuple[str, str], m.Definition | None]:
    """Return definitions by kind and id."""
    return {(kind_of(one), id_of(one)): one for one in made}


def saved(*made: m.Definition, base: tuple[m.Definition, ...] = BASE) -> Checked:
    """Check definitions that are saved on top of a company with one pipeline."""
    return check(CATALOGUE, TENANT, ids(*base), ids(*made))


def rules_broken(found: Checked) -> list[tuple[str, str, str]]:
    """Return path, rule and severity of each flaw."""
    return [(flaw.path, flaw.rule, flaw.severity) for flaw in found.flaws]


def note(params: Mapping[str, Any], **more: Any) -> m.Rule:
    """Return a comment rule on the stage of the scenario."""
    return rule("note", "add_item_comment", params=params, **{"stage": "invoice_sent", "order": 2, **more})


def tell(params: Mapping[str, Any]) -> m.Rule:
    """Return a notification rule on the stage of the scenario."""
    return rule("tell", "add_notification", "invoice_sent", {"text": "Hello", **params}, order=2)


REFUSED: list[tuple[m.Definition, str, str]] = [
    (note({"text": "x"}, pipeline="side"), "pipeline", "unknown_pipeline"),
    (rule("r", "add_item_comment", "nowhere", {"text": "x"}), "stage", "unknown_stage"),
    (rule("r", "no_such_rule", "new", {}), "type", "unknown_type"),
    (rule("r", "track_order_payment", "new", {}), "type", "unknown_type"),
    (trigger("t", "add_item_comment", "new"), "type", "unknown_type"),
    (note({}), "params.text", "params"),
    (note({"text": "x", "colour": "red"}), "params.colour", "params"),
    (note({"text": "{{field:nothing}}"}), "params.text", "params"),
    (note({"text": "x"}, condition={"field": "amount", "op": "gt", "value": "much"}), "condition.value", "condition"),
    (note({"text": "x"}, condition={"field": "height", "op": "empty"}), "condition.field", "condition"),
    (note({"text": "x", "created_by": "nobody"}), "params.created_by", "unknown_user"),
    (note({"text": "x", "created_by": "department:sales"}), "params.created_by", "one_person"),
    (tell({"recipients": ["ann", "department:nowhere"]}), "params.recipients[1]", "unknown_department"),
    (tell({"recipients": ["role:nobodies"]}), "params.recipients[0]", "unknown_role"),
    (trigger("t", "track_order_payment", "assembly", on_behalf_of="user:nobody"), "on_behalf_of", "unknown_user"),
    (trigger("t", "track_order_payment", "assembly", on_behalf_of="role:observers"), "on_behalf_of", "one_person"),
    (m.User(id="new", name="New", department="nowhere"), "department", "unknown_department"),
    (m.User(id="new", name="New", time_zone="Europe/Atlantis"), "time_zone", "unknown_time_zone"),
    (m.Settings(time_zone="Moon"), "time_zone", "unknown_time_zone"),
    (m.Department(id="it", name="IT", head="nobody"), "head", "unknown_user"),
    (m.Department(id="it", name="IT", parent="nowhere"), "parent", "unknown_department"),
    (m.Department(id="sales", name="Sales", parent="sales"), "parent", "department_cycle"),
    (m.Role(id="responsible", members=()), "id", "reserved_role"),
    (m.Role(id="law", members=("nobody",)), "members[0]", "unknown_user"),
    (m.Absence(id="a", user="ann", since=5, until=5), "until", "empty_time"),
    (m.Fields(item_type="ship", fields=()), "item_type", "unknown_item_type"),
    (m.Fields(item_type="spa_item", fields=()), "item_type", "unknown_item_type"),
    (
        m.Fields(item_type="deal", fields=(m.FieldDef(code="stage", title="S", type="string"),)),
        "fields[0].code",
        "reserved_code",
    ),
    (
        m.Fields(item_type="deal", fields=(m.FieldDef(code="amount", title="A", type="int"),)),
        "fields[0].type",
        "standard_field",
    ),
    (pipeline(name="second"), "default", "one_default"),
]


@pytest.mark.parametrize(("made", "path", "broken"), REFUSED, ids=lambda v: v if isinstance(v, str) else "")
def test_each_broken_rule_is_named_with_its_path(made, path, broken):
    """One flaw, an error, at the place where it is."""
    assert rules_broken(saved(made)) == [(path, broken, "error")]


def test_all_errors_come_at_once():
    """A rule wrong in three ways is told so in one go."""
    found = saved(note({"text": "{{field:nothing}}", "created_by": "nobody"}, stage="nowhere"))
    assert {flaw.path for flaw in found.errors} == {"stage", "params.text", "params.created_by"}


def test_every_value_that_does_not_fit_is_told_also_beside_insertions():
    """A parameter that inserts something hides no flaw of those that insert nothing."""
    long = "x" * 1_001
    mail = rule("mail", "send_client_email", "new", {"subject": long, "text": "{{field:title}}", "from": "y" * 500})
    assert {(path, code) for path, code, _ in rules_broken(saved(mail))} == {
        ("params.subject", "invalid_value"),
        ("params.from", "invalid_value"),
    }


def test_type_that_does_not_allow_the_item_type_is_refused():
    """The trigger on invoice payments does not exist for invoices (spec 2.1)."""
    invoices = pipeline("invoice", "inv")
    made = trigger("t", "track_invoice_payment", "assembly", item_type="invoice", pipeline="inv")
    assert rules_broken(saved(invoices, made)) == [("type", "type_not_allowed", "error")]


def test_leads_have_one_pipeline():
    """A second pipeline of leads is refused, a second one of deals is not (spec 1.2)."""
    assert rules_broken(saved(pipeline("lead", "a"), pipeline("lead", "b", default=False))) == [
        ("item_type", "one_pipeline", "error")
    ]
    assert saved(pipeline("deal", "b", default=False)).flaws == ()


def test_result_of_an_earlier_rule_of_the_stage_is_taken():
    """The second rule of a stage inserts what the first one publishes."""
    assert saved(LINK, note(INSERTS)).flaws == ()


@pytest.mark.parametrize("order", [0, 1])
def test_result_of_a_later_rule_is_refused(order):
    """In listed order; of two with one order the id decides."""
    made = rule("a_note", "add_item_comment", "invoice_sent", INSERTS, order=order)
    assert rules_broken(saved(LINK, made)) == [("params", "later_result", "error")]


def test_result_of_another_stage_is_refused_and_explained():
    """It is not merely unknown: the message says which stage it belongs to."""
    found = saved(LINK, rule("far", "add_item_comment", "assembly", INSERTS))
    assert rules_broken(found) == [("params.text", "result_of_other_stage", "error")]
    assert "invoice_sent" in found.flaws[0].message


def test_result_of_a_later_rule_is_refused_in_a_condition_too():
    """Conditions read results as well."""
    made = rule(
        "a", "add_item_comment", "invoice_sent", {"text": "x"}, condition={"result": "link.payment_id", "op": "empty"}
    )
    assert rules_broken(saved(LINK, made)) == [("condition", "later_result", "error")]


@pytest.mark.parametrize(
    ("first", "second", "warned"),
    [
        ("after_previous", "parallel", True),
        ("parallel", "after_previous", False),
        ("after_previous", "after_previous", False),
    ],
)
def test_result_of_a_rule_that_may_still_run_is_a_warning(first, second, warned):
    """A rule that waits for the one before has its result, a parallel one may not have it yet."""
    found = saved(LINK.model_copy(update={"run_mode": first}), note(INSERTS, run_mode=second))
    assert rules_broken(found) == ([("params", "parallel_result", "warning")] if warned else [])
    assert found.errors == ()


def test_titles_are_stored_as_codes():
    """`{{Amount}}` becomes the stable form, so that a new title breaks nothing (spec 1.9)."""
    found = saved(note({"text": "Worth {{Amount}}"}))
    stored = found.definitions["rule", "note"]
    assert isinstance(stored, m.Rule)
    assert stored.params == {"text": "Worth {{field:amount}}"}


def test_change_that_breaks_another_definition_is_refused():
    """Taking a stage away from under a rule is the fault of the pipeline's change."""
    shorter = pipeline().model_copy(update={"stages": pipeline().stages[:1]})
    found = saved(shorter, base=(*BASE, note({"text": "x"})))
    assert [(flaw.kind, flaw.id, flaw.rule) for flaw in found.errors] == [("rule", "note", "unknown_stage")]


def test_flaw_that_was_there_before_does_not_stop_another_change():
    """Somebody else's broken rule is not in the way of a new user."""
    assert saved(m.User(id="new", name="New"), base=(*BASE, note({}))).flaws == ()


def test_deleting_a_user_that_a_rule_names_is_refused():
    """Deletions are checked like saves."""
    found = check(CATALOGUE, TENANT, ids(*BASE, note({"text": "x", "created_by": "old"})), {("user", "old"): None})
    assert [(flaw.id, flaw.path, flaw.rule) for flaw in found.errors] == [("note", "params.created_by", "unknown_user")]


def test_unknown_kind_is_refused_with_the_known_ones():
    """A misspelt kind tells which there are."""
    made, flaws = read("rul", {"id": "x"})
    assert made is None
    assert "rule" in flaws[0].message


def test_model_errors_carry_paths():
    """Nested places are named as they are written."""
    body = {"id": "p", "item_type": "deal", "title": "P", "stages": [{"id": "a", "title": "A", "kind": "odd"}]}
    _, flaws = read("pipeline", body)
    assert flaws[0].path == "stages[0].kind"


def test_rule_of_a_whole_model_is_put_at_its_field():
    """Two stages of one id are the fault of `stages`."""
    stage = {"id": "a", "title": "A"}
    _, flaws = read("pipeline", {"id": "p", "item_type": "deal", "title": "P", "stages": [stage, stage]})
    assert [(flaw.path, flaw.message) for flaw in flaws] == [("stages", "an id stands twice")]


@pytest.mark.parametrize(("template", "warned"), [("offer", False), ("nothing", True), ("{{field:title}}", False)])
def test_a_definition_that_is_named_and_not_there_is_a_warning(template: str, warned: bool) -> None:
    """A document template, an own company, a pipeline; an inserted one is known at run time only."""
    offer = DocumentTemplate(id="offer", title="Offer", item_types=("deal",), text="x")
    params = {"template": template, "my_company": "home" if warned else ""}
    found = saved(rule("paper", "create_document", "new", params), offer)

    expected = [(f"params.{name}", "unknown_definition", "warning") for name in ("template", "my_company")]
    assert rules_broken(found) == (expected if warned else [])


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_json_does_not_know_are_refused(number):
    """They could not be kept."""
    made, flaws = read("rule", {"id": "r", "params": {"x": number}})
    assert made is None
    assert flaws[0].rule == "invalid_value"


@pytest.mark.parametrize(
    ("provider", "warned"), [("sms", False), ("other", True), ("off", True), ("mail", True), ("{{field:title}}", False)]
)
def test_a_provider_that_is_not_connected_is_a_warning(provider: str, warned: bool) -> None:
    """Unknown, inactive, of another channel; an inserted one is known at run time only."""
    connections = (
        m.Connection(id="sms", channel="sms", provider="recording"),
        m.Connection(id="off", channel="sms", provider="recording", active=False),
        m.Connection(id="mail", channel="email", provider="recording"),
    )
    params = {"text": "Hi", "provider": provider}
    found = saved(rule("texting", "send_client_sms", "new", params), *connections)

    assert rules_broken(found) == ([("params.provider", "no_provider", "warning")] if warned else [])


@pytest.mark.parametrize(
    ("broken", "path"),
    [
        ({"channel": "sms", "provider": "telegram"}, "provider"),
        ({"channel": "sms", "provider": "sms_http"}, "url"),
        ({"channel": "crm_webhook", "provider": "standard_webhooks", "url": "ftp://x"}, "url"),
        ({"channel": "sms", "provider": "sms_http", "url": "https://user:key@sms.test/"}, "url"),
        ({"channel": "pigeon", "provider": "twilio"}, "channel"),
    ],
)
def test_a_connection_that_cannot_work_is_refused(broken: dict[str, str], path: str) -> None:
    """A provider of another channel, no address, a password in it, a channel that is none."""
    made, flaws = read("connection", {"id": "c", **broken})

    assert made is None
    assert [flaw.path for flaw in flaws] == [path]
