"""What this room declares to the house."""

from datetime import timedelta

from talkoot.core.base.declare import Chore, Health, Kind, Permission, PersonalData, Programme, Schedule, Task
from talkoot.core.base.text import Text
from talkoot.core.observations.procedures import SUMMARY

ROOM = Programme(
    code="observations",
    title=Text(fi="Havainnot", sv="Observationer", en="Observations"),
    api="talkoot.core.observations.api:router",
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
        Permission(
            "observations.sum_up",
            Text(fi="Havaintojen yhteenvedot", sv="Sammanfatta observationer", en="Sum observations up"),
            frozenset({"operator", "planner", "manager"}),
        ),
        Permission(
            "observations.alert",
            Text(fi="Hälytysten hallinta", sv="Hantera larm", en="Manage alerts"),
            frozenset({"operator", "manager"}),
        ),
        Permission(
            "observations.show_adopted",
            Text(
                fi="Käyttöön otetun laskelman näyttäminen havaintoina",
                sv="Visa en antagen beräkning som observationer",
                en="Show an adopted run as observations",
            ),
        ),
        Permission(
            "observations.send_notices",
            Text(fi="Hälytysviestien lähettäminen", sv="Skicka larmmeddelanden", en="Send messages about alerts"),
        ),
    ),
    procedures=(SUMMARY,),
    tasks=(
        Task(
            "observations.seal",
            Text(fi="Havaintojen siirto säilöön", sv="Flytt av observationer till arkivet", en="Sealing of readings"),
            "talkoot.core.observations.upkeep:seal_due",
        ),
        Task(
            "observations.lose_old",
            Text(fi="Vanhojen havaintojen poisto", sv="Borttagning av gamla observationer", en="Loss of old readings"),
            "talkoot.core.observations.upkeep:lose_old",
        ),
        Task(
            "observations.send_notices",
            Text(fi="Hälytysviestien lähetys", sv="Utskick av larm", en="Messages about alerts"),
            "talkoot.core.observations.alerts.notifying:send_due",
            permission="observations.send_notices",
        ),
        Task(
            "observations.forget_alerts",
            Text(fi="Vanhojen hälytysten poisto", sv="Borttagning av gamla larm", en="Deletion of old alerts"),
            "talkoot.core.observations.alerts.services:forget_old",
        ),
    ),
    schedules=(
        Schedule("observations.seal_often", "observations.seal", timedelta(minutes=10)),
        Schedule("observations.lose_daily", "observations.lose_old", timedelta(days=1)),
        Schedule("observations.forget_alerts_daily", "observations.forget_alerts", timedelta(days=1)),
    ),
    chores=(
        Chore("observations.alerts", "talkoot.core.observations.alerts.evaluation:evaluate", timedelta(seconds=10)),
        Chore("observations.calibrations", "talkoot.core.observations.calibrations:apply_all", timedelta(seconds=30)),
        Chore("observations.notices", "talkoot.core.observations.alerts.notifying:queue_due", timedelta(seconds=5)),
        Chore("observations.places", "talkoot.core.observations.placing:follow_moves", timedelta(minutes=1)),
        Chore("observations.deleted", "talkoot.core.observations.forgetting:forget_deleted", timedelta(seconds=30)),
    ),
    personal_data=(
        PersonalData(
            "observations.alerts",
            Text(fi="Hälytykset, joista saat viestin", sv="Larm som du får bud om", en="Alerts you are told of"),
            Text(
                fi="Kenelle hälytyksistä kerrotaan ja kuka on ottanut ne hoitaakseen.",
                sv="Vem som får bud om larm och vem som har tagit hand om dem.",
                en="Who is told of alerts, and who has taken care of them.",
            ),
            keep_days=730,
            export="talkoot.core.observations.alerts.personal:export",
            erase="talkoot.core.observations.alerts.personal:erase",
        ),
    ),
    subscriptions={"compute.adoption": "talkoot.core.observations.adopted.following:follow"},
    health=(
        Health("observer", "talkoot.core.observations.upkeep:health"),
        Health("adopted", "talkoot.core.observations.adopted.checks:adopted"),
        Health("mqtt", "talkoot.core.observations.mqtt.heartbeat:check"),
    ),
)
