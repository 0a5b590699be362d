"""Health: each part by itself, and one that fails says so without saying why to everybody."""

from __future__ import annotations

import json

import pytest

from talkoot.core.base import health
from talkoot.core.base.declare import Health
from talkoot.core.compute.models import Worker

pytestmark = pytest.mark.django_db(databases="__all__")


def broken() -> dict[str, object]:
    """Fail with something that is nobody's business."""
    raise RuntimeError("password=hunter2")


def declare(monkeypatch: pytest.MonkeyPatch, *checks: Health) -> None:
    monkeypatch.setattr(health, "declared", lambda what: iter(checks))


def test_web_and_database_are_always_told(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch)
    found = health.report()
    assert (found["ok"], found["web"]["ok"], found["database"]["ok"]) == (True, True, True)
    assert found["database"]["milliseconds"] < 1000
    json.dumps(found)


def test_the_worker_is_a_part_of_it() -> None:
    assert health.report()["worker"]["ok"] is False
    assert health.report()["ok"] is False
    Worker.objects.create(name="one")
    assert health.report()["worker"]["ok"] is True


def test_a_check_that_fails_is_not_well_and_keeps_its_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    declare(monkeypatch, Health("pond", f"{__name__}:broken"))
    found = health.report()
    assert (found["ok"], found["pond"]) == (False, {"ok": False})
    assert "hunter2" not in json.dumps(found)
    assert "hunter2" in caplog.text
