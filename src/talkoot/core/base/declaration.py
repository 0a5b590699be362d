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
    tasks=(
        Task(
            code="base.seal_audit",
            title=Text(
                fi="Tapahtumalokin sinetöinti", sv="Försegling av granskningsloggen", en="Sealing of the audit trail"
            ),
            run="talkoot.core.base.tasks:seal_audit",
        ),
        Task(
            code="base.deliver_events",
            title=Text(fi="Tapahtumien välitys", sv="Förmedling av händelser", en="Delivery of events"),
            run="talkoot.core.base.tasks:deliver_events",
        ),
    ),
    schedules=(
        Schedule(code="base.seal_audit", task="base.seal_audit", every=timedelta(minutes=1)),
        Schedule(code="base.deliver_events", task="base.deliver_events", every=timedelta(seconds=10)),
    ),
    health=(Health(code="events", check="talkoot.core.base.outbox:check"),),
)
