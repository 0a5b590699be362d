"""Any filter selects in the database what it means in plain Python."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings

from talkoot.core.base.actors import Actor
from talkoot.core.observations.sta.entities import FORMS
from talkoot.core.observations.sta.query.ast import Expression
from talkoot.core.observations.sta.query.printing import print_expression
from talkoot.core.observations.sta.query.sql import condition
from tests.core.observations.sta.query.conftest import City
from tests.core.observations.sta.query.plain import Row, holds
from tests.core.observations.sta.query.strategies import conditions

VISITOR = Actor()
SHOWN = {"Thing": ("name", "description", "properties"), "Datastream": ("name", "properties"), "Sensor": ("name",)}


def shown(entity: str, row: Any) -> Row:
    """Return an entity as the service shows it."""
    values = FORMS[entity].values
    return {"id": row.pk, **{name: values[name](row) for name in SHOWN[entity]}}


def things() -> list[Row]:
    """Return all Things with their Datastreams and these with their Sensors, as a visitor sees them."""
    found = {row.pk: shown("Thing", row) | {"Datastreams": []} for row in FORMS["Thing"].rows(VISITOR)}
    for stream in FORMS["Datastream"].rows(VISITOR).select_related("sensor"):
        found[stream.thing_id]["Datastreams"].append(
            shown("Datastream", stream) | {"Sensor": shown("Sensor", stream.sensor)}
        )
    return list(found.values())


def test_the_database_selects_what_a_filter_means(city: City) -> None:
    rows = things()

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(conditions())
    def agree(node: Expression) -> None:
        meant = [row["id"] for row in rows if holds(node, row)]
        selected = FORMS["Thing"].rows(VISITOR).filter(condition("Thing", node, VISITOR)).values_list("pk", flat=True)
        assert sorted(selected) == sorted(meant), print_expression(node)

    agree()
