"""Makes the played devices on real poles of the register, with their datastreams and their key."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.programmes import kinds
from talkoot.core.base.text import Text
from talkoot.core.base.units import symbol
from talkoot.core.observations.models import Datastream, ObservedProperty, Sensor
from talkoot.core.observations.services import add_datastream, add_observed_property, add_sensor, make_token
from talkoot.core.observations.tokens import actor_of_token
from talkoot.core.people.models import Account
from talkoot.core.people.services import create_account
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.services import add_thing, ensure_source, relate
from talkoot.programmes.light_poles.devices.naming import name_on
from talkoot.programmes.light_poles.devices.variables import BY_CODE

SOURCE: Final = "simulated-poles"
ACCOUNT: Final = "simulated-devices@demo.example"
MEASUREMENT: Final = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
COUNT: Final = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation"


@dataclass(frozen=True, slots=True)
class Device:
    """What one kind of device on a pole is and measures: on every `every`th pole, its attributes, its variables."""

    kind: str
    every: int
    variables: tuple[str, ...]
    attributes: Mapping[str, Any]
    code: str  # what tells it apart on its pole
    name: Text


DEVICES: Final = (
    Device(
        "luminaire",
        1,
        ("luminaire.power", "luminaire.illuminance"),
        {"powerState": "on", "status": "ok", "controllingMethod": "individual", "illuminanceLevel": 1},
        "luminaire",
        Text(fi="Valaisin", sv="Armatur", en="Luminaire"),
    ),
    Device(
        "air_station",
        3,
        ("air.pm2_5", "air.pm10", "air.no2"),
        {"height_m": 3.5},
        "air_station",
        Text(fi="Ilmanlaatuasema", sv="Luftkvalitetsstation", en="Air station"),
    ),
    Device(
        "weather_station",
        5,
        (
            "weather.temperature",
            "weather.humidity",
            "weather.pressure",
            "weather.wind_speed",
            "weather.wind_direction",
        ),
        {"height_m": 5.0},
        "weather_station",
        Text(fi="Sääasema", sv="Väderstation", en="Weather station"),
    ),
    Device(
        "counter",
        2,
        ("count.people",),
        {"counts": "people", "method": "infrared", "height_m": 2.8},
        "people",
        Text(fi="Ohikulkijalaskin", sv="Räknare för förbipasserande", en="Counter of people"),
    ),
    Device(
        "counter",
        4,
        ("count.vehicles",),
        {"counts": "vehicles", "method": "radar", "height_m": 4.2},
        "vehicles",
        Text(fi="Ajoneuvolaskin", sv="Fordonsräknare", en="Counter of vehicles"),
    ),
    Device(
        "charger",
        7,
        ("charger.power",),
        {"connector": "type_2", "sockets": 1, "max_power_kw": 11, "height_m": 1.2},
        "charger",
        Text(fi="Latauspiste", sv="Laddpunkt", en="Charger"),
    ),
)


@dataclass(frozen=True, slots=True)
class Series:
    """A datastream of a played device."""

    datastream: int
    device: str
    variable: str
    longitude: float
    latitude: float


@transaction.atomic
def ensure_devices(actor: Actor, poles: int, interval: float) -> list[Series]:
    """Return the datastreams of the devices on so many poles, made where they are not there yet.

    Parameters: `interval`, the seconds between readings of new datastreams. Raises NotFoundError where the register
    has no light pole.
    """
    source = ensure_source(
        actor,
        code=SOURCE,
        name=Text(fi="Simuloidut pylväslaitteet", sv="Simulerade stolpenheter", en="Simulated devices on poles"),
        licence="CC0-1.0",
        simulated=True,
    )
    made: list[Series] = []
    for place, pole in enumerate(chosen_poles(poles)):
        for device in DEVICES:
            if place % device.every == 0:
                thing = _find(device, pole, source) or _make(actor, device, pole, source)
                made += [_series(actor, thing, variable, source, interval) for variable in device.variables]
    return made


def chosen_poles(count: int) -> list[Thing]:
    """Return so many of the register's light poles, evenly out of all; the same ones each time."""
    there = Thing.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=timezone.now()), kind="street_lamp")
    keys = list(there.filter(geometry__isnull=False).order_by("pk").values_list("pk", flat=True))
    if not keys:
        raise NotFoundError("The register has no light pole. Import the city's lamps first: talkoot city import.")
    wanted = [keys[index * len(keys) // min(count, len(keys))] for index in range(min(count, len(keys)))]
    return list(Thing.objects.filter(pk__in=wanted).order_by("pk"))


def _number_on(device: Device, pole: Thing) -> str:
    return f"{pole.uid}/{device.code}"


def _find(device: Device, pole: Thing, source: Source) -> Thing | None:
    return Thing.objects.filter(source=source, external_id=_number_on(device, pole)).first()


def _make(actor: Actor, device: Device, pole: Thing, source: Source) -> Thing:
    point = pole.shape.representative_point()
    attributes = dict(device.attributes)
    if device.kind == "luminaire" and (height := pole.attributes.get("height_m")):
        attributes["lanternHeight"] = height
    made = add_thing(
        actor,
        kind=device.kind,
        name=name_on(pole, device.name),
        source=source,
        geometry={"type": "Point", "coordinates": [point.x, point.y]},
        attributes=attributes,
        external_id=_number_on(device, pole),
        owner=pole.owner,
    )
    relate(actor, made, "mounted_on", pole, source=source)
    return made


def _series(actor: Actor, thing: Thing, variable: str, source: Source, interval: float) -> Series:
    measured = Datastream.objects.filter(thing=thing, sensor__procedure="")  # no model's
    datastream = measured.filter(observed_properties__definition=definition(variable)).first()
    if datastream is None:
        declared = BY_CODE[variable]
        is_count = variable.startswith("count.")
        datastream = add_datastream(
            actor,
            thing=thing,
            sensor=_sensor(actor, thing.kind),
            observed_properties=[_property(actor, variable)],
            name=declared.name,
            observation_types=[COUNT if is_count else MEASUREMENT],
            units=[
                {
                    "name": declared.unit,
                    "symbol": symbol(declared.unit),
                    "definition": f"https://ucum.org/ucum#{declared.unit}",
                }
            ],
            source=source,
            interval=interval,
        )
    point = thing.shape
    return Series(datastream.pk, str(thing.external_id), variable, point.x, point.y)


def definition(variable: str) -> str:
    """Return the address that says what a declared variable is."""
    return f"{settings.BASE_URI}/variables/{variable}"


def _property(actor: Actor, variable: str) -> ObservedProperty:
    found = ObservedProperty.objects.filter(Q(code=variable) | Q(definition=definition(variable))).first()
    return found or add_observed_property(actor, name=BY_CODE[variable].name, definition=definition(variable))


def _sensor(actor: Actor, kind: str) -> Sensor:
    properties = {"simulates": kind}
    found = next((each for each in Sensor.objects.all() if each.properties == properties), None)
    if found is not None:
        return found
    name = kinds()[kind].name
    return add_sensor(
        actor,
        name=Text(fi=f"{name.fi}, simuloitu", sv=f"{name.sv}, simulerad", en=f"{name.en}, simulated"),
        encoding_type="text/plain",
        metadata="Values made up by talkoot simulate poles.",
        properties=properties,
    )


def ensure_key(actor: Actor, series: list[Series]) -> str:
    """Return the secret of a key that writes to the datastreams; the last one's, where that still does."""
    path: Path = settings.HOME / "keys" / "simulated_poles.json"
    wanted = {each.datastream for each in series}
    if path.exists():
        secret = str(json.loads(path.read_text()))
        if wanted <= getattr(actor_of_token(secret, actor.request_id), "streams", frozenset()):
            return secret
    account = Account.objects.filter(email=ACCOUNT).first()
    if account is None:
        account = create_account(actor, email=ACCOUNT, name="Simulated devices", language="en", is_demo=True)
    datastreams = list(Datastream.objects.filter(pk__in=wanted).select_related("thing"))
    _, secret = make_token(actor, name=SOURCE, datastreams=datastreams, account=account)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(secret, file)
    return secret
