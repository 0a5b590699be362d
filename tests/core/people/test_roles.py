"""A role in the city covers everything, one elsewhere what that organisation owns, and only while it is valid."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.programmes import permissions
from talkoot.core.base.services import ANYWHERE, may
from talkoot.core.people.models import HeldRole, Membership, Organisation
from talkoot.core.people.roles import covers, roles
from talkoot.core.people.services import end_role, grant_role
from tests.core.people.conftest import MakePerson

pytestmark = pytest.mark.django_db
MANAGE = "people.manage_roles"


def test_a_role_in_the_city_covers_everything(person: MakePerson, city: Organisation, school: Organisation) -> None:
    manager = person("manager", city)
    owned = SimpleNamespace(owner_id=school.pk)
    assert all(may(manager, MANAGE, subject) for subject in (None, city, school, owned, ANYWHERE))


def test_a_role_elsewhere_covers_what_is_owned_there(
    person: MakePerson, city: Organisation, school: Organisation
) -> None:
    manager = person("manager", school)
    owned = SimpleNamespace(owner_id=school.pk)
    assert all(may(manager, MANAGE, subject) for subject in (school, owned, ANYWHERE))
    foreign = SimpleNamespace(owner_id=city.pk)
    nobodys = SimpleNamespace(owner_id=None)
    assert not any(may(manager, MANAGE, subject) for subject in (None, city, foreign, nobodys, "school", 1))


def test_another_role_does_not_do(person: MakePerson, city: Organisation) -> None:
    assert not may(person("auditor", city), MANAGE, city)


@pytest.mark.parametrize("permission", sorted(permissions()))
def test_visitors_and_residents_hold_only_what_is_declared_for_them(permission: str, person: MakePerson) -> None:
    declared = permissions()[permission]
    assert may(Actor(), permission) == declared.anyone
    assert may(person(), permission) == (declared.anyone or "resident" in declared.roles)
    assert not AnonymousUser().has_perm(permission) or declared.anyone


def test_an_undeclared_permission_is_held_by_nobody_not_even_the_shell(person: MakePerson, city: Organisation) -> None:
    assert not may(operator(), "people.no_such_thing")
    assert not person("manager", city).account.has_perm("people.no_such_thing")


@pytest.mark.parametrize(("start", "end", "held"), [(-2, -1, False), (-1, 1, True), (1, 2, False)])
def test_a_role_holds_in_its_time_only(
    person: MakePerson, city: Organisation, start: int, end: int, held: bool
) -> None:
    actor, now = person(), timezone.now()
    Membership.objects.create(
        account=actor.account,
        organisation=city,
        role="manager",
        valid_from=now + timedelta(hours=start),
        valid_to=now + timedelta(hours=end),
    )
    assert may(actor, MANAGE) == held


def test_roles_in_a_closed_organisation_hold_no_longer(person: MakePerson, school: Organisation) -> None:
    manager = person("manager", school)
    Organisation.objects.filter(pk=school.pk).update(closed_at=timezone.now())
    manager.account.forget_roles()
    assert not may(manager, MANAGE, school)


def test_a_closed_account_may_nothing(person: MakePerson, city: Organisation) -> None:
    manager = person("manager", city)
    manager.account.is_active = False
    assert not may(manager, MANAGE)


def test_many_questions_read_the_roles_once(
    person: MakePerson, city: Organisation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    manager = person("manager", city)
    manager.account.forget_roles()
    with django_assert_num_queries(1):
        for _ in range(20):
            may(manager, MANAGE, city)
            may(manager, "base.read_audit")


def test_a_change_of_roles_is_seen_at_once(person: MakePerson, city: Organisation) -> None:
    person("manager", city)
    actor = person()
    assert not may(actor, MANAGE)
    grant_role(operator(), actor.account, city, "manager")
    assert may(actor, MANAGE)
    end_role(operator(), actor.account, city, "manager")
    assert not may(actor, MANAGE)


def test_every_role_that_a_permission_names_can_be_given() -> None:
    named = frozenset().union(*(permission.roles for permission in permissions().values())) - {"resident"}
    assert named <= set(roles())
    assert all(role.name for role in roles().values())


@given(
    held_in=st.integers(1, 5), in_city=st.booleans(), owner=st.one_of(st.none(), st.integers(1, 5), st.text(max_size=2))
)
def test_nothing_is_covered_but_by_the_city_or_its_owner(held_in: int, in_city: bool, owner: object) -> None:
    subject = SimpleNamespace(owner_id=owner)
    assert covers(HeldRole("manager", held_in, in_city), subject) == (in_city or held_in == owner)
