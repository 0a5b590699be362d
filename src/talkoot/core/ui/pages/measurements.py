"""Measurements: what is measured now and how it is coming in, and one datastream over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.services import may
from talkoot.core.compute.models import Run
from talkoot.core.compute.viewing import current_for
from talkoot.core.observations import access, queries
from talkoot.core.observations.models import Datastream, ObservedProperty
from talkoot.core.register.models import Relation, Thing
from talkoot.core.ui.incoming import actor_of
from talkoot.core.ui.pages import calibrations
from talkoot.core.ui.streams import address, how_it_comes, places, range_words
from talkoot.core.ui.tables import Cell, Column, Export, Table
from talkoot.core.ui.things import address_of, title_of
from talkoot.core.ui.timecharts import Band, TimeChart

PAGE: Final = 100
MAX_COMPARED: Final = 4
COLOURS: Final = ("var(--lake)", "var(--sun)", "var(--moss)", "var(--rowan)")
# What the page offers: a code in the address and how long it is.
SPANS: Final = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
LONGEST: Final = timedelta(days=366 * 20)


def measurements(request: HttpRequest) -> HttpResponse:
    """The datastreams that the visitor may see, with their latest values and whether they come as promised."""
    wanted = _asked(request)
    after = request.GET.get("after", "")
    if after and not (after.isascii() and after.isdigit() and len(after) < 19):
        raise InvalidError("after", _("This is no page of the list."), _("Go back to its beginning."))
    found = list(_with_all(wanted.filter(pk__gt=int(after or 0)).order_by("pk"))[: PAGE + 1])
    shown = found[:PAGE]
    context = {
        "table": _table(shown),
        "properties": _properties(request),
        "property": request.GET.get("property", ""),
        "words": request.GET.get("q", "")[:200],
        "next": shown[-1].pk if len(found) > PAGE else None,
        "streams": ",".join(str(datastream.pk) for datastream in shown),
    }
    return render(request, "ui/measurements.html", context)


def _with_all(datastreams: QuerySet[Datastream]) -> QuerySet[Datastream]:
    return datastreams.select_related("thing", "sensor", "source").prefetch_related("observed_properties")


def _asked(request: HttpRequest) -> QuerySet[Datastream]:
    found = access.datastreams(actor_of(request)).filter(is_multi=False)
    chosen = request.GET.get("property", "")
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
        found = found.filter(observed_properties=int(chosen))
    if words := request.GET.get("q", "")[:200].strip():
        found = found.filter(name__icontains=words)
    return found


def _properties(request: HttpRequest) -> list[ObservedProperty]:
    seen = access.datastreams(actor_of(request)).values("observed_properties")
    return sorted(ObservedProperty.objects.filter(pk__in=seen), key=lambda found: str(found).casefold())


def _table(datastreams: list[Datastream]) -> Table:
    latest = queries.latest(datastreams)
    has_ranges = any(reading.low is not None for reading in latest.values())
    now, where = timezone.now(), places(datastreams)
    columns = [
        Column("name", _("Measurement")),
        Column("thing", _("Where")),
        Column("value", _("Latest"), numeric=True),
        *([Column("range", _("Range"), numeric=True)] if has_ranges else []),
        Column("unit", _("Unit")),
        Column("time", _("When")),
        Column("state", _("State")),
    ]
    rows = []
    for datastream in datastreams:
        reading = latest.get(datastream.pk)
        rows.append(
            (
                Cell(str(datastream), address(datastream), queries.badge_of(datastream)),
                Cell(where[datastream.pk], address_of(datastream.thing.uid)),
                reading.value if reading else "",
                *([range_words(reading)] if has_ranges else []),
                queries.unit_of(datastream),
                timezone.localtime(reading.time) if reading else "",
                how_it_comes(datastream, reading, now),
            )
        )
    return Table(
        _("Measurements"),
        columns,
        rows,
        id="measurements",
        empty=_("Nothing is measured here yet. Devices send their readings over SensorThings or MQTT."),
        caption_hidden=True,
    )


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a page shows: from, to, and the code of the choice that gave it ("" for one's own)."""

    start: datetime
    end: datetime
    code: str


def span_of(request: HttpRequest) -> Span:
    """Return the time that the address asks for: a choice that ends now, or `from` and `to`; a day otherwise.

    Raises InvalidError for a time that is none, or ends before it begins, or is longer than 20 years.
    """
    if not (request.GET.get("from") or request.GET.get("to")):
        code = request.GET.get("span", "day")
        if code not in SPANS:
            raise InvalidError("span", _("There is no such choice."), ", ".join(SPANS))
        end = timezone.now()
        return Span(end - SPANS[code], end, code)
    start, end = (_moment(request, name) for name in ("from", "to"))
    if not start < end <= start + LONGEST:
        fix = _("Let it begin before it ends, and be no longer than 20 years.")
        raise InvalidError("from", _("This is no time to show."), fix)
    return Span(start, end, "")


