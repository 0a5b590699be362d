"""Adding a thing: what is stored, and what is refused with its field and the fix."""

from __future__ import annotations

import math
from typing import Any

import pytest
import shapely

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.base.models import AuditEntry
from talkoot.core.base.text import Text
from talkoot.core.people.models import Organisation
from talkoot.core.register import revision, services
from talkoot.core.register.models import Source, Thing
from tests.core.register.conftest import AddThing, point, square

BOW = {
    "type": "Polygon",
    "coordinates": [[[24.93, 60.16], [24.94, 60.17], [24.94, 60.16], [24.93, 60.17], [24.93, 60.16]]],
}


def test_a_thing_is_stored_as_it_was_said(add: AddThing, source: Source, city: Organisation) -> None:
    site = add(kind="site", name="Kortteli", geometry=square())
    made = add(
        kind="building",
        name={"fi": "Kirjasto", "sv": "Bibliotek", "en": "Library"},
        geometry=square(),
        attributes={"height_m": 12.5, "levels": 3},
        provenance={"height_m": "assumed:three metres a level"},
        tags={"building": "civic"},
        external_id="way/17",
        within=site,
        owner=city,
    )
    kept = Thing.objects.get(pk=made.pk)
    assert kept.name == Text(fi="Kirjasto", sv="Bibliotek", en="Library")
    assert shapely.to_geojson(kept.shape) == shapely.to_geojson(shapely.geometry.shape(square()))
    assert (kept.min_lon, kept.min_lat) == (24.932, 60.168)
    assert (kept.attributes, kept.tags) == ({"height_m": 12.5, "levels": 3}, {"building": "civic"})
    assert kept.provenance == {"height_m": "assumed:three metres a level"}
    assert (kept.source, kept.within, kept.owner) == (source, site, city)
    assert kept.is_open


def test_a_thing_may_have_no_place(add: AddThing) -> None:
    assert add(geometry=None).shape is None


def test_adding_leaves_one_audit_entry_and_a_new_revision(add: AddThing, source: Source) -> None:
    before = revision.current()
    made = add()
    entry = AuditEntry.objects.get(target=str(made.uid))
    assert (entry.verb, entry.detail) == ("core.register.add_thing", {"kind": "street_lamp"})
    assert revision.current() != before


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "castle"}, "kind"),
        ({"kind": "building", "geometry": None, "attributes": {"height_m": -3}}, "attributes.height_m"),
        ({"attributes": {"height_m": "8 m"}}, "attributes.height_m"),
        ({"attributes": {"colour": "red"}}, "attributes"),
        ({"kind": "thing", "attributes": {"x": math.nan}}, "attributes"),
        ({"kind": "thing", "attributes": {"x": math.inf}}, "attributes"),
        ({"kind": "thing", "attributes": {"x": 10**5000}}, "attributes"),
        ({"kind": "thing", "attributes": {"x": object()}}, "attributes"),
        ({"kind": "thing", "attributes": {1: "x"}}, "attributes"),
        ({"kind": "thing", "attributes": {"x": "\x00"}}, "attributes"),
        ({"kind": "thing", "attributes": {"x": "\ud800"}}, "attributes"),
        ({"kind": "thing", "attributes": {"x": "a" * 1024 * 1024}}, "attributes"),
        ({"tags": {"note": "a" * 1024 * 1024}}, "tags"),
        ({"tags": ["lamp"]}, "tags"),
        ({"provenance": {"height_m": "survey"}}, "provenance.height_m"),
        ({"attributes": {"height_m": 8}, "provenance": {"height_m": "hearsay"}}, "provenance.height_m"),
        ({"attributes": {"height_m": 8}, "provenance": {"height_m": "assumed:"}}, "provenance.height_m"),
        ({"attributes": {"height_m": 8}, "provenance": {"height_m": 7}}, "provenance.height_m"),
        ({"name": {"de": "Lampe"}}, "name.de"),
        ({"name": {"fi": 7}}, "name.fi"),
        ({"name": 7}, "name"),
        ({"name": "a" * 301}, "name.fi"),
        ({"name": "a\x00b"}, "name.fi"),
        ({"external_id": "a" * 201}, "external_id"),
        ({"geometry": square()}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": [60.168, 24.932]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": [24.9, 160.2]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": [190.0, 60.2]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": [24.9, math.nan]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": [24.9, 60.1, 12.0]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": [24.9]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": ["24.9", "60.1"]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": [True, False]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": []}}, "geometry"),
        ({"geometry": {"type": "Point"}}, "geometry"),
        ({"geometry": {"type": "Feature", "geometry": point()}}, "geometry"),
        ({"geometry": {"type": "GeometryCollection", "geometries": [point()]}}, "geometry"),
        ({"geometry": "POINT (24.9 60.1)"}, "geometry"),
        ({"kind": "building", "geometry": BOW}, "geometry"),
        (
            {"kind": "building", "geometry": {"type": "Polygon", "coordinates": [[[24.9, 60.1], [24.9, 60.2]]]}},
            "geometry",
        ),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(add: AddThing, values: dict[str, Any], field: str) -> None:
    before = revision.current()
    with pytest.raises(InvalidError) as raised:
        add(**values)
    problem = raised.value.problems[0]
    assert problem.field == field
    assert problem.message and problem.fix
    assert not Thing.objects.exists()
    assert revision.current() == before


def test_deeply_nested_values_and_coordinates_are_refused(add: AddThing) -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InvalidError, match="attributes"):
        add(kind="thing", attributes={"x": deep})
    with pytest.raises(InvalidError, match="geometry"):
        add(geometry={"type": "Point", "coordinates": deep})


def test_every_wrong_field_is_named_at_once(add: AddThing) -> None:
    with pytest.raises(InvalidError) as raised:
        add(kind="building", attributes={"height_m": -3, "levels": "two"}, geometry=BOW)
    assert {problem.field for problem in raised.value.problems} == {
        "attributes.height_m",
        "attributes.levels",
        "geometry",
    }


def test_a_crossing_polygon_is_mended_when_asked(add: AddThing) -> None:
    mended = add(kind="building", geometry=BOW, mend=True).shape
    assert mended.is_valid
    assert mended.geom_type == "MultiPolygon"
    # Two triangles, each a quarter of the square around the bow.
    assert mended.area == pytest.approx(0.01 * 0.01 / 2)


def test_a_source_names_a_thing_once(add: AddThing, system: Actor) -> None:
    add(external_id="node/1")
    with pytest.raises(ConflictError, match="external"):
        add(external_id="node/1")
    other = services.ensure_source(system, code="other", name="Other", licence="CC0-1.0")
    add(external_id="node/1", source=other)
    add(external_id="")
    add(external_id="")
    assert Thing.objects.count() == 4


def test_a_source_is_made_once_and_brought_up_to_date(system: Actor, source: Source) -> None:
    again = services.ensure_source(
        system, code="survey", name="Uusi", licence="CC0-1.0", url="https://survey.example/", simulated=True
    )
    assert again.pk == source.pk
    kept = Source.objects.get()
    assert (str(kept.name), kept.licence, kept.simulated) == ("Uusi", "CC0-1.0", True)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"code": "no spaces"}, "code"), ({"url": "javascript:alert(1)"}, "url"), ({"licence": ""}, "licence")],
)
def test_a_source_needs_what_a_source_has(db: None, system: Actor, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as raised:
        services.ensure_source(system, **{"code": "x", "name": "X", "licence": "CC0-1.0", **values})
    assert raised.value.problems[0].field == field
