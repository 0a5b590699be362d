"""`talkoot observations keys`: made, listed, ended."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from talkoot.core.base.actors import operator
from talkoot.core.observations.keys_cli import app
from talkoot.core.observations.tokens import actor_of_token
from talkoot.core.people.services import create_account


def run(*words: str) -> str:
    """Run a command and return what it printed."""
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.django_db
def test_a_key_is_made_listed_and_ended() -> None:
    account = create_account(operator(), email="kit@city.example", name="Kit")
    made = run("make", "weather box", "--account", "kit@city.example", "--days", "30")
    number, secret = made.split()[1].rstrip(","), made.split()[-1]
    actor = actor_of_token(secret, "request")
    assert actor is not None and actor.account == account
    assert "weather box" in (listed := run("list")) and secret not in listed
    run("end", number)
    assert actor_of_token(secret, "request") is None
    assert run("list") == ""
    for wrong in (
        ("make", "x", "--account", "no@one.example"),
        ("end", "99"),
        ("make", "x", "--account", "kit@city.example", "--datastream", "99"),
    ):
        assert CliRunner().invoke(app, list(wrong)).exit_code != 0
