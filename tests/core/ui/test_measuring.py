"""The page of how measuring goes: states, silent devices, rates and the store, and what of it a visitor may see."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation
from prometheus_client import CollectorRegistry, generate_latest

from talkoot.core.base.metrics import _Counts
from talkoot.core.observations import cli, overview, queries, readings
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.store.batch import Batch
from talkoot.core.ui.pages.measuring import duration
from tests.alerting import Station
from tests.core.ui.conftest import MakeClient
from tests.core.ui.test_query_counts import queries as queries_of

pytestmark = pytest.mark.django_db(databases="__all__")
ADDRESS = "/en/measurements/status/"


def promise(station: Station, silence: dict[int, float]) -> None:
    """Let datastreams promise a reading a minute, and have been silent for so many seconds."""
    now = timezone.now()
    for place, seconds in silence.items():
        stream = station.streams[place]
        stream.interval = 60.0
        stream.save()
        at = queries.microseconds(now - timedelta(seconds=seconds))
        readings.write(Batch.of([stream.pk], [at], [1.0]))


def figures(page: str) -> dict[str, str]:
    return dict(re.findall(r'<dt class="figure-title">(.*?)</dt><dd class="figure-value"><strong>(.*?)</strong>', page))


def names(page: str) -> list[str]:
    return re.findall(r">(Stream \d)</a></td>", page)


def test_silent_devices_stand_in_the_order_of_their_silence(signed_in: MakeClient, station: Station) -> None:
    promise(station, {0: 200, 1: 7200})
    page = signed_in("operator").get(ADDRESS).content.decode()
    assert {name: figures(page)[name] for name in ("All", "Comes in", "Silent", "Nothing yet")} == {
        "All": "3",
        "Comes in": "0",
        "Silent": "2",
        "Nothing yet": "1",
    }
    assert names(page) == ["Stream 1", "Stream 0", "Stream 0"]  # the last is private, and was never heard
    assert f'href="/en/measurements/{station.streams[1].pk}/"' in page
    assert f"/en/things/{station.streams[1].thing.uid}/" in page
    assert "2\N{NO-BREAK SPACE}hours" in page and "never" in page


def test_a_visitor_counts_only_what_is_public(visitor: Client, signed_in: MakeClient, station: Station) -> None:
    promise(station, {0: 0, 2: 7200})
    page = visitor.get(ADDRESS).content.decode()
    assert (figures(page)["All"], figures(page)["Silent"]) == ("2", "0")
    assert "Some measurements are not public" in page
    assert "readings/s" not in page and "What is stored" not in page
    assert figures(signed_in("operator").get(ADDRESS).content.decode())["All"] == "3"
    Datastream.objects.filter(pk=station.streams[2].pk).update(is_public=True)
    assert "What is stored" in visitor.get(ADDRESS).content.decode()


def test_rates_and_the_store_are_told_and_a_fragment_keeps_the_page_up_to_date(
    signed_in: MakeClient, station: Station
) -> None:
    promise(station, {0: 0, 1: 0})
    cli.verify(as_json=True)
    operator = signed_in("operator")
    page = operator.get(ADDRESS).content.decode()
    assert page.count("<rect") >= 24 + 60
    assert "all is well" in page
    assert " rows, " in page
    part = operator.get(ADDRESS, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="measuring"') and "<html" not in part
    readings.writer().close()


def test_a_writer_that_does_not_answer_is_said_to(
    signed_in: MakeClient, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "flow", lambda: None)
    assert "nothing is stored at the moment" in signed_in("operator").get(ADDRESS).content.decode()


def test_many_datastreams_cost_no_more_queries(signed_in: MakeClient, station: Station) -> None:
    operator = signed_in("operator")
    few = queries_of(operator, ADDRESS)
    [first] = Datastream.objects.filter(pk=station.streams[0].pk)
    for _ in range(200):
        first.pk = None
        first.interval = 60.0
        first.save(force_insert=True)
    assert queries_of(operator, ADDRESS) <= few
    page = operator.get(ADDRESS).content.decode()
    assert "203 silent measurements" in page
    assert "from=50" in page
    assert len(names(operator.get(f"{ADDRESS}?from=200").content.decode())) == 3


def test_states_are_those_of_single_measurements(station: Station) -> None:
    now = timezone.now()
    promise(station, {0: 61, 1: 100, 2: 200})
    station.streams.append(Datastream.objects.get(pk=station.streams[2].pk))
    found = overview.streams(Datastream.objects.all(), now)
    each = Datastream.objects.order_by("pk")
    latest = queries.latest(each)
    assert [overview.STATES[state] for state in found.state.tolist()] == [
        queries.state_of(stream, latest.get(stream.pk), now) for stream in each
    ]


def test_metrics_tell_states_rates_and_delays(station: Station) -> None:
    promise(station, {0: 0, 1: 7200})
    registry = CollectorRegistry()
    registry.register(_Counts())
    told = generate_latest(registry).decode()
    assert 'talkoot_datastreams{state="stale"} 1.0' in told
    assert "# TYPE talkoot_observations_total counter" in told
    assert re.search(r'talkoot_observations_rate\{over="hour"\} [0-9.]+', told)
    assert re.search(r'talkoot_observations_lag_seconds\{quantile="0.95"\} [0-9.]+', told)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.00123, "1.2 ms"), (1.0, "1 s"), (119.0, "120 s"), (120.0, "2 min"), (7300.0, "2 h"), (200_000.0, "2 d")],
)
def test_lengths_of_time_are_told_as_people_do(seconds: float, words: str) -> None:
    with translation.override("en"):
        assert duration(seconds) == words
