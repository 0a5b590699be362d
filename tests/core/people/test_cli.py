"""`talkoot people`: the same verbs from a shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError, TalkootError
from talkoot.core.base.models import AuditEntry
from talkoot.core.people.cli import app
from talkoot.core.people.models import Account, Membership, Organisation
from tests.core.people.conftest import MakePerson

pytestmark = pytest.mark.django_db(databases="__all__")


def run(*words: str, answer: str = "") -> str:
    """Run the command and return what it wrote; a service's error is raised as itself."""
    result = CliRunner().invoke(app, list(words), input=answer)
    if isinstance(result.exception, TalkootError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_an_account_is_made_with_a_password_shown_once() -> None:
    password = run("create", "Aino@example.org", "--name", "Aino", "--with-password").strip().rpartition(" ")[2]
    assert Account.objects.get(email="aino@example.org").check_password(password)
    assert AuditEntry.objects.get().door == "shell"


def test_an_account_without_a_password_has_none() -> None:
    assert "Password" not in run("create", "aino@example.org", "--language", "sv")
    assert not Account.objects.get().has_usable_password()


def test_roles_are_given_listed_and_ended(city: Organisation) -> None:
    run("create", "aino@example.org")
    run("organisation", "school", "--fi", "Koulu", "--sv", "Skolan")
    run("grant", "aino@example.org", "planner", "city", "--until", "2999-12-31")
    run("grant", "aino@example.org", "manager", "school")
    assert "planner@city manager@school" in run("list")
    assert "aino" in run("list", "--role", "planner")
    assert run("list", "--role", "auditor") == ""
    run("end", "aino@example.org", "manager", "school")
    assert "manager@school" not in run("list")
    assert Membership.objects.filter(valid_to__isnull=True).count() == 0


def test_an_account_is_closed_and_opened_again(person: MakePerson) -> None:
    person()
    run("close", "person0@example.org")
    assert "closed" in run("list")
    run("close", "person0@example.org", "--reopen")
    assert Account.objects.get().is_active


def test_listing_asks_no_more_of_the_database_for_more_accounts(
    person: MakePerson, city: Organisation, django_assert_max_num_queries: object
) -> None:
    for _ in range(12):
        person("planner", city)
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        assert run("list").count("planner@city") == 12


def test_an_export_is_a_file_for_its_owner_only(person: MakePerson, tmp_path: Path) -> None:
    person()
    file = tmp_path / "data.json"
    run("export", "person0@example.org", "--file", str(file))
    assert json.loads(file.read_text())["data"]["people.account"]["records"]["email"] == "person0@example.org"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(run("export", "person0@example.org"))["account"]


def test_erasing_asks_for_the_address_again(person: MakePerson) -> None:
    person()
    wrong = CliRunner().invoke(app, ["erase", "person0@example.org"], input="person1@example.org\n")
    assert wrong.exit_code == 1
    assert Account.objects.exists()
    run("erase", "person0@example.org", answer="person0@example.org\n")
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("create", "nobody"), InvalidError),
        (("create", "a@example.org", "--language", "xx"), InvalidError),
        (("grant", "nobody@example.org", "planner", "city"), NotFoundError),
        (("grant", "person0@example.org", "emperor", "city"), InvalidError),
        (("grant", "person0@example.org", "planner", "nowhere"), NotFoundError),
        (("organisation", "other", "--fi", "Toinen", "--city"), ConflictError),
    ],
)
def test_what_cannot_be_done_is_said(
    person: MakePerson, city: Organisation, words: tuple[str, ...], error: type[Exception]
) -> None:
    person()
    with pytest.raises(error):
        run(*words)
