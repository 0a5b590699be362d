"""How measuring goes: datastreams by state, how readings come in, which devices are silent, what is stored."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from talkoot.core.observations import access, overview, queries
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.mqtt import heartbeat
from talkoot.core.observations.store.pace import Flow
from talkoot.core.register.models import Source
from talkoot.core.ui import streams
from talkoot.core.ui.columns import Columns
from talkoot.core.ui.incoming import actor_of, is_fragment, whole_number
from talkoot.core.ui.tables import Cell, Column, Table
from talkoot.core.ui.templatetags.ui import number, shown
from talkoot.core.ui.things import address_of

PAGE: Final = 50
Fact = tuple[str, str]


def measuring(request: HttpRequest) -> HttpResponse:
    """How measuring goes now, of what the visitor may see; fetched anew every few seconds by a page that is open."""
    actor = actor_of(request)
    now = timezone.now()
    found = overview.streams(access.datastreams(actor), now)
    source = whole_number(request.GET.get("source", "")) or None
    start = whole_number(request.GET.get("from", ""))
    silent = found.silent(source)
    sources = _sources(found)
    context = {
        "now": now,
        "counts": [(streams.state_words(state), state, count) for state, count in found.counts().items()],
        "total": len(found.key),
        "silent": _silent(silent[start : start + PAGE], now),
        "silent_count": len(silent),
        "start": start,
        "next": start + PAGE if len(silent) > start + PAGE else None,
        "sources": sources,
        "by_source": _by_source(found, sources),
        "source": source,
        "sees_all": overview.sees_all(actor),
    }
    if context["sees_all"]:
        context |= _intake() | {"store": _store(), "mqtt": _mqtt()}
    return render(request, "ui/parts/measuring.html" if is_fragment(request) else "ui/measuring.html", context)


def _sources(found: overview.Streams) -> dict[int, str]:
    return {source.pk: str(source.name) for source in Source.objects.filter(pk__in=set(found.source.tolist()))}


def _by_source(found: overview.Streams, names: dict[int, str]) -> Table:
    columns = [
        Column("source", _("Source")),
        *(Column(state, streams.state_words(state), numeric=True) for state in overview.STATES),
    ]
    here = reverse("ui:measuring")
    rows = [
        (Cell(names[key], f"{here}?source={key}#silent"), *counts.values())
        for key, counts in sorted(found.by_source().items(), key=lambda item: names[item[0]].casefold())
    ]
    return Table(_("By source"), columns, rows, id="by-source", empty=_("Nothing is measured here yet."))


def _silent(found: list[tuple[int, int]], now: datetime) -> Table:
    columns = [
        Column("what", _("Measurement")),
        Column("where", _("Where")),
        Column("sensor", _("Sensor")),
        Column("source", _("Source")),
        Column("since", _("Last heard")),
        Column("for", _("Silent for")),
    ]
    with_all = Datastream.objects.select_related("thing", "sensor", "source")
    there = with_all.in_bulk([key for key, _latest in found])
    where = streams.places(there.values())
    rows = []
    for key, latest in found:
        if (datastream := there.get(key)) is None:
            continue
        heard = queries.moment(latest) if latest else None
        rows.append(
            (
                Cell(str(datastream), "" if datastream.is_multi else streams.address(datastream)),
                Cell(where[key], address_of(datastream.thing.uid)),
                str(datastream.sensor),
                str(datastream.source),
                timezone.localtime(heard) if heard else _("never"),
                timesince(heard, now) if heard else "",
            )
        )
    empty = _("No device is silent. All that promised to send readings does.")
    return Table(_("Silent devices"), columns, rows, id="silent", empty=empty, caption_hidden=True)


def _intake() -> dict[str, object]:
    """Return how readings come in: facts and pictures."""
    asked = time.perf_counter()
    flow = overview.flow()
    if flow is None:
        return {"flow": None}
    answered = time.perf_counter() - asked
    rates = [
        (_("Now"), 10),
        (_("Over the last minute"), 60),
        (_("Over the last hour"), 3600),
        (_("Over the last 24 hours"), 86_400),
    ]
    return {
        "flow": flow,
        "rates": [(words, *_rate(flow.rate(seconds))) for words, seconds in rates],
        "delays": [
            (_("From measuring to arrival"), *_shares(flow.lag)),
            (_("Writing to the disk"), *_shares(flow.commit)),
            (_("Waiting for the writer now"), duration(answered), ""),
        ],
        "charts": [_by_hour(flow), _by_minute(flow)],
    }


def _rate(rate: float) -> tuple[str, str]:
    """Return a rate and its unit, of which there is at least one if there is anything."""
    units = ((1, _("readings/s")), (60, _("readings/min")), (3600, _("readings/h")))
    seconds, unit = next(((seconds, unit) for seconds, unit in units if rate * seconds >= 1), units[-1 if rate else 0])
    shown = rate * seconds
    return number(round(shown) if shown >= 100 else float(f"{shown:.2g}")), unit


def _shares(delays: list[float]) -> tuple[str, str]:
    return (duration(delays[0]), duration(delays[1])) if delays else (_("nothing came"), "")


def duration(seconds: float) -> str:
    """Return a length of time in the unit that people would choose."""
    if seconds < 1:
        return _("{count} ms").format(count=number(float(f"{seconds * 1000:.2g}")))
    for length, words in ((86_400, _("{count} d")), (3600, _("{count} h")), (60, _("{count} min"))):
        if seconds >= 2 * length:
            return words.format(count=number(round(seconds / length)))
    return _("{count} s").format(count=number(float(f"{seconds:.2g}")))


def _by_hour(flow: Flow) -> Columns:
    last = int(flow.at) // 60
    hours: dict[int, int] = {}
    for minute, count in zip(range(last - len(flow.minutes) + 1, last + 1), flow.minutes, strict=True):
        hours[minute // 60] = hours.get(minute // 60, 0) + count
    shown = dict(sorted(hours.items())[-24:])
    return Columns("hours", _("The last 24 hours, by hour"), _("readings"), *_columns(shown.items(), 3600))


def _by_minute(flow: Flow) -> Columns:
    last = int(flow.at) // 60
    minutes = zip(range(last - 59, last + 1), flow.minutes[-60:], strict=True)
    return Columns("minutes", _("The last hour, by minute"), _("readings"), *_columns(minutes, 60))


def _columns(counts: Iterable[tuple[int, int]], width: int) -> tuple[list[datetime], list[int]]:
    found = list(counts)
    starts = [timezone.localtime(datetime.fromtimestamp(at * width, UTC)) for at, _count in found]
    return starts, [count for _at, count in found]


def _store() -> list[Fact]:
    holds = overview.holdings()
    days = _("{days} days, {size}").format(days=number(holds.days), size=filesizeformat(holds.lake_bytes))
    recent = _("{rows} rows, {size}").format(rows=number(holds.recent), size=filesizeformat(holds.database_bytes))
    verified = _("never; “talkoot observations verify” does it")
    if holds.verified is not None:
        problems = holds.verified["problems"]
        said = _("all is well") if not problems else _("{count} problems").format(count=problems)
        verified = f"{when(holds.verified['at'])}: {said}"
    return [
        (_("Readings in all"), number(holds.readings)),
        (_("Recent, in the database"), recent),
        (_("Sealed, in the lake"), days),
        (_("Latest sealed day"), when(holds.last_day)),
        (_("Last looked for days to seal"), when(holds.sealed_at)),
        (_("Last verified"), verified),
    ]


def when(moment: date | None) -> str:
    """Return a moment or a day as the language writes it; a dash for none."""
    return "–" if moment is None else shown(timezone.localtime(moment) if isinstance(moment, datetime) else moment)


def _mqtt() -> list[Fact]:
    found = heartbeat.last()
    if found is None:
        return []
    told = heartbeat.check()
    waiting = max(0, found["received"] - found["stored"] - found["rejected"])
    return [
        (_("Broker"), _("connected") if told["connected"] else _("not connected")),
        (_("Last sign of life"), _("{time} ago").format(time=duration(max(1, round(told["silent_seconds"]))))),
        (_("Waiting to be stored"), number(waiting)),
        (_("Waiting for"), duration(told["waiting_seconds"]) if told["waiting_seconds"] else "–"),
        (_("Stored since its start"), number(found["stored"])),
        (_("Refused since its start"), number(found["rejected"])),
        *([(_("Problem"), found["error"])] if found["error"] else []),
    ]
