"""The twins of every verb: visitors, roles and devices; and private datastreams, hidden wherever one could look."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.errors import ConflictError, InvalidError, NotAllowedError
from talkoot.core.observations import services
from talkoot.core.observations.models import Calibration, Datastream, Sensor, Token
from talkoot.core.people.models import Organisation
from talkoot.core.register.models import Thing
from talkoot.core.register.services import change_thing
from tests.core.observations.sta.conftest import (
    Api,
    account_with,
    datastream,
    device_api,
    location,
    observed_property,
    sensor,
    thing,
)

READING = {"phenomenonTime": "2026-01-01T10:00:00Z", "result": 1}
WRITES: dict[str, tuple[str, str, Any]] = {
    "thing": ("POST", "Things", thing()),
    "location": ("POST", "Locations", location()),
    "sensor": ("POST", "Sensors", sensor()),
    "property": ("POST", "ObservedProperties", observed_property()),
    "feature": (
        "POST",
        "FeaturesOfInterest",
        {"name": "x", "encodingType": "application/geo+json", "feature": {"type": "Point", "coordinates": [24, 60]}},
    ),
    "datastream": ("POST", "Things({pole})/Datastreams", datastream()),
    "observation": ("POST", "Datastreams({stream})/Observations", READING),
    "place": ("POST", "Things({pole})/Locations", location()),
    "patch thing": ("PATCH", "Things({pole})", {"name": "x"}),
    "put datastream": ("PUT", "Datastreams({stream})", datastream()),
    "patch sensor": ("PATCH", "Sensors({sensor})", {"name": "x"}),
    "delete datastream": ("DELETE", "Datastreams({stream})", None),
    "delete thing": ("DELETE", "Things({pole})", None),
    "delete sensor": ("DELETE", "Sensors({sensor})", None),
    "delete observation": ("DELETE", "Observations({reading})", None),
    "patch observation": ("PATCH", "Observations({reading})", {"result": 2}),
}


@pytest.fixture
def places(api: Api, pole: int, stream: int) -> dict[str, int]:
    """What the addresses of WRITES name."""
    reading = api.made(f"Datastreams({stream})/Observations", READING)
    return {
        "pole": pole,
        "stream": stream,
        "reading": reading,
        "sensor": api.get(f"Datastreams({stream})/Sensor")["@iot.id"],
    }


@pytest.mark.parametrize("name", WRITES)
def test_visitors_other_roles_and_other_organisations_may_not_write(
    name: str, api: Api, places: dict[str, int], school: Organisation, city: Organisation
) -> None:
    method, path, body = WRITES[name]
    planner = services.make_token(operator(), name="p", account=account_with("planner", city))[1]
    pupil = services.make_token(operator(), name="s", account=account_with("register_editor", school))[1]
    mine = name in ("thing", "location", "sensor", "property", "feature")
    for other in (Api(), Api(planner), *([] if mine else [Api(pupil)])):
        answer: Any = other.ask(method, path.format(**places), body)
        assert answer.status_code == 403, (answer.status_code, answer.content)
    assert api.ask(method, path.format(**places), body).status_code in (200, 201)


def test_an_organisation_makes_things_of_its_own(school: Organisation, api: Api, places: dict[str, int]) -> None:
    key = services.make_token(operator(), name="s", account=account_with("register_editor", school))[1]
    made = Api(key).made("Things", thing(Datastreams=[datastream()]))
    assert Thing.objects.get(pk=made).owner == school
    assert Sensor.objects.get(datastreams__thing=made).owner == school
    Api(key).patch(f"Things({made})", {"name": "ours"})
    Api(key).post(f"Datastreams({places['stream']})/Observations", READING, status=403)


def test_a_device_writes_to_its_datastreams_and_does_nothing_else(api: Api, pole: int, stream: int) -> None:
    other = api.made(f"Things({pole})/Datastreams", datastream())
    device = device_api(stream)
    key = device.made(f"Datastreams({stream})/Observations", READING)
    device.patch(f"Observations({key})", {"result": 3})
    links = device.post(
        "CreateObservations",
        [
            {"Datastream": {"@iot.id": stream}, "components": ["result"], "dataArray": [[1], ["x"]]},
            {"Datastream": {"@iot.id": other}, "components": ["result"], "dataArray": [[1]]},
        ],
    )
    assert [link.startswith("error") for link in links] == [False, True, True]
    device.post(f"Datastreams({other})/Observations", READING, status=403)
    device.post("Things", thing(), status=403)
    device.post(
        f"Datastreams({stream})/Observations", {**READING, "FeatureOfInterest": WRITES["feature"][2]}, status=403
    )
    assert device.ask("DELETE", f"Datastreams({stream})").status_code == 403


def test_a_key_is_shown_once_ends_and_expires(api: Api, stream: int, editor: Actor, city: Organisation) -> None:
    bound = list(Datastream.objects.filter(pk=stream))
    token, secret = services.make_token(editor, name="box", datastreams=bound)
    assert secret.encode() not in bytes(Token.objects.get(pk=token.pk).digest)
    assert Api(secret).ask("POST", f"Datastreams({stream})/Observations", READING).status_code == 201
    services.end_token(editor, token)
    refused: Any = Api(secret).ask("POST", f"Datastreams({stream})/Observations", READING)
    assert refused.status_code == 401 and "Bearer" in refused.headers["WWW-Authenticate"]
    with pytest.raises(ConflictError):
        services.end_token(editor, Token.objects.get(pk=token.pk))
    soon, secret = services.make_token(editor, name="box", expires_at=timezone.now() + timedelta(hours=1))
    Token.objects.filter(pk=soon.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Api(secret).ask("GET", "Things").status_code == 401
    with pytest.raises(InvalidError):
        services.make_token(editor, name="box", expires_at=timezone.now() - timedelta(hours=1))
    with pytest.raises(NotAllowedError):
        services.make_token(editor, name="box", account=account_with("planner", city))
    with pytest.raises(NotAllowedError):
        services.make_token(Actor(), name="box", datastreams=bound)
    with pytest.raises(NotAllowedError):
        services.make_token(Actor(account=account_with("operator", city)), name="x", account=editor.account)


def test_a_key_may_come_as_the_password_of_basic_authentication(editor_key: str, api: Api) -> None:
    credentials = base64.b64encode(f"anybody:{editor_key}".encode()).decode()
    answer = api.client.post(
        "/sensorthings/v1.1/Sensors",
        sensor(),
        content_type="application/json",
        headers={"Authorization": f"Basic {credentials}"},
    )
    assert answer.status_code == 201
    for wrong in ("Basic x", "Basic " + base64.b64encode(b"a:b").decode(), "Digest x", "Bearer nonsense"):
        assert api.client.get("/sensorthings/v1.1/Things", headers={"Authorization": wrong}).status_code == 401


def test_a_signed_in_editor_writes_json_and_nothing_that_a_form_could_send(editor: Actor, no_readings: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor.account)
    assert client.post("/sensorthings/v1.1/Sensors", sensor(), content_type="application/json").status_code == 201
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = client.generic("POST", "/sensorthings/v1.1/Sensors", b"{}", content_type)
        assert answer.status_code == 415


@pytest.fixture
def private(api: Api, pole: int, stream: int) -> dict[str, int]:
    """A second datastream of the pole that is private, with a reading; the school owns the pole."""
    key = api.made(f"Things({pole})/Datastreams", datastream(name="secret", Observations=[{**READING, "result": 77}]))
    reading = api.ids(f"Datastreams({key})/Observations")[0]
    services.change_datastream(operator(), Datastream.objects.get(pk=key), is_public=False)
    seen = api.get(f"Datastreams({stream})?$expand=Sensor,ObservedProperty")
    sensors = {name: seen[name]["@iot.id"] for name in ("Sensor", "ObservedProperty")}
    secret = Datastream.objects.get(pk=key)
    return {
        "stream": key,
        "reading": reading,
        "pole": pole,
        "sensor": secret.sensor_id,
        "property": secret.observed_properties.get().pk,
        "feature": secret.feature_id or 0,
        "other": sensors["Sensor"],
    }


def test_a_private_datastream_is_hidden_everywhere(private: dict[str, int], visitor: Api, stream: int) -> None:
    for path in ("Datastreams({stream})", "Observations({reading})", "Datastreams({stream})/Observations"):
        visitor.get(path.format(**private), status=404)
    lists = ("Datastreams", "Things({pole})/Datastreams", "Sensors({sensor})/Datastreams")
    for path in lists:
        assert private["stream"] not in visitor.ids(path.format(**private))
    assert visitor.ids("Observations") == visitor.ids(f"FeaturesOfInterest({private['feature']})/Observations") == []
    assert visitor.get("Datastreams?$count=true")["@iot.count"] == 1
    assert visitor.get("Observations?$count=true")["@iot.count"] == 0
    assert visitor.ask("GET", "Datastreams/$count").content == b"1"
    assert b"secret" not in visitor.ask("GET", "Things?$expand=Datastreams($expand=Observations)").content
    assert b"secret" not in visitor.ask("GET", "Sensors?$expand=Datastreams").content
    counted = visitor.get(f"ObservedProperties({private['property']})?$expand=Datastreams($count=true)")
    assert counted["Datastreams@iot.count"] == 0
    for condition in (
        "Things?$filter=Datastreams/name eq 'secret'",
        "Sensors?$filter=Datastreams/id eq {stream}",
        "Things?$filter=Datastreams/Observations/result eq 77",
        "Observations?$filter=result eq 77",
        "Observations?$filter=Datastream/id eq {stream}",
        "Observations?$filter=Datastream/name eq 'secret'",
        "FeaturesOfInterest?$filter=Observations/result eq 77",
    ):
        assert visitor.ids(condition.format(**private)) == [], condition
    batch = {"requests": [{"id": "1", "method": "get", "url": "Datastreams({stream})".format(**private)}]}
    assert visitor.post("$batch", batch, status=200)["responses"][0]["status"] == 404
    visitor.post("Datastreams({stream})/Observations".format(**private), READING, status=404)


def test_a_datastream_is_hidden_and_shown_by_who_may_see_private_ones(
    api: Api, visitor: Api, stream: int, pole: int, city: Organisation
) -> None:
    keeper = Api(services.make_token(operator(), name="x", account=account_with("operator", city))[1])
    assert visitor.get(f"Datastreams({stream})/isPublic") == {"isPublic": True}
    api.patch(f"Datastreams({stream})", {"isPublic": False}, status=403)
    api.post(f"Things({pole})/Datastreams", datastream(isPublic=False), status=403)
    keeper.patch(f"Datastreams({stream})", {"isPublic": "no"}, status=400)
    keeper.patch(f"Datastreams({stream})", {"isPublic": False})
    visitor.get(f"Datastreams({stream})", status=404)
    assert visitor.ids("Datastreams") == visitor.ids("Datastreams?$filter=isPublic eq false") == []
    assert keeper.ids("Datastreams?$filter=isPublic eq false") == [stream]
    written = keeper.get(f"Datastreams({stream})")
    del written["isPublic"]
    assert keeper.ask("PUT", f"Datastreams({stream})", written).status_code == 200
    assert keeper.get(f"Datastreams({stream})/isPublic") == {"isPublic": False}
    keeper.patch(f"Datastreams({stream})", {"isPublic": True})
    assert visitor.ids("Datastreams") == [stream]


def test_those_who_may_see_a_private_datastream(
    private: dict[str, int], city: Organisation, school: Organisation
) -> None:
    change_thing(operator(), Thing.objects.get(pk=private["pole"]), owner=school)

    def sees(role: str, organisation: Organisation) -> bool:
        key = services.make_token(operator(), name="x", account=account_with(role, organisation))[1]
        return private["reading"] in Api(key).ids("Observations")

    assert sees("operator", city) and sees("manager", school)
    assert not sees("planner", city) and not sees("planner", school)
    assert private["reading"] in device_api(private["stream"]).ids("Observations")


SERVICES: dict[str, Callable[[Actor, Datastream], Any]] = {
    "set_calibration": lambda actor, stream: services.set_calibration(
        actor, stream, valid_from=timezone.now(), offset=1
    ),
    "delete_calibration": lambda actor, stream: services.delete_calibration(
        actor, stream, valid_from=stream.calibrations.get().valid_from
    ),
    "change_datastream": lambda actor, stream: services.change_datastream(actor, stream, is_public=False),
}


@pytest.mark.parametrize("name", SERVICES)
def test_the_verbs_that_have_no_address(name: str, stream: int, city: Organisation) -> None:
    known = Datastream.objects.get(pk=stream)
    services.set_calibration(operator(), known, valid_from=timezone.now(), factor=2, note="against a reference")
    for actor in (Actor(), Actor(account=account_with("planner", city))):
        with pytest.raises(NotAllowedError):
            SERVICES[name](actor, known)
    SERVICES[name](Actor(account=account_with("operator", city)), known)
    assert Calibration.objects.count() == {"set_calibration": 2, "delete_calibration": 0}.get(name, 1)


def test_a_calibration_of_the_same_moment_is_replaced_and_a_factor_is_not_nothing(stream: int, db: None) -> None:
    known, now = Datastream.objects.get(pk=stream), timezone.now()
    services.set_calibration(operator(), known, valid_from=now, offset=1)
    services.set_calibration(operator(), known, valid_from=now, offset=2)
    assert [each.offset for each in known.calibrations.all()] == [2]
    with pytest.raises(InvalidError):
        services.set_calibration(operator(), known, valid_from=now, factor=0)
    with pytest.raises(ConflictError):
        services.delete_calibration(operator(), known, valid_from=now + timedelta(days=1))
