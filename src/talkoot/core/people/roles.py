"""The roles of a city's people, and what each covers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from talkoot.core.base.declare import RESIDENT
from talkoot.core.base.programmes import permissions
from talkoot.core.base.services import ANYWHERE
from talkoot.core.base.text import Text
from talkoot.core.people.models import Account, HeldRole, Organisation


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its code, its name and what it is for."""

    code: str
    name: Text
    summary: Text


CORE_ROLES: Final = (
    Role(
        "manager",
        Text(fi="pääkäyttäjä", sv="huvudanvändare", en="manager"),
        Text(
            fi="Pitää huolta organisaation tunnuksista ja rooleista.",
            sv="Sköter organisationens konton och roller.",
            en="Looks after the organisation's accounts and roles.",
        ),
    ),
    Role(
        "register_editor",
        Text(fi="rekisterinpitäjä", sv="registerförare", en="register editor"),
        Text(
            fi="Tuo ja korjaa rekisterin tietoja.",
            sv="Importerar och rättar uppgifter i registret.",
            en="Imports and corrects what the register says.",
        ),
    ),
    Role(
        "planner",
        Text(fi="suunnittelija", sv="planerare", en="planner"),
        Text(
            fi="Laskee ja vertailee suunnitelmia ja ottaa niitä käyttöön.",
            sv="Beräknar, jämför och tar i bruk planer.",
            en="Computes, compares and adopts plans.",
        ),
    ),
    Role(
        "operator",
        Text(fi="ylläpitäjä", sv="driftansvarig", en="operator"),
        Text(
            fi="Pitää järjestelmän käynnissä: työt, varmuuskopiot, hallintanäkymä.",
            sv="Håller systemet i gång: jobb, säkerhetskopior, administrationen.",
            en="Keeps the system running: jobs, backups, the administration.",
        ),
    ),
    Role(
        "auditor",
        Text(fi="tarkastaja", sv="granskare", en="auditor"),
        Text(
            fi="Lukee tapahtumalokia: mitä on tehty, milloin ja millä avaimella.",
            sv="Läser granskningsloggen: vad som gjorts, när och av vilken nyckel.",
            en="Reads the audit trail: what was done, when and under which key.",
        ),
    ),
)


@cache
def roles() -> dict[str, Role]:
    """Return every role that can be given, by code: the core's, then those only programmes' permissions name."""
    found = {role.code: role for role in CORE_ROLES}
    for permission in permissions().values():
        for code in sorted(permission.roles - {RESIDENT}):
            found.setdefault(code, Role(code, Text(fi=code.replace("_", " ")), Text()))
    return found


def owner_id(subject: object) -> int | None:
    """Return the primary key of the organisation that owns `subject`, or None where nobody but the city does.

    An organisation owns itself; anything else says it by `owner_id` or `organisation_id`.
    """
    if isinstance(subject, Organisation):
        return subject.pk
    for name in ("owner_id", "organisation_id"):
        if isinstance(value := getattr(subject, name, None), int):
            return value
    return None


def covers(held: HeldRole, subject: object) -> bool:
    """Tell whether a held role reaches `subject`: the city's reaches all, another's what it owns."""
    return held.in_city or subject is ANYWHERE or held.organisation_id == owner_id(subject)


def holds(account: Account, wanted: frozenset[str], subject: object = None) -> bool:
    """Tell whether the account holds one of the roles `wanted` over `subject` (None: over the whole city)."""
    if RESIDENT in wanted:
        return True
    return any(held.role in wanted and covers(held, subject) for held in account.held_roles)
