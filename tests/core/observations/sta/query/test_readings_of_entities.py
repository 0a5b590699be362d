"""Filters of entities by their readings, which the store holds."""

from __future__ import annotations

import pytest

from talkoot.core.base.actors import operator
from talkoot.core.observations import readings
from talkoot.core.observations.store.batch import Batch
from tests.core.observations.sta.query.conftest import City
from tests.core.observations.sta.query.test_conditions import found
from tests.core.observations.sta.query.test_readings import DAY, START


@pytest.fixture
def measured(city: City, no_readings: None) -> City:
    """The city with readings: of r on two days, of s later and about a feature of its own, of the private t too."""
    streams = [city.rows[letter].pk for letter in "rrst"]
    rare = [None, None, f'{{"feature":{city.rows["g"].pk}}}', None]
    readings.write(Batch.of(streams, [START, START + DAY, START + 3 * DAY, START], [19, 21, 60, 99], more=rare))
    return city


@pytest.mark.parametrize(
    ("entity", "text", "rows"),
    [
        ("Datastream", "phenomenonTime lt 2026-03-03T00:00:00Z", "r"),
        ("Datastream", "phenomenonTime eq 2026-03-01T06:00:00Z/P1D", "r"),
        ("Datastream", "phenomenonTime ge 2026-03-04T06:00:00Z", "s"),
        ("Datastream", "phenomenonTime ne null and resultTime eq null", "rs"),
        ("MultiDatastream", "phenomenonTime eq null", "u"),
        ("Datastream", "Observations/result gt 50", "s"),
        ("Datastream", "Observations/result gt 20 and Observations/phenomenonTime lt 2026-03-02", ""),
        ("Datastream", "Observations/result gt 20 and Observations/phenomenonTime lt 2026-03-03", "r"),
        ("Datastream", "not (Observations/result gt 20)", ""),
        ("Thing", "Datastreams/Observations/result lt 20", "a"),
        ("Thing", "Datastreams/Observations/result eq 99", ""),
        ("Thing", "Datastreams/name eq 'air' and Datastreams/phenomenonTime lt 2026-03-03", "a"),
        ("FeatureOfInterest", "Observations/result eq 60", "g"),
        ("Sensor", "Datastreams/Observations/FeatureOfInterest/name eq 'Vesi'", "l"),
    ],
)
def test_entities_by_their_readings(measured: City, entity: str, text: str, rows: str) -> None:
    assert found(measured, entity, text) == rows


def test_private_readings_count_only_for_those_who_see_them(measured: City) -> None:
    assert found(measured, "Thing", "Datastreams/Observations/result eq 99", operator()) == "b"
