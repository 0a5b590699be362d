"""A person's data: consents with purpose and time, export and erasure across every programme that declares them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.utils import timezone

from talkoot.core.base import sealer
from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.declare import PersonalData, Programme
from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError
from talkoot.core.base.models import AuditEntry, PersonKey
from talkoot.core.base.text import Text
from talkoot.core.people import consents, retention, services
from talkoot.core.people.models import Account, Consent, Membership, Organisation, Session
from talkoot.core.people.personal import duties
from talkoot.core.people.sessions import SessionStore
from tests.core.people.conftest import MakePerson

pytestmark = pytest.mark.django_db(databases="__all__")

HELD: dict[str, list[str]] = {}


def export_held(account_uid: str) -> list[str]:
    """Give out what the programme of these tests holds."""
    return HELD.get(account_uid, [])


def erase_held(account_uid: str) -> int:
    """Erase it; the account must still be there, since programmes' records may refer to it."""
    assert Account.objects.filter(uid=account_uid).exists()
    return len(HELD.pop(account_uid, []))


TRIALS = Programme(
    code="trials",
    title=Text(en="Trials"),
    personal_data=(
        PersonalData(
            code="trials.answers",
            title=Text(fi="Vastaukset", en="Answers"),
            purpose=Text(fi="Kokeilun arviointi", sv="Utvärdering", en="To judge a trial"),
            keep_days=90,
            export="tests.core.people.test_personal:export_held",
            erase="tests.core.people.test_personal:erase_held",
            by_consent=True,
        ),
    ),
)


