"""Filters and orders of entities, as the database answers them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.sta.entities import FORMS
from talkoot.core.observations.sta.query.options import parse_options
from talkoot.core.observations.sta.query.parse import parse_filter
from talkoot.core.observations.sta.query.sql import condition, ordering
from tests.core.observations.sta.query.conftest import City

VISITOR = Actor()
BLOCK = "geography'POLYGON ((24.9 60.1, 24.95 60.1, 24.95 60.18, 24.9 60.18, 24.9 60.1))'"

FILTERS = [
    # Names and descriptions are compared as they are shown.
    ("Thing", "name eq 'Älä sammuta'", "a"),
    ("Thing", "name eq 'Lampa A'", ""),
    ("Thing", "name eq 'Lampa B'", "b"),
    ("Thing", "name eq 'O''Hara 100%_'", "d"),
    ("Thing", "endswith(name,' X7')", "c"),
    ("Thing", "description eq 'a car'", "d"),
    ("Thing", "contains(name,'%_')", "d"),
    ("Thing", "contains(name,'')", "abcd"),
    ("Thing", "substringof('amp',name)", "b"),
    ("Thing", "startswith(name,'lampa')", ""),
    ("Thing", "startswith(tolower(name),'älä')", "a"),
    ("Thing", "toupper(name) eq 'ÄLÄ SAMMUTA'", "a"),
    ("Thing", "length(name) eq 7", "b"),
    ("Thing", "indexof(name,'sammuta') eq 4", "a"),
    ("Thing", "substring(name,4,3) eq 'sam'", "a"),
    ("Thing", "substring(name,8) eq '100%_'", ""),
    ("Thing", "substring(name,7) eq '100%_'", "d"),
    ("Thing", "trim(concat(' ',concat(name,'  '))) eq name", "abcd"),
    ("Thing", "name gt 'Z'", "a"),
    ("Thing", "name ne 'Lampa B'", "acd"),
    ("Thing", "name in ('Lampa B','Älä sammuta','x')", "ab"),
    # JSON is compared as what it is.
    ("Thing", "properties/height_m gt 5", "ab"),
    ("Thing", "properties/height_m le 8.0", "a"),
    ("Thing", "properties/height_m eq 'tall'", "d"),
    ("Thing", "properties/height_m ne 8", "bcd"),
    ("Thing", "not (properties/height_m gt 10)", "acd"),
    ("Thing", "properties/height_m eq null", "c"),
    ("Thing", "properties/deep/a/b eq null and properties/deep/a ne null", "d"),
    ("Thing", "properties/on eq true", "a"),
    ("Thing", "properties/on", "a"),
    ("Thing", "not properties/on", "b"),
    ("Thing", "properties/on ne true", "bcd"),
    ("Thing", "properties/list/0 eq 4 and properties/list[1] eq 'x'", "c"),
    ("Thing", "properties/use eq properties/use", "abcd"),
    ("Thing", "properties/height_m in (8,'tall')", "ad"),
    ("Thing", "contains(properties/lamp_type,'e')", "a"),
    ("Thing", "not contains(properties/lamp_type,'x')", "a"),
    ("Thing", "length(properties/lamp_type) eq 3", "a"),
    # Reckoning.
    ("Thing", "properties/height_m mul 2 add 1 eq 17", "a"),
    ("Thing", "properties/height_m mod 5 eq 2.5", "b"),
    ("Thing", "properties/height_m div 0 eq null", "abcd"),
    ("Thing", "-properties/height_m lt -10", "b"),
    ("Thing", "round(properties/height_m) eq 13 or floor(properties/height_m) eq 8", "ab"),
    ("Thing", "ceiling(properties/height_m) eq 13", "b"),
    # Values alone.
    ("Thing", "1 add 1 eq 2", "abcd"),
    ("Thing", "null", ""),
    ("Thing", "not null", ""),
    ("Thing", "true and not false", "abcd"),
    ("Thing", "now() gt mindatetime() and now() lt maxdatetime()", "abcd"),
    ("Thing", "totaloffsetminutes(2026-01-01T00:00:00+02:00) eq 120", "abcd"),
    ("Thing", "id gt 0 and id lt 1.5e300", "abcd"),
    ("Thing", "id eq 0.5 or id in (0.5,-1)", ""),
    # What navigation properties lead to.
    ("Thing", "Datastreams/name eq 'air'", "a"),
    ("Thing", "Datastreams/name eq 'secret'", ""),
    ("Thing", "Datastreams/ObservedProperty/name eq 'lämpötila'", "a"),
    ("Thing", "Datastreams/Sensor/name eq 'DHT22' and Datastreams/ObservedProperty/name eq 'kosteus'", ""),
    ("Thing", "Datastreams/Sensor/name eq 'DHT22' or Datastreams/ObservedProperty/name eq 'kosteus'", "ab"),
    ("Thing", "not (Datastreams/name eq 'air')", "bcd"),
    ("Thing", "not (Datastreams/name eq 'secret')", "abcd"),
    ("Thing", "not (HistoricalLocations/id gt 0 or tolower(properties/lamp_type) eq 'led')", "bc"),
    ("Thing", "not (HistoricalLocations/id eq 0 or contains(concat(properties/lamp_type,''),'x'))", "a"),
    ("Thing", "MultiDatastreams/ObservedProperties/definition eq 'ucum:%'", "a"),
    ("Thing", "Locations/name eq 'Satama'", "d"),
    ("Thing", f"st_within(Locations/location,{BLOCK})", "ac"),
    ("Thing", "HistoricalLocations/time ge 2026-03-02T00:00:00Z", "d"),
    ("Thing", "HistoricalLocations/Locations/properties/pier eq 3", "d"),
    ("Thing", "length(Datastreams/name) eq 3", "a"),
    ("Thing", "Datastreams/properties/limit gt 30 and length(Datastreams/name) eq 4", "b"),
    ("Datastream", "Thing/name eq 'Lampa B'", "s"),
    ("Datastream", "Thing/properties/height_m lt 10 and Sensor/metadata/maker eq 'Oy'", "r"),
    ("Datastream", "Sensor/metadata eq 'sds.html'", "s"),
    ("Datastream", "ObservedProperty/definition ne 'ucum:%'", "r"),
    ("Datastream", "ObservedProperty/name gt Thing/name", "s"),
    ("Datastream", "ObservedProperty/name lt name", ""),
    ("Datastream", "unitOfMeasurement/symbol eq 'unit n'", "s"),
    ("Datastream", "properties/limit mul 2 lt Thing/properties/height_m mul 10", "rs"),
    ("Datastream", "Thing/Datastreams/name eq 'air'", "r"),
    ("Datastream", "observedArea ne null", "r"),
    ("Datastream", "geo.intersects(observedArea,geography'POINT (24.93 60.16)')", "r"),
    ("Datastream", "observationType eq 'OM_Measurement'", "rs"),
    ("MultiDatastream", "unitOfMeasurements/1/symbol eq 'unit n'", "u"),
    ("MultiDatastream", "endswith(observationType,'OM_ComplexObservation')", "u"),
    ("MultiDatastream", "multiObservationDataTypes/1 ne null", "u"),
    ("Sensor", "encodingType eq 'text/html'", "l"),
    ("Sensor", "Datastreams/Thing/id gt 0", "kl"),
    ("Sensor", "metadata/year ge 2024", "k"),
    ("ObservedProperty", "Datastreams/Thing/name eq 'Lampa B'", "n"),
    ("ObservedProperty", "MultiDatastreams/id gt 0", "mn"),
    # So many tests that the rows are read instead.
    ("Thing", " or ".join(f"contains(name,'{sign}a')" for sign in "abcdefghijklmnopqrstuvwxyz"), "abd"),
    ("Thing", " and ".join(f"not contains(properties/lamp_type,'{sign}')" for sign in "abcfghijkmnopqrstuvwxyz"), "a"),
    ("Thing", " and ".join(f"contains(name,'{sign}')" for sign in "Lampa" * 5) + " and Datastreams/id gt 0", "b"),
    # Times.
    ("HistoricalLocation", "time gt 2026-03-02T14:30:02.002+02:00", "j"),
    ("HistoricalLocation", "time eq 2026-03-02T12:30:02.002Z", "i"),
    ("HistoricalLocation", "time lt '2026-03-02'", "h"),
    ("HistoricalLocation", "2026-03-02 ge time", "h"),
    ("HistoricalLocation", "time lt 2026-03-02T00:00:00Z/P30D", "h"),
    ("HistoricalLocation", "day(time) eq 15 and month(time) eq 3 and year(time) eq 2026", "j"),
    ("HistoricalLocation", "hour(time) eq 12 and minute(time) eq 30 and second(time) eq 2", "i"),
    ("HistoricalLocation", "fractionalseconds(time) eq 0.015", "j"),
    ("HistoricalLocation", "date(time) eq 2026-03-01 or time(time) ge 12:30:15", "hj"),
    ("HistoricalLocation", "time add duration'P1D' lt 2026-03-04T00:00:00Z", "hi"),
    ("HistoricalLocation", "time sub 2026-03-01T12:30:00Z lt duration'PT1H'", "h"),
    ("HistoricalLocation", "Locations/name eq 'Satama' and not (time gt 2026-03-10)", "hi"),
    ("HistoricalLocation", "Thing/name ne null", "hij"),
    # Places, in degrees.
    ("Location", f"st_within(location,{BLOCK})", "ac"),
    ("Location", f"not st_within(location,{BLOCK})", "bp"),
    ("Location", f"st_disjoint(location,{BLOCK})", "bp"),
    ("Location", "geo.distance(location,geography'POINT (25 60.3)') lt 0.11", "bp"),
    ("Location", "geo.distance(location,geography'POINT (25 60.3)') gt 0.11", "ac"),
    ("Location", "st_contains(location,geography'POINT (24.93 60.16)')", "ac"),
    ("Location", "st_equals(location,geography'POINT (25 60.2)')", "bp"),
    ("Location", "st_touches(location,geography'LINESTRING (24.94 60.15, 25 60.15)')", "c"),
    ("Location", "st_crosses(geography'LINESTRING (24.9 60.16, 25 60.16)',location)", "c"),
    ("Location", "st_overlaps(location,geography'POLYGON ((24.93 60.1,25 60.1,25 60.2,24.93 60.2,24.93 60.1))')", "c"),
    ("Location", "st_relate(location,geography'POINT (24.93 60.16)','T********')", "ac"),
    ("Location", "geo.length(location) gt 0.07", "c"),
    ("Location", "location/type eq 'Polygon'", "c"),
    ("Location", "Things/name eq 'O''Hara 100%_'", "p"),
    ("Location", "properties/pier eq 3 and geo.distance(location,geography'POINT (25 60.2)') lt 1", "p"),
    ("Location", "encodingType eq 'application/geo+json'", "abcp"),
    ("FeatureOfInterest", "geo.intersects(feature,geography'POINT (24.93 60.16)')", "f"),
    ("FeatureOfInterest", "feature/type eq 'Point'", "f"),
    ("FeatureOfInterest", "name lt 'J' or encodingType eq 'text/plain'", "fg"),
]


def found(city: City, entity: str, text: str, actor: Actor = VISITOR) -> str:
    """Return the letters of the rows that a filter selects."""
    rows = FORMS[entity].rows(actor)
    keys = rows.filter(condition(entity, parse_filter(text, entity), actor)).order_by("pk").values_list("pk", flat=True)
    return city.named(list(keys), rows.model)


def test_filters_select_the_rows_that_the_standard_says(city: City) -> None:
    wrong = {
        (entity, text): selected for entity, text, rows in FILTERS if (selected := found(city, entity, text)) != rows
    }
    assert not wrong


def test_a_private_datastream_counts_only_for_those_who_see_it(city: City) -> None:
    assert found(city, "Thing", "Datastreams/name eq 'secret'", operator()) == "b"
    assert found(city, "Sensor", "Datastreams/name eq 'secret'") == ""
    assert found(city, "Thing", "Datastreams/Sensor/Datastreams/name eq 'secret'") == ""


@pytest.mark.parametrize(
    ("entity", "order", "rows"),
    [
        ("Thing", "name", "bdca"),
        ("Thing", "name desc", "acdb"),
        ("Thing", "properties/height_m", "cdab"),
        ("Thing", "properties/height_m desc,id", "badc"),
        ("Thing", "properties/on desc,id desc", "dcba"),
        ("Datastream", "Thing/name", "sr"),
        ("Datastream", "ObservedProperty/name desc,id", "rs"),
        ("HistoricalLocation", "time desc", "jih"),
        ("Sensor", "metadata/year,encodingType", "lk"),
    ],
)
def test_orders(city: City, entity: str, order: str, rows: str) -> None:
    options = parse_options([("$orderby", order)], entity)
    ordered = FORMS[entity].rows(VISITOR).order_by(*ordering(entity, options.orderby, VISITOR), "pk")
    assert city.named([row.pk for row in ordered], ordered.model) == rows


@pytest.mark.parametrize("order", ["location", "length(name)", "id add 1", "location/type"])
def test_only_plain_properties_order(db: None, order: str) -> None:
    options = parse_options([("$orderby", order)], "Location")
    with pytest.raises(InvalidError, match=r"\$orderby: At character"):
        ordering("Location", options.orderby, VISITOR)


def test_targets_are_not_compared_with_each_other(db: None) -> None:
    node = parse_filter("Datastreams/name eq Locations/name", "Thing")
    with pytest.raises(InvalidError, match="several targets"):
        condition("Thing", node, VISITOR)


def test_a_plain_filter_takes_one_query(city: City) -> None:
    text = "Datastreams/Sensor/name eq 'DHT22' and properties/height_m gt 1 and not (name eq 'x')"
    with CaptureQueriesContext(connection) as queries:
        assert found(city, "Thing", text) == "a"
    assert len(queries) == 1


def test_many_values_of_one_property_are_one_question(city: City) -> None:
    values = [f"x{number}" for number in range(240)] + ["air"]
    for text in (
        " or ".join(f"Datastreams/name eq '{value}'" for value in values),
        "not (" + " and ".join(f"not (Datastreams/name eq '{value}')" for value in values) + ")",
    ):
        with CaptureQueriesContext(connection) as queries:
            assert found(city, "Thing", text) == "a"
        assert len(queries) == 1
        assert queries[0]["sql"].count("SELECT") == 2


def test_words_of_sql_stay_words(city: City) -> None:
    for text in ("'; DROP TABLE register_thing; --", '") OR 1=1 --', "%s %(x)s {0}", "\\", 'a"b$.c[0]'):
        quoted = text.replace("'", "''")
        assert (
            found(city, "Thing", f"name eq '{quoted}' or contains(name,'{quoted}') or endswith(name,'{quoted}')") == ""
        )
    assert found(city, "Thing", "properties/a.b-c:d eq 1") == ""
