"""People parameters (spec 1.10): users, roles and departments become active employees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.people import Absence, Department, Role, User, directory_of, expand, find_cycle, id_order, one_of

USERS = [
    User("1", "Chief", department="top"),
    User("2", "Sales head", department="sales", sending_addresses=("s@x", "t@x")),
    User("10", department="sales"),
    User("9", department="sales"),
    User("11", department="sales", active=False),
    User("20", department="east"),
    User("30", department="lost"),
]
DEPARTMENTS = [
    Department("top", head="1"),
    Department("sales", parent="top", head="2"),
    Department("east", parent="sales", head="1"),
    Department("vacant", parent="top"),
]
ROLES = [Role("managers", ("9", "2", "11")), Role("responsible", ("30",))]
DIRECTORY = directory_of(USERS, DEPARTMENTS, ROLES, [Absence("9", 100, 200)])
ITEM = {"responsible": ("9",), "creator": ("11",), "observers": ("20", "9")}


@pytest.mark.parametrize(
    ("principals", "expected"),
    [
        (["user:9"], "9"), (["9"], "9"), ([" 9 "], "9"), (["user:11"], ""), (["user:404"], ""), ([""], ""),
        (["user:"], ""),
        (["role:managers"], "9 2"), (["role:nobody"], ""), (["department:404"], ""),
        (["role:responsible"], "9"), (["responsible"], "9"), (["role:creator"], ""), (["role:observers"], "20 9"),
        (["role:responsible_supervisor"], "2"),
        (["department:sales"], "2 9 10 1 20"), (["department:east"], "1 20"), (["department:vacant"], ""),
        (["user:20", "department:sales", "role:managers"], "20 2 9 10 1"),
    ],
)  # fmt: skip
def test_principals_stand_for_active_employees_in_listed_order(principals: list[str], expected: str) -> None:
    """Nested departments, heads as members, item roles before named groups, no repeats, nobody dismissed."""
    assert expand(principals, DIRECTORY, ITEM) == tuple(expected.split())


@pytest.mark.parametrize(("user", "head"), [("9", "2"), ("2", "1"), ("1", ""), ("20", "1"), ("30", ""), ("404", "")])
def test_the_supervisor_is_the_head_or_for_a_head_the_head_above(user: str, head: str) -> None:
    """Spec 1.10; who heads the top has none."""
    assert DIRECTORY.supervisor_of(user) == head


def test_a_head_without_a_department_belongs_to_the_one_that_he_or_she_heads() -> None:
    """A department's head is a member of it (spec 6.8), so that the supervisor is the head above."""
    directory = directory_of([User("1"), User("2")], [Department("top", head="1"), Department("b", "", "top", "2")])

    assert directory.supervisor_of("2") == "1"
    assert expand(["department:b"], directory, {}) == ("2",)
    assert expand(["role:responsible_supervisor"], directory, {"responsible": ("2",)}) == ("1",)


def test_a_vacant_or_dismissed_head_is_nobody() -> None:
    """No one stands in for them: the rule has no recipient."""
    users = [User("1", department="a"), User("2", department="b"), User("3", active=False)]
    directory = directory_of(
        users, [Department("top", head="3"), Department("a", "", "top"), Department("b", head="3")]
    )

    for user in ("1", "2"):
        assert expand(["role:responsible_supervisor"], directory, {"responsible": (user,)}) == ()


def test_one_of_takes_a_user_or_a_single_valued_role() -> None:
    """Authors and senders are one person."""
    assert one_of("role:responsible", DIRECTORY, ITEM) == "9"
    assert one_of("2", DIRECTORY, ITEM) == "2"
    assert one_of("role:managers", DIRECTORY, ITEM) == ""
    assert one_of("", DIRECTORY, ITEM) == ""
    assert one_of("11", DIRECTORY, ITEM) == ""


def test_a_circle_of_departments_is_found_on_save_and_safe_at_run_time() -> None:
    """Two saves may close a circle before anyone sees it."""
    circle = [
        Department("a", parent="c", head="1"),
        Department("b", parent="a", head="1"),
        Department("c", parent="b", head="1"),
    ]
    directory = directory_of([User("1", department="a"), User("2", department="c")], circle)
    assert expand(["department:b"], directory, {}) == ("1", "2")
    assert directory.supervisor_of("1") == ""
    assert set(find_cycle([*DEPARTMENTS, *circle])) == {"a", "b", "c"}
    assert find_cycle([*DEPARTMENTS, Department("self", parent="self")]) == ("self",)
    assert find_cycle(DEPARTMENTS) == ()


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdefg"), max_size=6))
def test_any_shape_of_departments_expands_to_each_member_once(parents: dict[str, str]) -> None:
    """Members of a department are those who reach it upwards."""
    users = [User(f"u{unit}", department=unit) for unit in parents]
    directory = directory_of(users, [Department(unit, parent=parent) for unit, parent in parents.items()])

    def reaches(unit: str, goal: str) -> bool:
        seen: set[str] = set()
        while unit not in seen and unit != goal:
            seen.add(unit)
            unit = parents.get(unit, unit)
        return unit == goal

    for goal in parents:
        found = expand([f"department:{goal}"], directory, {})
        assert len(set(found)) == len(found)
        assert set(found) == {f"u{unit}" for unit in parents if reaches(unit, goal)}


def test_ids_are_ordered_as_numbers_first() -> None:
    """Spec 1.1."""
    assert sorted(["b", "10", "9", "٣", "a"], key=id_order) == ["9", "10", "a", "b", "٣"]


def test_the_directory_answers_for_names_addresses_and_absences() -> None:
    """An absence ends before its last moment."""
    assert DIRECTORY.name_of("1") == "Chief"
    assert DIRECTORY.name_of("10") is None
    assert DIRECTORY.sending_address("2") == "s@x"
    assert DIRECTORY.sending_address("404") == ""
    assert [DIRECTORY.is_absent("9", at) for at in (99, 100, 199, 200)] == [False, True, True, False]
