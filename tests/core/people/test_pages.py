"""This room's pages: what they show, to whom, what they change, and that words stay words."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.models import AuditEntry
from talkoot.core.base.text import Text
from talkoot.core.people.models import Account, Membership, Organisation
from talkoot.core.people.services import create_account, ensure_organisation, grant_role
from tests.core.people.conftest import PASSWORD, MakePerson

pytestmark = pytest.mark.django_db(databases="__all__")

HOSTILE = "<script>alert('x')</script>"


def signed_in(actor: Actor) -> Client:
    """Return a browser in which the actor is signed in."""
    client = Client()
    client.force_login(actor.account, backend="talkoot.core.people.backends.AccountBackend")
    return client


def text_of(answer: Any) -> str:
    """Return the page."""
    content: str = answer.content.decode()
    return content


PAGES = ["people:own", "people:organisations", "people:trail", "people:erase"]
VISITOR_PAGES = ["account_login", "account_signup", "account_reset_password"]
OWN_PAGES = ["account_change_password", "account_email", "mfa_index", "socialaccount_connections", "account_logout"]


@pytest.mark.parametrize("name", PAGES)
def test_visitors_are_asked_to_sign_in_and_led_back(client: Client, name: str) -> None:
    with translation.override("sv"):
        address = reverse(name)
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sv/account/login/?next=")


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("name", VISITOR_PAGES)
def test_the_way_in_speaks_three_languages_in_the_citys_frame(client: Client, name: str, language: str) -> None:
    assert_in_frame(client, name, language)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("name", OWN_PAGES)
def test_the_accounts_pages_speak_three_languages_in_the_citys_frame(
    person: MakePerson, name: str, language: str
) -> None:
    assert_in_frame(signed_in(person()), name, language)


def assert_in_frame(client: Client, name: str, language: str) -> None:
    """Assert that the page has the frame, one title, its language, and nothing that the policy would block."""
    with translation.override(language):
        page = text_of(client.get(reverse(name), follow=True))
    assert f'<html lang="{language}"' in page
    assert page.count("<h1>") == 1
    assert "<h1></h1>" not in page
    assert '<main id="content"' in page
    assert " style=" not in page
    assert "<style" not in page
    assert "onclick=" not in page
    assert page.count("<script") == page.count("<script src=") + page.count('type="application/json"')


def test_ones_own_page_tells_what_is_held_and_why(person: MakePerson, city: Organisation) -> None:
    page = text_of(signed_in(person("planner", city)).get("/en/people/me/"))
    for words in (
        "person0@example.org",
        "planner",
        "Kaupunki",
        "Account and roles",
        "Kept as long as you have the account",
    ):
        assert words in page


@pytest.mark.parametrize("address", ["me/", "organisations/", "organisations/city/"])
def test_pages_about_people_are_kept_by_no_cache(person: MakePerson, city: Organisation, address: str) -> None:
    assert "no-store" in signed_in(person("manager", city)).get(f"/en/people/{address}")["Cache-Control"]


def test_a_name_with_html_is_shown_as_words(person: MakePerson, city: Organisation) -> None:
    ensure_organisation(operator(), code="hostile", name=Text(fi=HOSTILE, sv=HOSTILE, en=HOSTILE))
    manager = person("manager", city, name=HOSTILE)
    for address in ("/en/people/me/", "/en/people/organisations/", "/en/people/organisations/city/"):
        page = text_of(signed_in(manager).get(address))
        assert HOSTILE not in page
        assert "&lt;script&gt;" in page


def test_a_profile_is_saved_and_goes_on_in_its_language(person: MakePerson) -> None:
    actor = person()
    answer = signed_in(actor).post("/en/people/me/profile/", {"name": "Aino", "language": "sv"})
    assert answer["Location"] == "/sv/people/me/"
    actor.account.refresh_from_db()
    assert (actor.account.name, actor.account.language) == ("Aino", "sv")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "x" * 121, "language": "fi"}, "name"),
        ({"name": "a\u202eb", "language": "fi"}, "name"),
        ({"name": "", "language": "de"}, "language"),
    ],
)
def test_a_bad_profile_is_shown_again_with_the_error_beside_its_field(
    person: MakePerson, values: dict[str, str], field: str
) -> None:
    answer = signed_in(person()).post("/en/people/me/profile/", values)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in text_of(answer)


def test_one_takes_ones_data_along(person: MakePerson) -> None:
    answer = signed_in(person()).post("/en/people/me/data/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert json.loads(answer.content)["data"]["people.account"]["records"]["email"] == "person0@example.org"
    assert AuditEntry.objects.filter(verb="core.people.personal.export_own_data", door="page").count() == 1


def test_erasing_asks_for_the_password_and_the_address_then_erases_and_signs_out(person: MakePerson) -> None:
    actor = person(password=PASSWORD)
    client = signed_in(actor)
    assert client.get("/en/people/me/erase/")["Location"].startswith("/en/account/reauthenticate/")
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    wrong = client.post("/en/people/me/erase/", {"email": "someone@example.org"})
    assert wrong.status_code == 422
    assert Account.objects.exists()
    done = client.post("/en/people/me/erase/", {"email": " Person0@example.org "})
    assert done["Location"] == "/en/"
    assert not Account.objects.exists()
    assert client.get("/en/people/me/").status_code == 302


@pytest.mark.parametrize("address", ["me/data/", "me/sessions/end/", "me/profile/", "trail/export/"])
def test_what_changes_something_takes_a_form_with_its_token(person: MakePerson, address: str) -> None:
    actor = person()
    assert signed_in(actor).get(f"/en/people/{address}").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(actor.account, backend="talkoot.core.people.backends.AccountBackend")
    assert strict.post(f"/en/people/{address}").status_code == 403


def test_managers_give_and_end_roles_and_take_it_back(person: MakePerson, city: Organisation) -> None:
    client = signed_in(person("manager", city))
    account = create_account(operator(), email="new@example.org")
    client.post("/en/people/organisations/city/", {"email": "NEW@example.org", "role": "planner"})
    membership = Membership.objects.get(account=account)
    assert (membership.role, membership.valid_to) == ("planner", None)
    client.post(f"/en/people/organisations/city/roles/{membership.pk}/end/")
    membership.refresh_from_db()
    assert membership.valid_to is not None
    client.post(f"/en/people/organisations/city/roles/{membership.pk}/give/")
    assert Membership.objects.filter(account=account, valid_to__isnull=True).exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "nobody@example.org", "role": "planner"}, "email"),
        ({"email": "person0@example.org", "role": "emperor"}, "role"),
        ({"email": "person0@example.org", "role": "planner", "until": "soon"}, "until"),
    ],
)
def test_a_bad_grant_is_shown_again_with_the_error_beside_its_field(
    person: MakePerson, city: Organisation, values: dict[str, str], field: str
) -> None:
    answer = signed_in(person("manager", city)).post("/en/people/organisations/city/", values)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in text_of(answer)


def test_an_organisations_manager_sees_and_rules_it_alone(
    person: MakePerson, city: Organisation, school: Organisation
) -> None:
    client = signed_in(person("manager", school))
    page = text_of(client.get("/en/people/organisations/"))
    assert "/organisations/school/" in page
    assert "/organisations/city/" not in page
    assert "Add an organisation" not in page
    assert client.get("/en/people/organisations/school/").status_code == 200
    assert client.get("/en/people/organisations/city/").status_code == 403
    foreign = grant_role(operator(), person().account, city, "planner")
    assert client.post(f"/en/people/organisations/city/roles/{foreign.pk}/end/").status_code == 403
    client.post(f"/en/people/organisations/school/roles/{foreign.pk}/end/")
    foreign.refresh_from_db()
    assert foreign.valid_to is None


def test_a_manager_adds_an_organisation(person: MakePerson, city: Organisation) -> None:
    client = signed_in(person("manager", city))
    answer = client.post("/en/people/organisations/", {"code": "library", "name_fi": "Kirjasto", "website": ""})
    assert answer["Location"] == "/en/people/organisations/library/"
    assert client.post("/en/people/organisations/", {"code": "library", "name_fi": "B"}).status_code == 422
    assert Organisation.objects.get(code="library").name.fi == "Kirjasto"


def test_a_manager_closes_an_organisation_and_opens_it_again_by_the_same_button(
    person: MakePerson, city: Organisation, school: Organisation
) -> None:
    client = signed_in(person("manager", city))
    for closed in (True, False):
        answer = client.post("/en/people/organisations/school/close/", follow=True)
        school.refresh_from_db()
        assert (school.closed_at is not None) == closed
        assert ("This organisation is closed" in text_of(answer)) == closed
    own = signed_in(person("manager", school))
    assert "Close the organisation" not in text_of(own.get("/en/people/organisations/school/"))
    assert own.post("/en/people/organisations/school/close/").status_code == 403


@pytest.mark.parametrize("address", ["organisations/", "organisations/city/", "trail/"])
def test_residents_are_told_who_can_let_them_in(person: MakePerson, city: Organisation, address: str) -> None:
    answer = signed_in(person()).get(f"/en/people/{address}")
    assert answer.status_code == 403
    assert "manager" in text_of(answer)


def test_auditors_filter_page_and_take_along_the_trail(person: MakePerson, city: Organisation) -> None:
    client = signed_in(person("auditor", city))
    for index in range(60):
        ensure_organisation(operator(), code=f"o{index}", name=Text(fi=f"Nimi {index}"))
    first = client.get("/en/people/trail/", {"verb": "ensure_organisation"})
    assert len(first.context["entries"]) == 50
    older = client.get("/en/people/trail/", {"verb": "ensure_organisation", "before": first.context["next"]})
    assert len(older.context["entries"]) == 11
    assert client.get("/en/people/trail/", {"actor": "visitor"}).context["entries"] == []
    assert client.get("/en/people/trail/", {"until": "2000-01-01"}).context["entries"] == []
    rows = list(csv.DictReader(io.StringIO(exported(client, "csv", verb="ensure_organisation"))))
    assert len(rows) == 61
    assert rows[0]["verb"] == "core.people.ensure_organisation"
    lines = exported(client, "json").splitlines()
    assert json.loads(lines[-1])["verb"] == "core.people.ensure_organisation"
    assert AuditEntry.objects.filter(verb="core.base.trail.export_entries").count() == 2


def exported(client: Client, form: str, **chosen: str) -> str:
    """Return the file that the export hands out."""
    answer: Any = client.post("/en/people/trail/export/", {"format": form, **chosen})
    return b"".join(answer.streaming_content).decode()


def test_a_cell_of_the_exported_trail_is_no_formula(person: MakePerson, city: Organisation) -> None:
    AuditEntry.objects.create(actor="visitor", verb="odd_verb", door="page", request_id="r", target="=HYPERLINK(1)")
    rows = list(csv.DictReader(io.StringIO(exported(signed_in(person("auditor", city)), "csv", verb="odd_verb"))))
    assert rows[0]["target"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize(
    "odd", [{"before": "9" * 30}, {"before": "-1"}, {"since": "x"}, {"verb": "%' OR 1=1 --"}, {"actor": "\x00"}]
)
def test_odd_filters_harm_nothing(person: MakePerson, city: Organisation, odd: dict[str, str]) -> None:
    assert signed_in(person("auditor", city)).get("/en/people/trail/", odd).status_code == 200


def test_pages_of_many_need_no_more_queries(
    person: MakePerson, city: Organisation, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(person("manager", city))
    for index in range(40):
        grant_role(operator(), create_account(operator(), email=f"x{index}@example.org"), city, "planner")
        ensure_organisation(operator(), code=f"o{index}", name=Text(fi=f"Nimi {index}"))
    for address in ("/en/people/organisations/", "/en/people/organisations/city/", "/en/people/me/"):
        with django_assert_max_num_queries(12):
            assert client.get(address).status_code == 200


def test_the_administration_is_for_operators_and_writes_nothing(person: MakePerson, city: Organisation) -> None:
    assert Client().get("/en/admin/")["Location"].startswith("/en/admin/login/")
    assert Client().get("/en/admin/login/?next=/en/admin/")["Location"].startswith("/en/account/login/")
    assert signed_in(person("manager", city)).get("/en/admin/", follow=True).status_code == 403
    client = signed_in(person("operator", city))
    assert "Accounts" in text_of(client.get("/en/admin/"))
    account = Account.objects.order_by("pk").first()
    assert account is not None
    listing, record = "/en/admin/people/account/", f"/en/admin/people/account/{account.pk}/change/"
    assert account.email in text_of(client.get(listing))
    shown = text_of(client.get(record))
    assert account.email in shown
    assert "argon2" not in shown
    for address in (record, f"{listing}add/", record.replace("change", "delete")):
        assert client.post(address, {"email": "x@example.org"}).status_code == 403
    for hidden in ("people/session", "base/auditentry", "base/personkey", "account/emailaddress", "mfa/authenticator"):
        assert client.get(f"/en/admin/{hidden}/").status_code == 404
