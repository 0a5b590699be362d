"""People to act in the tests: a city, a school, and accounts with roles in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.utils import translation

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.text import Text
from talkoot.core.people.models import Account, Organisation
from talkoot.core.people.services import create_account, ensure_organisation, grant_role

PASSWORD = "birch bark basket 7"

MakePerson = Callable[..., Actor]


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """Rate limits count from zero in every test."""
    cache.clear()


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """The tests read what the services say in English."""
    with translation.override("en"):
        yield


@pytest.fixture
def city(db: None) -> Organisation:
    """The city's own organisation."""
    return ensure_organisation(operator(), code="city", name=Text(fi="Kaupunki"), is_city=True)


@pytest.fixture
def school(db: None) -> Organisation:
    """An organisation that is not the city."""
    return ensure_organisation(operator(), code="school", name=Text(fi="Koulu", sv="Skolan"))


@pytest.fixture
def person(db: None) -> MakePerson:
    """Makes an actor with an account that holds the given role in the given organisation, or none."""

    def make(
        role: str = "", organisation: Organisation | None = None, *, password: str | None = None, name: str = ""
    ) -> Actor:
        number = Account.objects.count()
        account = create_account(operator(), email=f"person{number}@example.org", password=password, name=name)
        if organisation is not None:
            grant_role(operator(), account, organisation, role)
        return Actor(account=account)

    return make
