"""The month as a list of changes in the order in which they happen: pure, and the same for the same plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from automation.envelope import Key
from automation.values import Value
from services.cli.demo import calendar, people
from services.cli.demo.people import Client
from services.cli.demo.selling import deal, lead
from services.cli.demo.shopping import repair, shop
from services.cli.demo.story import Plan, Step, Story

_CLIENTS_SHARE = 0.04
_NEW_CLIENT = 0.25
_TELLERS: tuple[tuple[Callable[[Story, Client], None], int], ...] = ((lead, 46), (deal, 26), (shop, 21), (repair, 7))


def month(plan: Plan) -> list[Step]:
    """Return exactly `plan.changes` changes, ordered by time; those of one item keep their order."""
    known = max(2, int(plan.changes * _CLIENTS_SHARE))
    steps = list(_opening(plan, known))
    number = 0
    while len(steps) < plan.changes:
        steps += [step for step in _story(plan, number, known) if step.at < calendar.END_MS]
        number += 1
    # Cut before sorting: a story that is cut ends early, none begins in the middle.
    return sorted(steps[: plan.changes], key=lambda step: step.at)


def _opening(plan: Plan, known: int) -> Iterator[Step]:
    """The clients whom the company knows when the month begins."""
    for number in range(known):
        story = Story(plan, f"c{number}", calendar.first_morning(plan.random("opening", number)))
        _enter(story, _client(plan, number), with_company=number % 2 == 0)
        yield from story.steps


def _client(plan: Plan, number: int) -> Client:
    return people.client(plan.random("client", number), number, plan.mark)


def _enter(story: Story, client: Client, *, with_company: bool) -> None:
    user, tenant = story.rng.choice(people.SALES), story.plan.tenant
    if with_company:
        fields: Mapping[str, Value] = {
            "title": client.company_name, "industry": story.rng.choice(people.INDUSTRIES),
            "vat_id": f"DE{story.rng.randrange(10**9):09}",
        }  # fmt: skip
        story.create(Key(tenant, "company", client.company), fields, user, "rest_api")
    person: Mapping[str, Value] = {
        "title": client.name, "name": client.name, "email_work": client.email, "company": client.company,
        "position": story.rng.choice(people.POSITIONS), "newsletter": story.chance(0.4),
    }  # fmt: skip
    story.create(Key(tenant, "contact", client.contact), person, user, "rest_api")


def _story(plan: Plan, number: int, known: int) -> list[Step]:
    rng = plan.random("choice", number)
    tell = rng.choices([teller for teller, _ in _TELLERS], [weight for _, weight in _TELLERS])[0]
    story = Story(plan, number, (calendar.shopping_hour if tell is shop else calendar.office_hour)(rng))
    if rng.random() < _NEW_CLIENT:
        client = _client(plan, known + 2 * number)
        _enter(story, client, with_company=True)
    else:
        client = _client(plan, rng.randrange(known))
    tell(story, client)
    return story.steps
