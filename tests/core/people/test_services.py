"""Accounts, organisations and roles: what the verbs do, refuse and leave in the audit trail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError
from talkoot.core.base.models import AuditEntry, PersonKey
from talkoot.core.base.services import may
from talkoot.core.base.text import Text
from talkoot.core.people import services
from talkoot.core.people.models import Account, Membership, Organisation, Session
from talkoot.core.people.sessions import SessionStore
from tests.core.people.conftest import PASSWORD, MakePerson

pytestmark = pytest.mark.django_db


def test_an_account_is_made_with_a_confirmed_address_and_one_audit_entry() -> None:
    account = services.create_account(
        operator(), email=" Maija.Meri@Example.ORG ", name="Maija", language="sv", password=PASSWORD
    )
    assert (account.email, account.name, account.language) == ("maija.meri@example.org", "Maija", "sv")
    assert account.check_password(PASSWORD)
    assert account.password.startswith("argon2")
    assert EmailAddress.objects.get(user=account).verified
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor) == ("core.people.create_account", "system")
    assert entry.target == PersonKey.of(str(account.uid))


def test_no_personal_data_stands_in_the_trail() -> None:
    account = services.create_account(operator(), email="maija@example.org", name="Maija Meri")
    written = str(AuditEntry.objects.get().as_dict())
    assert all(word not in written for word in ("maija", "Maija", str(account.uid)))


def test_an_account_without_a_password_cannot_be_entered_by_one() -> None:
    assert not services.create_account(operator(), email="a@example.org").has_usable_password()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b\nBcc: c@d.fi"}, "email"),
        ({"email": "a" * 250 + "@example.org"}, "email"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"language": "de"}, "language"),
        ({"password": "short"}, "password"),
        ({"password": "password123"}, "password"),
        ({"password": "new@example.org"}, "password"),
    ],
)
def test_a_bad_account_is_refused_by_field_and_leaves_nothing(values: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        services.create_account(operator(), **{"email": "new@example.org", **values})
    assert caught.value.problems[0].field == field
    assert caught.value.problems[0].fix
    assert not Account.objects.exists()
    assert not AuditEntry.objects.exists()


def test_an_address_has_one_account_whatever_its_case() -> None:
    services.create_account(operator(), email="a@example.org")
    with pytest.raises(InvalidError, match="has an account already"):
        services.create_account(operator(), email="A@EXAMPLE.org")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=130))
def test_any_name_is_kept_as_it_is_or_refused(name: str) -> None:
    number = Account.objects.count()
    try:
        account = services.create_account(operator(), email=f"n{number}@example.org", name=name)
    except InvalidError as error:
        assert error.problems[0].field == "name"
    else:
        account.refresh_from_db()
        assert account.name == name.strip()


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "'; DROP TABLE people_account; --", "{{ 7*7 }}"])
def test_html_and_sql_in_names_are_words_like_any_other(hostile: str) -> None:
    services.create_account(operator(), email="a@example.org", name=hostile)
    organisation = services.ensure_organisation(operator(), code="x", name=Text(fi=hostile))
    organisation.refresh_from_db()
    assert Account.objects.get().name == hostile
    assert organisation.name.fi == hostile


def test_an_organisation_is_made_once_and_brought_up_to_date() -> None:
    first = services.ensure_organisation(operator(), code="school", name=Text(fi="Koulu"))
    second = services.ensure_organisation(
        operator(), code="school", name=Text(fi="Opisto"), website="https://school.example.org"
    )
    assert first.pk == second.pk
    assert Organisation.objects.get().name.fi == "Opisto"


def test_there_is_one_city(city: Organisation) -> None:
    with pytest.raises(ConflictError, match="city is the city already"):
        services.ensure_organisation(operator(), code="other", name=Text(fi="Toinen"), is_city=True)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "två ord"}, "code"),
        ({"code": ""}, "code"),
        ({"name": Text()}, "name"),
        ({"name": Text(sv="a\nb")}, "name.sv"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "example.org"}, "website"),
    ],
)
def test_a_bad_organisation_is_refused_by_field(values: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        services.ensure_organisation(operator(), **{"code": "ok", "name": Text(fi="Nimi"), **values})
    assert caught.value.problems[0].field == field


def test_a_role_is_given_once(person: MakePerson, city: Organisation) -> None:
    actor = person()
    first = services.grant_role(operator(), actor.account, city, "planner")
    assert services.grant_role(operator(), actor.account, city, "planner").pk == first.pk
    assert Membership.objects.count() == 1


def test_a_role_may_have_an_end(person: MakePerson, city: Organisation) -> None:
    actor, end = person(), timezone.now() + timedelta(days=1)
    assert services.grant_role(operator(), actor.account, city, "planner", valid_to=end).valid_to == end
    with pytest.raises(InvalidError, match="has passed"):
        services.grant_role(operator(), actor.account, city, "planner", valid_to=timezone.now())


@pytest.mark.parametrize("role", ["emperor", "resident", ""])
def test_an_unknown_role_is_refused_with_those_there_are(person: MakePerson, city: Organisation, role: str) -> None:
    with pytest.raises(InvalidError, match="planner"):
        services.grant_role(operator(), person().account, city, role)


def test_no_role_is_given_in_a_closed_organisation(person: MakePerson, school: Organisation) -> None:
    Organisation.objects.filter(pk=school.pk).update(closed_at=timezone.now())
    with pytest.raises(ConflictError, match="closed"):
        services.grant_role(operator(), person().account, school, "planner")


def test_an_ended_role_stays_in_the_record_and_can_be_given_again(person: MakePerson, city: Organisation) -> None:
    actor = person("planner", city)
    services.end_role(operator(), actor.account, city, "planner")
    assert Membership.objects.get().valid_to is not None
    services.grant_role(operator(), actor.account, city, "planner")
    assert Membership.objects.count() == 2


def test_a_role_not_held_cannot_be_ended(person: MakePerson, city: Organisation) -> None:
    with pytest.raises(NotFoundError):
        services.end_role(operator(), person().account, city, "planner")


def test_the_city_keeps_a_manager(person: MakePerson, city: Organisation) -> None:
    first, second = person("manager", city), person("manager", city)
    services.end_role(first, second.account, city, "manager")
    with pytest.raises(ConflictError, match="last manager"):
        services.end_role(first, first.account, city, "manager")


def test_a_closed_account_may_nothing_until_it_is_opened_again(person: MakePerson, city: Organisation) -> None:
    person("manager", city)
    actor = person("manager", city)
    store = SessionStore()
    store[SESSION_KEY] = str(actor.account.pk)
    store.save()
    services.close_account(operator(), actor.account)
    assert not Session.objects.filter(account_id=actor.account.pk).exists()
    assert not may(actor, "people.manage_roles")
    services.reopen_account(operator(), actor.account)
    assert may(actor, "people.manage_roles")


def test_the_last_managers_account_stays_open(person: MakePerson, city: Organisation) -> None:
    with pytest.raises(ConflictError, match="last manager"):
        services.close_account(operator(), person("manager", city).account)


def test_a_closed_organisations_roles_hold_again_when_it_opens(
    person: MakePerson, city: Organisation, school: Organisation
) -> None:
    manager = person("manager", school)
    for verb, holds in ((services.close_organisation, False), (services.reopen_organisation, True)):
        verb(operator(), school)
        manager.account.forget_roles()
        assert may(manager, "people.manage_roles", school) == holds
    with pytest.raises(ConflictError, match="city itself"):
        services.close_organisation(operator(), city)


def test_one_changes_ones_own_profile(person: MakePerson) -> None:
    actor = person()
    services.change_profile(actor, name="Aino", language="en")
    assert (Account.objects.get().name, Account.objects.get().language) == ("Aino", "en")


def test_a_visitor_signs_up() -> None:
    account = services.sign_up(Actor(), Account(email="New@Example.org"))
    assert Account.objects.get().email == "new@example.org"
    assert AuditEntry.objects.get().actor == "visitor"
    assert not EmailAddress.objects.filter(user=account, verified=True).exists()


def test_the_database_itself_holds_a_role_once(person: MakePerson, city: Organisation) -> None:
    from django.db import IntegrityError, transaction

    actor = person("planner", city)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(account=actor.account, organisation=city, role="planner")
    assert connection.is_usable()
