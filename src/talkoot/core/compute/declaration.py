"""What this room declares to the house."""

from datetime import timedelta

from talkoot.core.base.declare import Health, Permission, PersonalData, Programme, Schedule, Task
from talkoot.core.base.text import Text

ROOM = Programme(
    code="compute",
    title=Text(fi="Laskenta", sv="Beräkning", en="Computing"),
    permissions=(
        Permission(
            "compute.queue_task",
            Text(fi="Taustatyön käynnistäminen", sv="Starta bakgrundsarbete", en="Start background work"),
            frozenset({"operator"}),
        ),
        Permission(
            "compute.cancel_job",
            Text(fi="Muiden töiden peruminen", sv="Avbryt andras jobb", en="Cancel the jobs of others"),
            frozenset({"operator", "manager"}),
        ),
        Permission(
            "compute.adopt",
            Text(
                fi="Tuloksen ottaminen kaupungin tilannekuvaksi",
                sv="Ta ett resultat som stadens lägesbild",
                en="Adopt a run as the city's current picture",
            ),
            frozenset({"planner", "manager"}),
        ),
        Permission(
            "compute.carry_out",
            Text(fi="Töiden suorittaminen", sv="Utföra jobb", en="Carry out jobs"),
        ),
        Permission(
            "compute.expire_runs",
            Text(fi="Vanhojen ajojen poistaminen", sv="Ta bort gamla körningar", en="Delete old runs"),
            frozenset({"operator"}),
        ),
    ),
    tasks=(
        Task(
            "compute.expire",
            Text(fi="Vanhojen ajojen poisto", sv="Borttagning av gamla körningar", en="Deletion of old runs"),
            "talkoot.core.compute.expiry:expire",
        ),
    ),
    schedules=(Schedule("compute.expire_daily", "compute.expire", timedelta(days=1)),),
    health=(Health("worker", "talkoot.core.compute.checks:worker"),),
    personal_data=(
        PersonalData(
            "compute.runs",
            Text(fi="Käynnistämäsi laskennat", sv="Beräkningar du har startat", en="Computations you started"),
            Text(
                fi="Tieto siitä, kuka laskennan käynnisti, jotta hän voi seurata ja perua sen.",
                sv="Vem som startade en beräkning, så att hen kan följa och avbryta den.",
                en="Who started a computation, so that they can follow and cancel it.",
            ),
            keep_days=365,
            export="talkoot.core.compute.personal:export",
            erase="talkoot.core.compute.personal:erase",
        ),
    ),
)
