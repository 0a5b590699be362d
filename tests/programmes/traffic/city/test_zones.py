"""The city's zones: its own ones, or cells over the buildings."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from talkoot.core.base.actors import operator
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.text import Text
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.services import add_thing
from talkoot.programmes.traffic.zones import zones_of_city

from .conftest import add_house, placed

pytestmark = pytest.mark.django_db(databases="__all__")


def test_people_follow_from_floor_area_and_use(source: Source) -> None:
    add_house(source, 0, 0, use="apartments", levels=5)
    add_house(source, 0, 90, use="office", height_m=17.0)  # five levels of 3.2 m below a roof of 1 m
    add_house(source, 0, 180, use="roof", levels=1)
    zones = zones_of_city(5000.0)
    floor = 80 * 80 * 5 / 100
    assert zones.population == pytest.approx([2.0 * floor], rel=1e-3)
    assert zones.jobs == pytest.approx([(0.1 + 3.3) * floor], rel=1e-3)
    assert zones.assumptions == {"people_from_floor_area": 3, "levels_from_height": 1, "uses_unknown": 0}


def test_no_cell_size_changes_how_many_people_there_are(quarter: list[Thing]) -> None:
    totals = [(zones.population.sum(), zones.jobs.sum()) for zones in map(zones_of_city, (100.0, 250.0, 5000.0))]
    assert np.allclose(totals, totals[0])
    fine = zones_of_city(100.0)
    assert len(fine) == len(set(fine.uids)) > 4 and not fine.is_gateway.any()


def test_zones_of_the_register_come_before_cells(
    source: Source, quarter: list[Thing], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_thing(
        operator(),
        kind="traffic_zone",
        name=Text(en="West"),
        source=source,
        geometry=placed(shapely.box(0, 0, 180, 360)),
        attributes={"population": 1200, "jobs": 300},
    )
    zones = zones_of_city()
    assert zones.names == ["West"] and zones.population.tolist() == [1200.0] and zones.jobs.tolist() == [300.0]
    assert set(zones.digests) == {"traffic_zone"} and zones.assumptions == {}
    monkeypatch.setattr("talkoot.programmes.traffic.zones.MOST_ZONES", 0)
    with pytest.raises(InvalidError, match="traffic_zone: There are 1 traffic zones"):
        zones_of_city()


def test_a_city_without_buildings_says_what_to_do(source: Source) -> None:
    with pytest.raises(NotFoundError, match="neither traffic zones nor buildings"):
        zones_of_city()
    add_house(source, 0, 0, use="roof", levels=1)
    with pytest.raises(InvalidError, match="cell_m: Nobody lives or works here"):
        zones_of_city()


def test_zones_beyond_what_runs_in_minutes_are_refused(quarter: list[Thing], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talkoot.programmes.traffic.zones.MOST_ZONES", 3)
    with pytest.raises(InvalidError, match=r"cell_m: A grid this fine has \d zones\. Use wider cells"):
        zones_of_city(100.0)


def test_gateways_follow_the_zones(quarter: list[Thing]) -> None:
    zones = zones_of_city(5000.0)
    more = zones.with_gateways(["a"], ["Out"], np.array([[24.9, 60.1]]), np.array([900.0]), np.array([0.0]))
    assert len(more) == len(zones) + 1 and more.is_gateway.tolist() == [False] * len(zones) + [True]
    assert more.population.sum() == zones.population.sum() and more.uids[-1] == "a"
