"""What the SensorThings tests start from: a writer of readings, people and their keys, a small city that measures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.text import Text
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.services import make_token
from talkoot.core.people.models import Account, Organisation
from talkoot.core.people.services import create_account, ensure_organisation, grant_role

ROOT = "/sensorthings/v1.1"
OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_"
CELSIUS = {"name": "degree Celsius", "symbol": "°C", "definition": "ucum:Cel"}
KAMPPI = {"type": "Point", "coordinates": [24.932, 60.168]}

MakeKey = Callable[..., str]


@dataclass
class Api:
    """The service as a program with a key uses it."""

    key: str = ""
    client: Client = field(default_factory=lambda: Client(raise_request_exception=True))

    def ask(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """Send a request below the service's root."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        address = path if path.startswith(ROOT) else f"{ROOT}/{path}"
        return self.client.generic(method, address, _encoded(body), content_type, headers=headers)

    def get(self, path: str, status: int = 200) -> Any:
        """Return the JSON value at an address."""
        answer = self.ask("GET", path)
        assert answer.status_code == status, answer.content
        return answer.json()

    def names(self, path: str) -> list[str]:
        """Return the names of the entities of a set."""
        return [row["name"] for row in self.get(path)["value"]]

    def ids(self, path: str) -> list[int]:
        """Return the identifiers of the entities of a set."""
        return [row["@iot.id"] for row in self.get(path)["value"]]

    def post(self, path: str, body: Any, status: int = 201) -> Any:
        """Send an entity and return the answer's JSON value."""
        answer = self.ask("POST", path, body)
        assert answer.status_code == status, answer.content
        return answer.json()

    def made(self, path: str, body: Any) -> int:
        """Make an entity and return its identifier."""
        key: int = self.post(path, body)["@iot.id"]
        return key

    def patch(self, path: str, body: Any, status: int = 200) -> Any:
        """Change an entity and return the answer's JSON value."""
        answer = self.ask("PATCH", path, body)
        assert answer.status_code == status, answer.content
        return answer.json()

    def delete(self, path: str, status: int = 200) -> None:
        """Delete an entity."""
        answer = self.ask("DELETE", path)
        assert answer.status_code == status, answer.content


def _encoded(body: Any) -> bytes:
    import msgspec

    return body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)


@pytest.fixture
def city(db: None) -> Organisation:
    """The city's own organisation."""
    return ensure_organisation(operator(), code="city", name=Text(fi="Kaupunki"), is_city=True)


@pytest.fixture
def school(db: None) -> Organisation:
    """An organisation that is not the city."""
    return ensure_organisation(operator(), code="school", name=Text(fi="Koulu"))


def account_with(role: str, organisation: Organisation) -> Account:
    """Make an account that holds a role in an organisation."""
    account = create_account(operator(), email=f"{role}@{organisation.code}.example", name=role)
    grant_role(operator(), account, organisation, role)
    return account


@pytest.fixture
def editor(city: Organisation) -> Actor:
    """A register editor of the city."""
    return Actor(account=account_with("register_editor", city))


@pytest.fixture
def editor_key(editor: Actor) -> str:
    """A key that acts as the city's register editor."""
    return make_token(editor, name="editor's program")[1]


@pytest.fixture
def api(editor_key: str, no_readings: None) -> Api:
    """The service as the city's register editor uses it."""
    return Api(editor_key)


@pytest.fixture
def visitor(db: None, no_readings: None) -> Api:
    """The service as anybody uses it."""
    return Api()


def device_api(*streams: int) -> Api:
    """Return the service as a device uses it that is bound to datastreams."""
    bound = list(Datastream.objects.filter(pk__in=streams))
    account = create_account(operator(), email=f"device{time.monotonic_ns()}@city.example", name="device")
    return Api(make_token(operator(), name="device", datastreams=bound, account=account)[1])


def sensor(**members: Any) -> dict[str, Any]:
    """Return a Sensor as a client describes it."""
    described = {"name": "DHT22", "description": "thermometer", "encodingType": "application/pdf", "metadata": "x.pdf"}
    return {**described, **members}


def observed_property(**members: Any) -> dict[str, Any]:
    """Return an ObservedProperty as a client describes it."""
    return {"name": "temperature", "description": "of the air", "definition": "ucum:Cel", **members}


def location(**members: Any) -> dict[str, Any]:
    """Return a Location as a client describes it."""
    return {
        "name": "Kamppi",
        "description": "a square",
        "encodingType": "application/geo+json",
        "location": KAMPPI,
        **members,
    }


def datastream(**members: Any) -> dict[str, Any]:
    """Return a Datastream, with its Sensor and ObservedProperty, as a client describes it."""
    return {
        "name": "air temperature",
        "description": "beside the door",
        "observationType": f"{OM}Measurement",
        "unitOfMeasurement": CELSIUS,
        "Sensor": sensor(),
        "ObservedProperty": observed_property(),
        **members,
    }


def multi_datastream(**members: Any) -> dict[str, Any]:
    """Return a MultiDatastream of a temperature and a count, as a client describes it."""
    described = datastream(
        observationType=f"{OM}ComplexObservation",
        multiObservationDataTypes=[f"{OM}Measurement", f"{OM}CountObservation"],
        unitOfMeasurements=[CELSIUS, CELSIUS],
        ObservedProperties=[observed_property(), observed_property(name="people")],
    )
    return {**described, **members}


def thing(**members: Any) -> dict[str, Any]:
    """Return a Thing as a client describes it."""
    return {"name": "pole 1", "description": "a smart pole", "properties": {"owner": "city"}, **members}


@pytest.fixture
def pole(api: Api) -> int:
    """A Thing at a Location with one Datastream."""
    return api.made("Things", thing(Locations=[location()], Datastreams=[datastream()]))


@pytest.fixture
def stream(api: Api, pole: int) -> int:
    """The Datastream of the pole."""
    return api.ids(f"Things({pole})/Datastreams")[0]