def _moment(request: HttpRequest, name: str) -> datetime:
    given = request.GET.get(name, "")
    if not given:
        return timezone.now()
    try:
        found = parse_datetime(given)
    except ValueError:
        found = None
    if found is None or not 1970 < found.year < 2200:
        raise InvalidError(name, _("This is no time."), _("Write it like 2026-05-01T12:00."))
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def measurement(request: HttpRequest, key: int) -> HttpResponse:
    """One datastream over time, beside others to compare it with."""
    datastream = visible(request, key)
    span = _own_span(request, datastream) or span_of(request)
    compared = [datastream, *_compared(request, datastream)]
    pictures = queries.pictures([each.pk for each in compared], span.start, span.end)
    reading = queries.latest([datastream]).get(key)
    context = {
        "datastream": datastream,
        "unit": queries.unit_of(datastream),
        "badge": queries.badge_of(datastream),
        "reading": reading,
        "range": range_words(reading),
        "run": _run_of(request, datastream),
        "state": how_it_comes(datastream, reading, timezone.now()),
        "thing": (title_of(datastream.thing), address_of(datastream.thing.uid)),
        "chart": _chart(compared, pictures, span),
        "is_empty": all(picture.is_empty for picture in pictures.values()),
        "span": span,
        "spans": [("day", _("24 hours")), ("week", _("7 days")), ("month", _("30 days")), ("year", _("A year"))],
        "others": _comparable(request, datastream),
        "with": {each.pk for each in compared[1:]},
        "may_alert": may(actor_of(request), "observations.alert", datastream),
        "calibrations": calibrations.panel(request, datastream),
        "exports": [
            Export(name, f"{reverse('ui:measurement-rows', kwargs={'key': key, 'format': code})}?{_query(span)}")
            for code, name in (("csv", "CSV"), ("json", "JSON"), ("parquet", "Parquet"))
        ],
    }
    return render(request, "ui/measurement.html", context)


def _own_span(request: HttpRequest, datastream: Datastream) -> Span | None:
    """Return all the time that a modelled datastream tells of, where the address asks for none."""
    if not datastream.sensor.procedure or any(request.GET.get(name) for name in ("span", "from", "to")):
        return None
    if (extent := queries.extent(datastream.pk)) is None:
        return None
    first, last = map(timezone.localtime, extent)
    if first == last:
        return Span(first - timedelta(hours=1), max(timezone.now(), last + timedelta(hours=1)), "")
    return Span(first, min(last + timedelta(hours=1), first + LONGEST), "")


def _run_of(request: HttpRequest, datastream: Datastream) -> Run | None:
    """Return the adopted run that a modelled datastream shows."""
    procedure = datastream.sensor.procedure
    return current_for(actor_of(request), procedure) if procedure else None


def visible(request: HttpRequest, key: int) -> Datastream:
    """Return a datastream that the visitor may see; raises NotFoundError for any other, also a private one."""
    found = _with_all(access.datastreams(actor_of(request)).filter(pk=key)).first()
    if found is None:
        raise NotFoundError(_("There is no such measurement, or it is not open to you."))
    return found


def _comparable(request: HttpRequest, datastream: Datastream) -> list[tuple[int, str]]:
    """Return others that measure the same: their numbers, and what they are called, in that order."""
    properties = [observed.pk for observed in datastream.observed_properties.all()]
    found = access.datastreams(actor_of(request)).filter(is_multi=False, observed_properties__in=properties)
    others = list(_with_all(found.exclude(pk=datastream.pk).order_by("pk"))[:PAGE])
    where = places(others)
    return sorted(((each.pk, f"{each}: {where[each.pk]}") for each in others), key=lambda other: other[1].casefold())


def _compared(request: HttpRequest, datastream: Datastream) -> list[Datastream]:
    asked = [int(key) for key in request.GET.getlist("with")[:MAX_COMPARED] if key.isascii() and key.isdigit()]
    if not asked:
        return []
    found = access.datastreams(actor_of(request)).filter(pk__in=asked, is_multi=False).exclude(pk=datastream.pk)
    return list(_with_all(found.order_by("pk"))[: MAX_COMPARED - 1])


def _chart(compared: list[Datastream], pictures: dict[int, queries.Picture], span: Span) -> TimeChart:
    bands, where = [], places(compared) if len(compared) > 1 else {}
    for datastream, colour in zip(compared, COLOURS, strict=False):
        picture = pictures[datastream.pk]
        name = f"{datastream}: {where[datastream.pk]}" if where else str(datastream)
        starts = (picture.starts // 1000).tolist()
        bands.append(Band(name, starts, picture.mean, picture.low, picture.high, picture.count, colour))
    width = pictures[compared[0].pk].width
    note = _("Line: the mean of each {width}; band: from the lowest to the highest value. A gap is a gap.")
    if all(datastream.sensor.procedure for datastream in compared):
        note = _("Line: the modelled value, the mean of each {width}; band: the range in which it lies.")
    return TimeChart(
        code=f"measurement-{compared[0].pk}",
        title=str(compared[0]),
        bands=bands,
        y=queries.unit_of(compared[0]),
        width=width,
        badge=queries.badge_of(compared[0]),
        note=note.format(width=width_words(width)),
    )


def width_words(seconds: int) -> str:
    """Return the width of a bucket in words."""
    for length, words in ((86400, _("{count} d")), (3600, _("{count} h")), (60, _("{count} min"))):
        if seconds % length == 0:
            return words.format(count=seconds // length)
    return _("{count} s").format(count=seconds)


def _query(span: Span) -> str:
    return f"span={span.code}" if span.code else f"from={span.start:%Y-%m-%dT%H:%M}&to={span.end:%Y-%m-%dT%H:%M}"


def panel(request: HttpRequest, thing: Thing) -> str:
    """The part of a thing's page that tells what it and the devices mounted on it measure; "" where nothing is."""
    mounted = Relation.objects.filter(object=thing, type="mounted_on", valid_to__isnull=True).values("subject")
    here = Q(thing=thing) | Q(thing__in=mounted)
    found = _with_all(access.datastreams(actor_of(request)).filter(here, is_multi=False).order_by("pk"))
    datastreams = list(found[:PAGE])
    return render_to_string("ui/table.html", {"table": _table(datastreams)}, request=request) if datastreams else ""
