"""Walking and cycling along the register's ways."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from talkoot.core.base.actors import operator
from talkoot.core.base.text import Text
from talkoot.core.register.models import Source
from talkoot.core.register.services import add_thing
from talkoot.programmes.traffic.slow_modes import CYCLE_KMH, cycling_minutes, walking_minutes
from tests.programmes.traffic.city.conftest import add_road, placed
from tests.programmes.traffic.city.test_roads import zones_at


def test_one_walks_on_streets_and_paths_also_with_a_bicycle_against_one_way_but_on_no_motorway(source: Source) -> None:
    add_road(source, ((0, 0), (1000, 0)), oneway="backward")
    add_road(source, ((1000, 0), (1000, 1000)), road_class="motorway")
    path = shapely.LineString([(1000, 0), (2000, 0)])
    for kind in ("footway", "cycleway"):
        add_thing(
            operator(), kind=kind, name=Text(), source=source, geometry=placed(path), external_id=f"{kind}/1"
        )  # fmt: skip
    zones = zones_at((0, 0), (1000, 0), (2000, 0), (1000, 1000))

    walk, cycle = walking_minutes(zones), cycling_minutes(zones)

    assert walk[:3, :3] == pytest.approx(np.array([[0, 12.5, 25], [12.5, 0, 12.5], [25, 12.5, 0]]), rel=2e-3)
    assert np.isinf(walk[3, :3]).all()
    ride = [60 / CYCLE_KMH[kind] for kind in ("road_link", "cycleway")]
    assert cycle[2, 0] == pytest.approx(sum(ride), rel=2e-3)
    assert cycle[0, 1] == pytest.approx(12.5, rel=2e-3)