@pytest.fixture(autouse=True)
def _another_programme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a programme that holds personal data by consent."""
    from talkoot.core.base import programmes as declared

    every = (*declared.programmes(), TRIALS)
    monkeypatch.setattr(declared, "programmes", lambda: every)
    HELD.clear()


def test_a_consent_has_a_declared_purpose_its_wording_and_an_end(person: MakePerson) -> None:
    actor = person()
    consent = services.give_consent(actor, purpose="trials.answers")
    assert consent.wording == "Kokeilun arviointi"
    assert consent.expires_at - consent.given_at == timedelta(days=90)
    assert list(consents.in_force(actor.account)) == [consent]


@pytest.mark.parametrize("purpose", ["people.account", "marketing", ""])
def test_nobody_consents_to_what_is_not_declared_so(person: MakePerson, purpose: str) -> None:
    with pytest.raises(InvalidError, match=r"trials\.answers"):
        services.give_consent(person(), purpose=purpose)


@pytest.mark.parametrize("days", [-1, 0, 91, 10_000])
def test_a_consent_ends_within_the_declared_time(person: MakePerson, days: int) -> None:
    end = timezone.now() + timedelta(days=days)
    with pytest.raises(InvalidError, match="limit"):
        services.give_consent(person(), purpose="trials.answers", expires_at=end)


def test_a_consent_is_withdrawn_and_stays_as_proof(person: MakePerson) -> None:
    actor = person()
    services.give_consent(actor, purpose="trials.answers")
    services.withdraw_consent(actor, purpose="trials.answers")
    assert not consents.in_force(actor.account).exists()
    assert Consent.objects.get().withdrawn_at is not None
    with pytest.raises(NotFoundError):
        services.withdraw_consent(actor, purpose="trials.answers")


def test_a_consent_given_again_is_one_in_force(person: MakePerson) -> None:
    actor = person()
    services.give_consent(actor, purpose="trials.answers")
    services.give_consent(actor, purpose="trials.answers")
    assert consents.in_force(actor.account).count() == 1
    assert Consent.objects.count() == 2


def test_an_expired_consent_is_none(person: MakePerson) -> None:
    actor, past = person(), timezone.now() - timedelta(days=2)
    Consent.objects.create(
        account=actor.account,
        purpose="trials.answers",
        given_at=past,
        expires_at=past + timedelta(days=1),
    )
    assert not consents.in_force(actor.account).exists()


def test_the_export_holds_everything_of_every_programme_and_of_nobody_else(
    person: MakePerson, city: Organisation
) -> None:
    actor, other = person("planner", city, name="Maija"), person(name="Somebody else")
    HELD[str(actor.account.uid)] = ["I liked it."]
    services.give_consent(actor, purpose="trials.answers")
    exported = services.export_own_data(actor)
    assert set(exported["data"]) == {duty.code for duty in duties()}
    assert exported["data"]["trials.answers"]["records"] == ["I liked it."]
    assert exported["data"]["trials.answers"]["purpose"] == "Kokeilun arviointi"
    assert exported["data"]["people.account"]["records"]["roles"][0]["organisation"] == "city"
    assert exported["data"]["people.consents"]["records"][0]["purpose"] == "trials.answers"
    assert exported["data"]["people.audit"]["records"][0]["verb"] == "core.people.consents.give_consent"
    text = json.dumps(exported)
    assert actor.account.email in text
    assert other.account.email not in text
    assert actor.account.password not in text


def test_erasure_removes_the_person_everywhere_and_leaves_the_trail_whole(
    person: MakePerson, city: Organisation, home: Path
) -> None:
    actor = person("planner", city, name="Maija")
    uid = str(actor.account.uid)
    HELD[uid] = ["I liked it."]
    services.give_consent(actor, purpose="trials.answers")
    store = SessionStore()
    store[SESSION_KEY] = str(actor.account.pk)
    store.save()
    sealer.seal_pending()
    key = PersonKey.objects.get(account_uid=uid).key

    erased = services.erase_own_account(actor)

    assert erased["trials.answers"] == 1
    assert HELD == {}
    assert not PersonKey.objects.filter(account_uid=uid).exists()
    for model in (Account, Consent, Membership, EmailAddress, Session):
        assert not model.objects.exists()
    entry = AuditEntry.objects.get(verb="core.people.personal.erase_own_account")
    assert entry.actor == entry.target == key
    sealer.seal_pending()
    found = sealer.verify()
    assert (found.problem, found.unsealed) == ("", 0)


def test_a_failing_programme_leaves_the_person_whole(person: MakePerson, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = person()

    def fail(account: Account) -> int:
        raise RuntimeError("the programme failed")

    monkeypatch.setattr("talkoot.core.people.personal.end_sessions", fail)
    with pytest.raises(RuntimeError):
        services.erase_own_account(actor)
    assert Account.objects.filter(pk=actor.account.pk).exists()
    assert EmailAddress.objects.filter(user=actor.account).exists()


def test_the_citys_last_manager_hands_over_first(person: MakePerson, city: Organisation) -> None:
    manager = person("manager", city)
    with pytest.raises(ConflictError, match="last manager"):
        services.erase_own_account(manager)
    person("manager", city)
    services.erase_own_account(manager)


def test_retention_removes_what_is_over_and_nothing_else(person: MakePerson, city: Organisation) -> None:
    now, actor = timezone.now(), person("planner", city)
    services.give_consent(actor, purpose="trials.answers")
    long_ago = now - timedelta(days=800)
    Consent.objects.create(
        account=actor.account, purpose="x", given_at=long_ago, expires_at=long_ago + timedelta(days=1)
    )
    Membership.objects.create(
        account=actor.account, organisation=city, role="auditor", valid_from=long_ago, valid_to=long_ago
    )
    Session.objects.create(session_key="old", session_data="", expire_date=long_ago)
    never_confirmed = services.sign_up(Actor(), Account(email="n@example.org", joined_at=long_ago))
    just_arrived = services.sign_up(Actor(), Account(email="j@example.org"))
    removed = retention.remove_outdated(operator())
    assert removed == {"consents": 1, "roles": 1, "sessions": 1, "accounts": 1}
    assert not Account.objects.filter(pk=never_confirmed.pk).exists()
    assert Account.objects.filter(pk__in=[just_arrived.pk, actor.account.pk]).count() == 2
    assert retention.remove_outdated(operator()) == dict.fromkeys(removed, 0)


def test_signing_out_everywhere_ends_the_sessions_of_this_person_only(person: MakePerson) -> None:
    actor, other = person(), person()
    keys = []
    for owner in (actor, actor, other):
        store = SessionStore()
        store[SESSION_KEY] = str(owner.account.pk)
        store.save()
        keys.append(store.session_key)
    assert services.end_own_sessions(actor, but=keys[0]) == 1
    assert set(Session.objects.values_list("session_key", flat=True)) == {keys[0], keys[2]}
