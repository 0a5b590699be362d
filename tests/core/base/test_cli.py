"""`talkoot audit`: what it says and how it ends."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from typer.testing import CliRunner

from talkoot.core.base import sealer
from talkoot.core.base.cli import app
from talkoot.core.base.models import AuditEntry, OutboxEvent
from tests.core.base.test_sealer import write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("home")]


def test_a_whole_trail_is_said_to_be_so() -> None:
    write(3)
    assert CliRunner().invoke(app, ["seal"]).output == "3 entries sealed.\n"
    result = CliRunner().invoke(app, ["verify"])
    assert result.exit_code == 0
    assert "3 sealed entries and 1 witnessed heads" in result.output


def test_a_broken_trail_ends_with_1_and_says_where() -> None:
    write(3)
    sealer.seal_pending()
    broken = AuditEntry.objects.get(number=2)
    AuditEntry.objects.filter(number=2).update(verb="forged")
    result = CliRunner().invoke(app, ["verify"])
    assert result.exit_code == 1
    assert f"Entry 2 (uid {broken.uid})" in result.output
    found = json.loads(CliRunner().invoke(app, ["verify", "--json"]).output)
    assert (found["ok"], found["number"], found["uid"]) == (False, 2, str(broken.uid))


def test_the_trail_is_listed_newest_first_and_filtered() -> None:
    write(12)
    AuditEntry.objects.filter(verb="test.verb_3").update(at=timezone.now() - timedelta(days=3))
    lines = CliRunner().invoke(app, ["list", "--limit", "5"]).output.splitlines()
    assert [line.split("\t")[3] for line in lines] == [f"test.verb_{index}" for index in (11, 10, 9, 8, 7)]
    filtered = CliRunner().invoke(app, ["list", "--json", "--target", "thing 4", "--verb", "VERB_4"]).output
    assert json.loads(filtered)["detail"]["index"] == 4
    recent = CliRunner().invoke(app, ["list", "--since", str(timezone.localdate() - timedelta(days=1))]).output
    assert len(recent.splitlines()) == 11
    assert CliRunner().invoke(app, ["list", "--actor", "visitor"]).output == ""


def test_dead_events_are_listed_and_revived() -> None:
    OutboxEvent.objects.create(topic="told", subscriber="a:b", died_at=timezone.now(), error="Trace\nValueError: no")
    result = CliRunner().invoke(app, ["dead-events", "--revive"])
    assert "told\ta:b\tValueError: no" in result.output
    assert "1 events will be tried anew" in result.output
    assert OutboxEvent.objects.get().died_at is None
