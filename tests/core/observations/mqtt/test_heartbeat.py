"""What /health says of the way in over MQTT."""

from __future__ import annotations

import time
from typing import Any

import pytest

from talkoot.core.observations.mqtt import heartbeat

FACTS = {"connected": True, "waiting_since": 0.0, "received": 7, "stored": 5, "rejected": 2}


def test_a_city_without_mqtt_is_well(home: object) -> None:
    assert heartbeat.check() == {"ok": True, "running": False}
    assert heartbeat.states() == {}


@pytest.mark.parametrize(
    ("facts", "ago", "ok"),
    [
        ({}, 0.0, True),
        ({"connected": False}, 0.0, False),
        ({"waiting_since": -5.0}, 0.0, True),  # waits for five seconds
        ({"waiting_since": -60.0}, 0.0, False),
        ({}, 60.0, False),
    ],
)
def test_it_is_well_while_it_lives_has_its_broker_and_stores(
    home: object, monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], ago: float, ok: bool
) -> None:
    now = time.time()
    if "waiting_since" in facts:
        facts = {"waiting_since": now + facts["waiting_since"]}
    with monkeypatch.context() as then:
        then.setattr(time, "time", lambda: now - ago)
        heartbeat.beat({**FACTS, **facts})
    told = heartbeat.check()
    assert told["ok"] is ok
    assert told["running"] is (ago == 0.0)
    assert heartbeat.counts() == {"received": 7.0, "stored": 5.0, "rejected": 2.0}
    assert heartbeat.states()["silent_seconds"] == pytest.approx(ago, abs=2)


def test_ended_on_purpose_it_is_not_missed(home: object) -> None:
    heartbeat.beat(FACTS)
    heartbeat.end()
    heartbeat.end()
    assert heartbeat.check()["ok"]
