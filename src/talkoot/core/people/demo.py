"""People for the demo city: its organisation and an account for every role, with random passwords."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.declare import RESIDENT, Role
from talkoot.core.base.text import Text
from talkoot.core.people import declaration
from talkoot.core.people.models import Account, Organisation
from talkoot.core.people.services import create_account, ensure_organisation, grant_role

CITY_NAME: Final = Text(fi="Kampin demokaupunki", sv="Demostaden Kampen", en="Kamppi demo city")
ROLES: Final = (*declaration.ROLES, Role(RESIDENT, Text(fi="asukas", sv="invånare", en="resident"), Text()))

# Address, password, role.
Entry = tuple[str, str, str]


def demo_accounts() -> list[Entry]:
    """Return the demo accounts of this home with their passwords; none where no demo city was made."""
    path = _path()
    return [tuple(entry) for entry in json.loads(path.read_text())] if path.exists() else []


def make_demo_people(progress: Callable[[float, str], None]) -> None:
    """Make the demo city's organisation and accounts, where they are not there yet."""
    progress(0.0, "accounts")
    make_demo_accounts()


def make_demo_accounts() -> list[Entry]:
    """Return one account for every role, made on the first call and the same on every later one.

    They can be entered only from the machine itself (`talkoot.core.people.backends`).
    """
    entries = demo_accounts()
    if not entries:
        entries = [_new_entry(role) for role in ROLES]
        _keep(entries)
    actor = operator()
    city = ensure_organisation(actor, code="demo-city", name=CITY_NAME, is_city=True)
    for role, (email, password, _) in zip(ROLES, entries, strict=True):
        if not Account.objects.filter(email=email).exists():
            _make(actor, city, role, email, password)
    return entries


def _new_entry(role: Role) -> Entry:
    return f"{role.code.replace('_', '-')}@demo.example", secrets.token_urlsafe(12), role.code


def _make(actor: Actor, city: Organisation, role: Role, email: str, password: str) -> None:
    with transaction.atomic():
        account = create_account(
            actor, email=email, name=role.name.en.capitalize(), language="en", password=password, is_demo=True
        )
        if role.code != RESIDENT:
            grant_role(actor, account, city, role.code)


def _keep(entries: list[Entry]) -> None:
    """Write the passwords for the owner of the home only, whole or not at all."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(entries, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)


def _path() -> Path:
    path: Path = settings.HOME / "keys" / "demo_accounts.json"
    return path
