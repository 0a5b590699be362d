"""How a datastream is told of: how it comes in, where it measures, its page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from talkoot.core.observations import queries
from talkoot.core.observations.models import Datastream
from talkoot.core.register.models import Relation
from talkoot.core.ui.templatetags.ui import number
from talkoot.core.ui.things import title_of


def state_words(state: queries.State) -> str:
    """Return the words for how a datastream comes in."""
    return {
        "fresh": _("comes in"),
        "late": _("late"),
        "stale": _("silent"),
        "empty": _("nothing yet"),
    }[state]


def how_it_comes(datastream: Datastream, reading: queries.Reading | None, now: datetime) -> str:
    """Return the words for how a datastream comes in, or that it shows a run that is in use."""
    state = queries.state_of(datastream, reading, now)
    return _("in use") if datastream.sensor.procedure and state == "fresh" else state_words(state)


def range_words(reading: queries.Reading | None) -> str:
    """Return between what a reading lies, "" where no model says so."""
    if reading is None or reading.low is None:
        return ""
    return f"{number(reading.low)}–{number(reading.high)}"


def address(datastream: Datastream) -> str:
    """Return the address of a datastream's page."""
    return reverse("ui:measurement", kwargs={"key": datastream.pk})


def places(datastreams: Iterable[Datastream]) -> dict[int, str]:
    """Return where each datastream measures, by its primary key: its thing, and what that is mounted on.

    What a thing is mounted on is left out where the thing's own name tells it already.
    """
    things = {datastream.pk: datastream.thing for datastream in datastreams}
    keys = {thing.pk for thing in things.values()}
    standing = Relation.objects.filter(type="mounted_on", valid_to__isnull=True, subject__in=keys)
    carriers = {relation.subject_id: relation.object for relation in standing.select_related("object")} if keys else {}
    words = {}
    for key, thing in things.items():
        title, carrier = title_of(thing), carriers.get(thing.pk)
        tells = carrier is None or title_of(carrier).rsplit(" ", 1)[-1] in title
        words[key] = title if carrier is None or tells else f"{title}, {title_of(carrier)}"
    return words
