"""What this room declares to the house."""

from talkoot.core.base.declare import Health, Kind, Permission, Programme
from talkoot.core.base.text import Text

ROOM = Programme(
    code="observations",
    title=Text(fi="Havainnot", sv="Observationer", en="Observations"),
    kinds=(
        Kind(
            "location",
            Text(fi="sijainti", sv="plats", en="location"),
            Text(fi="Sijainnit", sv="Platser", en="Locations"),
            schema={"type": "object"},
            geometry=("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"),
            description=Text(
                fi="Paikka, jossa SensorThings-rajapinnan kautta luotu kohde on.",
                sv="Platsen för ett objekt som skapats genom SensorThings-gränssnittet.",
                en="The place of a thing that was made through the SensorThings interface.",
            ),
            searchable=False,
        ),
    ),
    permissions=(
        Permission(
            "observations.view_private",
            Text(fi="Yksityisten havaintosarjojen katselu", sv="Visa privata dataserier", en="See private datastreams"),
            frozenset({"operator", "manager"}),
        ),
        Permission(
            "observations.write",
            Text(fi="Havaintojen kirjaaminen", sv="Skriva observationer", en="Write observations"),
            frozenset({"operator", "register_editor"}),
        ),
        Permission(
            "observations.edit",
            Text(fi="Havaintosarjojen hallinta", sv="Hantera dataserier", en="Manage datastreams and sensors"),
            frozenset({"operator", "register_editor"}),
        ),
        Permission(
            "observations.calibrate",
            Text(fi="Mittausten kalibrointi", sv="Kalibrera mätningar", en="Calibrate measurements"),
            frozenset({"operator"}),
        ),
    ),
    health=(Health("mqtt", "talkoot.core.observations.mqtt.heartbeat:check"),),
)
