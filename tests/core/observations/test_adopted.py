"""An adopted run shows as datastreams whose sensor is the procedure: read at every door, written at none."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as city_settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from talkoot.core.base import outbox
from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.base.text import Text
from talkoot.core.compute import services
from talkoot.core.compute.models import Run
from talkoot.core.observations import queries, readings
from talkoot.core.observations.adopted.checks import adopted as health
from talkoot.core.observations.alerts.engine import Above, Demand
from talkoot.core.observations.alerts.evaluation import evaluate
from talkoot.core.observations.alerts.services import add_rule
from talkoot.core.observations.models import AdoptedTable, Alert, Datastream, Sensor
from talkoot.core.observations.services import (
    change_datastream,
    change_sensor,
    delete_datastream,
    delete_sensor,
    make_token,
)
from talkoot.core.observations.sta import grants
from talkoot.core.people.models import Organisation
from talkoot.core.people.services import grant_role
from talkoot.core.register.geometries import from_geojson
from talkoot.core.register.models import Thing
from talkoot.core.register.services import ensure_source
from tests.core.compute.conftest import carried_out, journal, started, trials  # noqa: F401
from tests.core.observations.sta.conftest import (  # noqa: F401
    Api,
    api,
    city,
    editor,
    editor_key,
    visitor,
)
from tests.observing import make_datastreams

pytestmark = pytest.mark.django_db(databases="__all__")
CarriedOut = Callable[..., Run]
HEAT = "Datastreams?$filter=ObservedProperty/name eq 'Heat'"


def make_things(count: int) -> list[Thing]:
    source = ensure_source(operator(), code="register", name=Text(en="Register"), licence="CC0-1.0")
    place = from_geojson({"type": "Point", "coordinates": [24.9, 60.1]})
    bounds = {"min_lon": 24.9, "max_lon": 24.9, "min_lat": 60.1, "max_lat": 60.1}
    named = (Text(en=f"House {number}") for number in range(count))
    return Thing.objects.bulk_create(
        Thing(kind="thing", name=name, source=source, geometry=place, **bounds) for name in named
    )


@pytest.fixture
def houses(db: None) -> list[Thing]:
    """Two things of the register."""
    return make_things(2)


@pytest.fixture
def adopt(carried_out: CarriedOut) -> Callable[..., Run]:  # noqa: F811
    """Have a run of a model carried out over things and adopted, and the city take note."""

    def adopt(things: list[Thing], trial: str = "model", **parameters: Any) -> Run:
        run = carried_out(trial, things=[str(thing.uid) for thing in things], **parameters)
        assert run.state == "succeeded", run.error
        services.adopt(operator(), run)
        assert outbox.deliver_pending() == 1
        return run

    return adopt


Adopt = Callable[..., Run]


def test_a_thing_s_modelled_values_are_read_with_their_range_and_procedure(
    visitor: Api,  # noqa: F811
    houses: list[Thing],
    adopt: Adopt,
) -> None:
    run = adopt(houses)
    [stream] = visitor.get(f"Things({houses[1].pk})/Datastreams?$expand=Sensor,ObservedProperty,Observations")["value"]
    assert (stream["name"], stream["unitOfMeasurement"]["symbol"]) == ("Heat", "°C")
    assert stream["Sensor"]["metadata"]["run"] == str(run.uid)
    assert stream["ObservedProperty"]["definition"].endswith("/variables/trials.heat")
    [found] = stream["Observations"]
    assert (found["result"], found["parameters"]) == (110.0, {"low": 109.0, "high": 112.0})
    assert run.finished_at is not None
    moment = queries.microseconds(run.finished_at)
    assert found["phenomenonTime"] == found["resultTime"] == stream["phenomenonTime"].split("/")[0]
    assert readings.store().latest([stream["@iot.id"]]).t.tolist() == [moment]
    assert found["@iot.id"] >> 30 == stream["@iot.id"]
    assert visitor.get(f"Observations({found['@iot.id']})")["result"] == 110.0
    feature = visitor.get(f"Observations({found['@iot.id']})/FeatureOfInterest")
    assert feature["feature"]["coordinates"] == [24.9, 60.1]


def test_hours_are_filtered_ordered_counted_and_paged(
    visitor: Api,  # noqa: F811
    houses: list[Thing],
    adopt: Adopt,
) -> None:
    adopt(houses, hours=24)
    first, second = visitor.ids(HEAT)
    of_first = f"Datastreams({first})/Observations"
    page = visitor.get(f"{of_first}?$orderby=phenomenonTime desc&$top=2&$count=true")
    assert [row["result"] for row in page["value"]] == [33.0, 32.0]
    assert page["@iot.count"] == 24
    assert page["value"][0]["phenomenonTime"] == "2026-05-01T23:00:00Z/2026-05-02T00:00:00Z"
    following = visitor.get(page["@iot.nextLink"].split("v1.1/")[1])
    assert [row["result"] for row in following["value"]] == [31.0, 30.0]
    assert visitor.get(f"{of_first}?$filter=result gt 30&$count=true")["@iot.count"] == 3
    since = "phenomenonTime ge 2026-05-01T20:00:00Z"
    assert [row["result"] for row in visitor.get(f"{of_first}?$filter={since}")["value"]] == [30.0, 31.0, 32.0, 33.0]
    assert visitor.get("Observations?$filter=result ge 130 and result lt 132&$count=true")["@iot.count"] == 2
    best = visitor.get("Observations?$orderby=result desc&$top=1")["value"]
    assert best[0]["result"] == 133.0
    latest = visitor.get("Datastreams?$expand=Observations($top=1;$orderby=phenomenonTime desc)")["value"]
    assert [row["Observations"][0]["result"] for row in latest] == [33.0, 133.0]
    [array] = visitor.get(f"Datastreams({second})/Observations?$resultFormat=dataArray&$top=3")["value"]
    assert array["dataArray@iot.count"] == 3
    assert array["dataArray"][2][array["components"].index("parameters")] == {"low": 111.0, "high": 114.0}
    with_high = "Observations?$filter=parameters/high ge 135"
    assert [row["result"] for row in visitor.get(with_high)["value"]] == [133.0]


def test_stored_and_modelled_readings_stand_side_by_side(
    api: Api,  # noqa: F811
    houses: list[Thing],
    adopt: Adopt,
) -> None:
    adopt(houses, hours=2)
    [measured] = make_datastreams(1)
    for hour, value in ((0, 1.0), (1, 2.0)):
        said = {"phenomenonTime": f"2026-05-01T{hour:02}:30:00Z", "result": value}
        api.post(f"Datastreams({measured.pk})/Observations", said)
    found = api.get("Observations?$orderby=phenomenonTime&$count=true&$top=4")
    assert [row["result"] for row in found["value"]] == [10.0, 110.0, 1.0, 11.0]
    assert found["@iot.count"] == 6
    rest = api.get(found["@iot.nextLink"].split("v1.1/")[1])
    assert [row["result"] for row in rest["value"]] == [111.0, 2.0]
    back = api.get("Observations?$orderby=phenomenonTime desc&$skip=1&$top=3")
    assert [row["result"] for row in back["value"]] == [111.0, 11.0, 1.0]
    assert sorted(row["result"] for row in api.get("Observations?$filter=result lt 20")["value"]) == [1, 2, 10, 11]


def test_who_may_not_see_the_runs_sees_nothing_of_them(
    visitor: Api,  # noqa: F811
    api: Api,  # noqa: F811
    city: Organisation,  # noqa: F811
    houses: list[Thing],
    adopt: Adopt,
) -> None:
    adopt(houses, "secret_model")
    account = get_user_model().objects.create_user("planner@example.org")
    grant_role(operator(), account, city, "planner")
    grant_role(operator(), account, city, "register_editor")
    planner = Api(make_token(Actor(account=account), name="planner's program")[1])
    [stream, _] = planner.ids("Datastreams")
    [found] = planner.get(f"Datastreams({stream})/Observations")["value"]
    manager = get_user_model().objects.create_user("operator@example.org")
    grant_role(operator(), manager, city, "operator")
    private_viewer = Api(make_token(Actor(account=manager), name="operator's program")[1])
    for other in (visitor, api, private_viewer):
        assert other.ids("Datastreams") == []
        assert other.get("Observations?$count=true")["@iot.count"] == 0
        other.get(f"Datastreams({stream})", status=404)
        assert other.ids("Sensors") == []  # it names the run
        other.get(f"Observations({found['@iot.id']})", status=404)
        assert other.get(f"Things({houses[0].pk})?$expand=Datastreams")["Datastreams"] == []
    assert not Datastream.objects.filter(is_public=True).exists()  # which the broker asks


def test_another_run_takes_the_place_of_all_at_once(
    visitor: Api,  # noqa: F811
    houses: list[Thing],
    adopt: Adopt,
) -> None:
    first = adopt(houses, hours=2, variables=["trials.heat", "trials.dust"])
    before = {row["name"]: row for row in visitor.get("Datastreams?$expand=Observations")["value"][:2]}
    old = before["Heat"]["Observations"][0]["@iot.id"]
    adopt(houses[:1], hours=3, base=50.0)
    [heat] = visitor.get("Datastreams?$expand=Observations")["value"]
    assert heat["@iot.id"] == before["Heat"]["@iot.id"]
    assert [row["result"] for row in heat["Observations"]] == [50.0, 51.0, 52.0]
    visitor.get(f"Observations({old})", status=404)
    visitor.get(f"Datastreams({before['Dust']['@iot.id']})", status=404)
    services.adopt(operator(), first)
    outbox.deliver_pending()
    assert len(visitor.ids("Datastreams")) == 4
    assert visitor.get(f"Observations({old})")["result"] == 10.0
    assert Sensor.objects.exclude(procedure="").count() == 1


def test_the_end_of_an_adoption_hides_the_datastreams_until_the_next(
    visitor: Api,  # noqa: F811
    houses: list[Thing],
    adopt: Adopt,
) -> None:
    adopt(houses)
    before = visitor.ids("Datastreams")
    services.end_adoption(operator(), "trials.model")
    outbox.deliver_pending()
    assert visitor.ids("Datastreams") == []
    assert visitor.get("Observations?$count=true")["@iot.count"] == 0
    visitor.get(f"Datastreams({before[0]})", status=404)
    assert visitor.ids("Sensors") == []
    adopt(houses)
    assert visitor.ids("Datastreams") == before


def test_nobody_writes_to_what_is_modelled(
    monkeypatch: pytest.MonkeyPatch,
    api: Api,  # noqa: F811
    editor: Actor,  # noqa: F811
    houses: list[Thing],
    adopt: Adopt,
) -> None:
    adopt(houses)
    stream, _ = api.ids("Datastreams")
    [found] = api.get(f"Datastreams({stream})/Observations")["value"]
    for path in (f"Datastreams({stream})/Observations", "Observations"):
        said = {"result": 1.0, "Datastream": {"@iot.id": stream}} if path == "Observations" else {"result": 1.0}
        assert "modelled" in api.post(path, said, status=403)["detail"]
    array = [{"Datastream": {"@iot.id": stream}, "components": ["result"], "dataArray": [[1.0]]}]
    [refused] = api.post("CreateObservations", array)
    assert refused.startswith("error") and "modelled" in refused
    assert "modelled" in api.patch(f"Observations({found['@iot.id']})", {"result": 1.0}, status=403)["detail"]
    api.delete(f"Observations({found['@iot.id']})", status=403)
    api.patch(f"Datastreams({stream})", {"name": "mine"}, status=409)
    api.delete(f"Datastreams({stream})", status=409)
    monkeypatch.setattr(grants, "close_old_connections", lambda: None)  # the test's own would go
    assert grants._shapes(operator(), [stream]) == {stream: None}  # what CreateObservations and MQTT ask
    datastream = Datastream.objects.get(pk=stream)
    for attempt in (
        lambda: make_token(editor, name="device", datastreams=[datastream]),
        lambda: change_datastream(editor, datastream, keep_days=1),
        lambda: delete_datastream(editor, datastream),
        lambda: change_sensor(editor, datastream.sensor, name="mine"),
        lambda: delete_sensor(editor, datastream.sensor),
    ):
        with pytest.raises(ConflictError):
            attempt()
    measured = {
        "name": "mine",
        "description": "",
        "observationType": "x",
        "unitOfMeasurement": {},
        "Sensor": {"@iot.id": datastream.sensor_id},
        "ObservedProperty": {"@iot.id": datastream.observed_properties.get().pk},
    }
    assert "procedure" in str(api.post(f"Things({houses[0].pk})/Datastreams", measured, status=400))
    assert api.get(f"Observations({found['@iot.id']})")["result"] == found["result"]


def test_a_picture_shows_the_value_for_its_hour_and_its_range_as_the_band(houses: list[Thing], adopt: Adopt) -> None:
    adopt(houses, hours=3)
    stream = Datastream.objects.order_by("pk")[0]
    start = queries.moment(1_777_593_600_000_000)  # 2026-05-01
    [picture] = queries.pictures([stream.pk], start, start.replace(hour=4), points=10).values()
    assert picture.width == 1800
    assert picture.mean[:6].tolist() == [10, 10, 11, 11, 12, 12]
    assert (picture.low[2], picture.high[2]) == (10, 13)
    assert picture.count.tolist() == [1, 1, 1, 1, 1, 1, 0, 0]
    reading = queries.latest([stream])[stream.pk]
    assert (reading.value, reading.low, reading.high) == (12.0, 11.0, 14.0)
    assert queries.badge_of(stream) == "modelled"


def test_a_rule_on_what_is_modelled_raises_an_alert_at_its_hour(houses: list[Thing], adopt: Adopt) -> None:
    adopt(houses, hours=3)
    stream = Datastream.objects.order_by("pk")[0]
    midnight = queries.moment(1_777_593_600_000_000)  # 2026-05-01; 10, 11 and 12 degrees follow by the hour
    rule = add_rule(operator(), owner=None, name="Hot", demand=Demand((Above(10.5, 10.4),)), datastream=stream)
    evaluate(now=midnight + timedelta(minutes=30))
    assert not Alert.objects.filter(rule=rule).exists()
    evaluate(now=midnight + timedelta(minutes=90))
    assert Alert.objects.get(rule=rule).raised_at == midnight + timedelta(hours=1)
    at_once = add_rule(operator(), owner=None, name="Warm", demand=Demand((Above(9.5, 9.0),)), datastream=stream)
    evaluate(now=midnight + timedelta(minutes=91))
    assert Alert.objects.get(rule=at_once).raised_at == midnight + timedelta(hours=1)


def test_pages_show_the_value_with_its_range_its_badge_and_its_run(
    visitor: Api,  # noqa: F811
    houses: list[Thing],
    adopt: Adopt,
) -> None:
    run = adopt(houses)
    stream = Datastream.objects.get(thing=houses[0])
    thing = visitor.client.get(f"/en/things/{houses[0].uid}/").content.decode()
    for shown in (">10</td>", ">9–12</td>", 'badge modelled">', f"/en/measurements/{stream.pk}/", "in use"):
        assert shown in thing
    page = visitor.client.get(f"/en/measurements/{stream.pk}/").content.decode()
    for shown in ("Range 9–12 °C", "How it is computed", f"/en/runs/{run.uid}/", "the range in which it lies"):
        assert shown in page
    assert "10.0, 9.0, 12.0]" in page  # a point of the chart: mean, low, high
    [address] = re.findall(r'href="([^"]+readings\.csv[^"]+)"', page)
    rows = b"".join(visitor.client.get(html.unescape(address))).decode().splitlines()
    assert rows[0] == "time,value,flag,unit,low,high"
    assert [row.split(",", 1)[1] for row in rows[1:]] == ["10.0,0,°C,9.0,12.0"]
    services.end_adoption(operator(), "trials.model")
    outbox.deliver_pending()
    assert "Heat" not in visitor.client.get(f"/en/things/{houses[0].uid}/").content.decode()
    assert visitor.client.get(f"/en/measurements/{stream.pk}/").status_code == 404


def test_a_result_that_is_gone_leaves_no_readings_and_is_told(
    visitor: Api,  # noqa: F811
    houses: list[Thing],
    adopt: Adopt,
) -> None:
    adopt(houses)
    assert health()["ok"] is True
    path = AdoptedTable.objects.get().path
    (Path(city_settings.LAKE) / path).unlink()
    [stream, _] = visitor.ids("Datastreams")
    assert visitor.get(f"Datastreams({stream})/Observations?$count=true")["@iot.count"] == 0
    page = visitor.client.get(f"/en/measurements/{stream}/")
    assert page.status_code == 200 and "no longer stored" in page.content.decode()
    assert "trials.model" in health()["problem"]


def columns(**changed: Any) -> Any:
    import pyarrow as pa

    thing = str(Thing.objects.order_by("pk")[0].uid)
    good = {"thing": [thing], "variable": ["trials.heat"], "value": [1.0], "low": [0.0], "high": [2.0]}
    return pa.table({**good, **changed})


def test_a_table_s_shape_is_checked_when_it_is_added(houses: list[Thing]) -> None:
    import pyarrow as pa

    from talkoot.core.compute.modelled import check_modelled

    moment = pa.array([0], pa.timestamp("us", "UTC"))
    twice = pa.concat_tables([columns(), columns()])
    assert len(check_modelled("t", columns())) == 1
    assert len(check_modelled("t", columns(time=moment, duration=pa.array([1], pa.duration("s"))))) == 1
    for field, table in {
        "t.variable": columns(variable=["trials.unheard_of"]),
        "t.thing": columns(thing=["00000000-0000-7000-8000-000000000000"]),
        "t.value": columns(value=["warm"]),
        "t.low": columns(low=[1.5]),
        "t.high": columns(high=[0.5]),
        "t.time": columns(time=["2026-05-01"]),
        "t.end": columns(time=moment, end=pa.array([-1], pa.timestamp("us", "UTC"))),
        "t.duration": columns(duration=pa.array([1], pa.duration("s"))),
    }.items():
        with pytest.raises(InvalidError) as found:
            check_modelled("t", table)
        assert [problem.field for problem in found.value.problems] == [field]
    with pytest.raises(InvalidError, match="two values"):
        check_modelled("t", twice)
    with pytest.raises(InvalidError, match="no identifier"):
        check_modelled("t", columns(thing=["lamp 5"]))


def test_a_run_whose_table_is_wrong_fails_with_words(houses: list[Thing], carried_out: CarriedOut) -> None:  # noqa: F811
    run = carried_out("model", things=[str(houses[0].uid)], variables=["trials.unheard_of"])
    assert run.state == "failed" and "trials.unheard_of" in run.error


def test_a_thousand_things_by_the_hour_take_as_many_questions_as_two(
    visitor: Api,  # noqa: F811
    adopt: Adopt,
) -> None:
    asked = []
    for things in (make_things(2), make_things(1000)):
        adopt(things, hours=24, variables=["trials.heat", "trials.dust"])
        with CaptureQueriesContext(connection) as questions:
            latest = "Datastreams?$expand=Observations($top=1;$orderby=phenomenonTime desc)&$top=1000&$count=true"
            page = visitor.get(latest)
            newest = visitor.get("Observations?$orderby=phenomenonTime desc&$top=100&$count=true")
        assert page["@iot.count"] == 2 * len(things)
        assert newest["@iot.count"] == 48 * len(things)
        assert {row["phenomenonTime"] for row in newest["value"][: 2 * len(things)]} == {
            "2026-05-01T23:00:00Z/2026-05-02T00:00:00Z"
        }
        asked.append(len(questions))
    assert asked[0] == asked[1]
