"""The demo accounts: made once, with passwords of their own in every home."""

from __future__ import annotations

from pathlib import Path

import pytest

from talkoot.core.people.declaration import ROLES
from talkoot.core.people.demo import demo_accounts, make_demo_accounts, make_demo_people
from talkoot.core.people.models import Account, Organisation

pytestmark = pytest.mark.django_db


def test_there_is_an_account_for_every_role_with_a_password_that_opens_it(home: Path) -> None:
    entries = make_demo_accounts()
    assert [role for _, _, role in entries] == [*(role.code for role in ROLES), "resident"]
    assert len({password for _, password, _ in entries}) == len(entries)
    for email, password, role in entries:
        account = Account.objects.get(email=email)
        assert account.is_demo
        assert account.check_password(password)
        assert {held.role for held in account.held_roles} == ({role} - {"resident"})
    assert Organisation.objects.get(is_city=True).name.en


def test_they_are_made_once_and_kept_for_the_owner_of_the_home(home: Path) -> None:
    assert demo_accounts() == []
    first = make_demo_accounts()
    make_demo_people(lambda share, message: None)
    assert make_demo_accounts() == first == demo_accounts()
    assert Account.objects.count() == len(first)
    file = home / "keys" / "demo_accounts.json"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_making_that_was_cut_short_is_taken_up(home: Path) -> None:
    first = make_demo_accounts()
    Account.objects.filter(email=first[2][0]).delete()
    make_demo_accounts()
    assert Account.objects.get(email=first[2][0]).check_password(first[2][1])


def test_two_homes_have_different_passwords(home: Path, settings: object, tmp_path: Path) -> None:
    first = make_demo_accounts()
    Account.objects.all().delete()
    settings.HOME = tmp_path / "other"  # type: ignore[attr-defined]
    assert make_demo_accounts() != first
