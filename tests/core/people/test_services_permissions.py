"""Who may call which verb of this room: the twin of test_services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.errors import InvalidError, NotAllowedError
from talkoot.core.base.models import AuditEntry
from talkoot.core.base.text import Text
from talkoot.core.people import services
from talkoot.core.people.models import Account, Organisation
from talkoot.core.people.retention import remove_outdated
from tests.core.people.conftest import MakePerson

pytestmark = pytest.mark.django_db(databases="__all__")

Call = Callable[[Actor, Account, Organisation], Any]

ONLY_CITY_MANAGERS: dict[str, Call] = {
    "create_account": lambda actor, account, school: services.create_account(actor, email="n@example.org"),
    "ensure_organisation": lambda actor, account, school: services.ensure_organisation(
        actor, code="new", name=Text(fi="Uusi")
    ),
    "close_account": lambda actor, account, school: services.close_account(actor, account),
    "reopen_account": lambda actor, account, school: services.reopen_account(actor, account),
    "close_organisation": lambda actor, account, school: services.close_organisation(actor, school),
    "reopen_organisation": lambda actor, account, school: services.reopen_organisation(actor, school),
    "export_data_of": lambda actor, account, school: services.export_data_of(actor, account),
    "erase_account_of": lambda actor, account, school: services.erase_account_of(actor, account),
    "remove_outdated": lambda actor, account, school: remove_outdated(actor),
}
ALSO_SCHOOL_MANAGERS: dict[str, Call] = {
    "grant_role": lambda actor, account, school: services.grant_role(actor, account, school, "planner"),
    "end_role": lambda actor, account, school: services.end_role(actor, account, school, "auditor"),
}
ONLY_SIGNED_IN: dict[str, Callable[[Actor], Any]] = {
    "change_profile": lambda actor: services.change_profile(actor, name="A", language="fi"),
    "end_own_sessions": lambda actor: services.end_own_sessions(actor),
    "export_own_data": lambda actor: services.export_own_data(actor),
    "erase_own_account": lambda actor: services.erase_own_account(actor),
    "give_consent": lambda actor: services.give_consent(actor, purpose="x"),
    "withdraw_consent": lambda actor: services.withdraw_consent(actor, purpose="x"),
}


@pytest.fixture
def others(person: MakePerson, city: Organisation, school: Organisation) -> Account:
    """The account that the verbs are tried on; another manager keeps the city in hands."""
    person("manager", city)
    return person("auditor", school).account


@pytest.mark.parametrize("verb", [*ONLY_CITY_MANAGERS, *ALSO_SCHOOL_MANAGERS])
def test_the_citys_managers_may(
    verb: str, person: MakePerson, city: Organisation, school: Organisation, others: Account
) -> None:
    {**ONLY_CITY_MANAGERS, **ALSO_SCHOOL_MANAGERS}[verb](person("manager", city), others, school)


@pytest.mark.parametrize("verb", ALSO_SCHOOL_MANAGERS)
def test_an_organisations_managers_may_in_it(
    verb: str, person: MakePerson, school: Organisation, others: Account
) -> None:
    ALSO_SCHOOL_MANAGERS[verb](person("manager", school), others, school)


@pytest.mark.parametrize("verb", ALSO_SCHOOL_MANAGERS)
def test_an_organisations_managers_may_not_elsewhere(
    verb: str, person: MakePerson, city: Organisation, school: Organisation, others: Account
) -> None:
    refused(ALSO_SCHOOL_MANAGERS[verb], person("manager", school), others, city)


@pytest.mark.parametrize("verb", ONLY_CITY_MANAGERS)
def test_an_organisations_managers_may_not_for_the_city(
    verb: str, person: MakePerson, school: Organisation, others: Account
) -> None:
    refused(ONLY_CITY_MANAGERS[verb], person("manager", school), others, school)


@pytest.mark.parametrize("role", ["", "planner", "auditor", "operator", "register_editor"])
@pytest.mark.parametrize("verb", [*ONLY_CITY_MANAGERS, *ALSO_SCHOOL_MANAGERS])
def test_nobody_else_may(
    verb: str, role: str, person: MakePerson, city: Organisation, school: Organisation, others: Account
) -> None:
    actor = person(role, city if role else None)
    refused({**ONLY_CITY_MANAGERS, **ALSO_SCHOOL_MANAGERS}[verb], actor, others, school)


def refused(verb: Call, actor: Actor, account: Account, organisation: Organisation) -> None:
    """Assert that the call is refused before anything is done."""
    before = AuditEntry.objects.count()
    with pytest.raises(NotAllowedError, match="manager"):
        verb(actor, account, organisation)
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("verb", ONLY_SIGNED_IN)
@pytest.mark.parametrize("actor", [Actor(), operator()], ids=["visitor", "shell"])
def test_only_somebody_with_an_account_has_something_of_their_own(verb: str, actor: Actor) -> None:
    with pytest.raises((NotAllowedError, InvalidError)):
        ONLY_SIGNED_IN[verb](actor)
