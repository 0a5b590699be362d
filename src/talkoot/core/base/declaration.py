"""What this room declares to the house."""

from datetime import timedelta

from talkoot.core.base.declare import Health, Permission, Programme, Schedule, Task
from talkoot.core.base.text import Text

ROOM = Programme(
    code="base",
    title=Text(fi="Perusta", sv="Grunden", en="Foundations"),
    permissions=(
        Permission(
            code="base.read_audit",
            title=Text(fi="Lukea tapahtumalokia", sv="Läsa granskningsloggen", en="Read the audit trail"),
            roles=frozenset({"auditor"}),
        ),
        Permission(
            code="base.operate",
            title=Text(fi="Pitää järjestelmä käynnissä", sv="Hålla systemet i gång", en="Keep the system running"),
            roles=frozenset({"operator"}),
        ),
    ),
    # Sealing and delivery do not wait for a free slot: each worker's housekeeper does them.
    tasks=(
        Task(
            code="base.forget_delivered",
            title=Text(
                fi="Välitettyjen tapahtumien siivous",
                sv="Städning av förmedlade händelser",
                en="Clearing of delivered events",
            ),
            run="talkoot.core.base.tasks:forget_delivered",
        ),
    ),
    schedules=(Schedule(code="base.forget_delivered", task="base.forget_delivered", every=timedelta(days=1)),),
    health=(Health(code="events", check="talkoot.core.base.outbox:check"),),
)
