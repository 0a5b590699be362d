"""Who sees which datastreams and who may write to them: asked by every door that leads to readings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError
from talkoot.core.base.programmes import procedures
from talkoot.core.base.services import may
from talkoot.core.compute.viewing import may_view
from talkoot.core.observations.models import LOCATION_KIND, Datastream, Sensor
from talkoot.core.people.models import Organisation
from talkoot.core.register.models import Thing

VIEW_PRIVATE: Final = "observations.view_private"
WRITE: Final = "observations.write"


@dataclass(frozen=True, slots=True)
class Device(Actor):
    """One who came with a bound token: holds no permission, but writes to and sees the streams it is bound to."""

    streams: frozenset[int] = frozenset()


def may_write(actor: Actor, datastream: Datastream) -> bool:
    """Tell whether `actor` may write readings to `datastream`."""
    if datastream.sensor.procedure:
        return False
    if isinstance(actor, Device):
        return datastream.pk in actor.streams
    return may(actor, WRITE, datastream)


def require_measured(datastream: Datastream) -> None:
    """Raise ConflictError for a datastream that shows an adopted run: nobody changes it."""
    if datastream.sensor.procedure:
        raise ConflictError(modelled_words(datastream))


def modelled_words(datastream: Datastream) -> str:
    """Return why nobody writes to a modelled datastream or changes it."""
    return (
        f"Datastream {datastream.pk} shows what {datastream.sensor.procedure} has computed: its values are modelled. "
        "It changes when another run is adopted, and in no other way."
    )


def open_things() -> Q:
    """Return the condition of things that are there now."""
    return Q(valid_to__isnull=True) | Q(valid_to__gt=timezone.now())


def things(actor: Actor) -> QuerySet[Thing]:
    """Return the Things of SensorThings: all that is there now, but for mere locations."""
    return Thing.objects.filter(open_things()).exclude(kind=LOCATION_KIND)


def locations(actor: Actor) -> QuerySet[Thing]:
    """Return the Locations of SensorThings: mere locations, and every thing's own place unless it is placed at one."""
    own_place = Q(geometry__isnull=False, placements__isnull=True)
    return Thing.objects.filter(open_things(), Q(kind=LOCATION_KIND) | own_place)


def datastreams(actor: Actor) -> QuerySet[Datastream]:
    """Return the datastreams, of one property or several, of open things that `actor` may see.

    Modelled ones are seen while they show an adopted run, by whoever may see the runs of its procedure.
    """
    modelled = Q(sensor__procedure__in=_viewable(actor), adopted_table__isnull=False)
    of_open_things = Q(thing__valid_to__isnull=True) | Q(thing__valid_to__gt=timezone.now())
    found = Datastream.objects.filter(of_open_things, Q(sensor__procedure="") | modelled)
    if may(actor, VIEW_PRIVATE):
        return found
    seen = Q(is_public=True) | modelled
    if isinstance(actor, Device):
        seen |= Q(pk__in=actor.streams)
    if owners := _organisations(actor, VIEW_PRIVATE):
        seen |= Q(thing__owner__in=owners)
    return found.filter(seen)


def sensors(actor: Actor) -> QuerySet[Sensor]:
    """Return the sensors that `actor` may see: all instruments, and procedures whose adopted run it sees."""
    shown = Datastream.objects.filter(adopted_table__isnull=False).values("sensor")
    return Sensor.objects.filter(Q(procedure="") | Q(procedure__in=_viewable(actor), pk__in=shown))


def _viewable(actor: Actor) -> list[str]:
    """Return the procedures whose runs `actor` may see."""
    return [code for code in procedures() if may_view(actor, code)]


def open_streams() -> Q:
    """Return the condition of datastreams that are there now: of open things, and not of a run adopted no longer."""
    of_open_things = Q(thing__valid_to__isnull=True) | Q(thing__valid_to__gt=timezone.now())
    return of_open_things & (Q(sensor__procedure="") | Q(adopted_table__isnull=False))


def own_organisation(actor: Actor, permission: str) -> Organisation | None:
    """Return the organisation as which `actor` makes things: None (the city) where it may, else one that it may for."""
    if may(actor, permission) or not (owners := _organisations(actor, permission)):
        return None
    return Organisation.objects.get(pk=min(owners))


def _organisations(actor: Actor, permission: str) -> frozenset[int]:
    """Return the primary keys of the organisations on whose things `actor` holds `permission`."""
    if actor.account is None:
        return frozenset()
    held_in = {held.organisation_id for held in actor.account.held_roles}
    holds = partial(may, actor, permission)
    return frozenset(key for key in held_in if holds(SimpleNamespace(owner_id=key)))
