"""Datastreams with a real store and its writer, and rules on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from talkoot.core.base.actors import operator
from talkoot.core.observations import readings
from talkoot.core.observations.alerts.engine import Above, Demand
from talkoot.core.observations.alerts.evaluation import evaluate
from talkoot.core.observations.alerts.services import add_rule
from talkoot.core.observations.models import Alert, AlertRule, Datastream
from talkoot.core.observations.queries import microseconds
from talkoot.core.observations.store.batch import Batch
from tests.observing import make_datastreams, observer

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOT = Demand((Above(30.0, 28.0),))
Rows = list[tuple[float, float]]
MakeRule = Callable[..., AlertRule]


@dataclass
class Station:
    """Datastreams, and a way to send them readings at minutes after noon."""

    streams: list[Datastream]

    def send(self, rows: Rows, stream: int = 0) -> None:
        """Write readings (minute, value) to a datastream."""
        times = [microseconds(NOON + timedelta(minutes=minute)) for minute, _ in rows]
        key = self.streams[stream].pk
        readings.write(Batch.of([key] * len(rows), times, [value for _, value in rows]))

    def forget(self) -> None:
        """Delete all readings."""
        if len(rows := readings.store().rows([stream.pk for stream in self.streams])):
            readings.delete(rows)

    def evaluate(self, minute: float) -> int:
        """Evaluate all rules as of a minute after noon."""
        return evaluate(now=NOON + timedelta(minutes=minute))


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a store with its writer, for the whole module."""
    home = tmp_path_factory.mktemp("home")
    with observer(home):
        yield home


@pytest.fixture
def station(db: None, writer: Path, settings: Settings) -> Iterator[Station]:
    """Two public datastreams and a private one, whose readings go to a real store."""
    settings.HOME, settings.LAKE = writer, str(writer / "lake")
    streams = [*make_datastreams(2), *make_datastreams(1, is_public=False)]
    made = Station(streams)
    yield made
    made.forget()
    readings.writer().close()


@pytest.fixture
def hot(station: Station) -> MakeRule:
    """Makes a rule: from 30 degrees on, until it is down at 28."""

    def make(stream: int = 0, demand: Demand = HOT, **fields: object) -> AlertRule:
        given = {"name": "Hot", "demand": demand, "datastream": station.streams[stream], **fields}
        return add_rule(operator(), owner=None, **given)  # type: ignore[arg-type]

    return make


def told(rule: AlertRule, *, withdrawn: bool = False) -> list[tuple[float, float | None]]:
    """Return the alerts of a rule in minutes after noon."""
    found = Alert.objects.filter(rule=rule, is_withdrawn=withdrawn).order_by("raised_at")
    return [(minute(alert.raised_at), alert.resolved_at and minute(alert.resolved_at)) for alert in found]


def minute(when: datetime) -> float:
    """Return a time as minutes after noon."""
    return (when - NOON).total_seconds() / 60
