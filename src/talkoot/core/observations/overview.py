"""How measuring goes as a whole: datastreams by state, those that are silent, how readings come in, what is stored.

For the page, /health and /metrics. What is told of datastreams costs one query of the database and one of the store,
however many there are.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from talkoot.core.base.actors import Actor, city_job
from talkoot.core.base.services import may
from talkoot.core.compute.models import Job, State
from talkoot.core.observations import access, queries
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.readings import store
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.frames import WriterError
from talkoot.core.observations.store.sealing import EPOCH

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from talkoot.core.observations.store.pace import Flow

STATES: Final[tuple[queries.State, ...]] = ("fresh", "late", "stale", "empty")
SEAL_TASK: Final = "observations.seal"
ASK_SECONDS: Final = 2.0
RATES: Final = {"10s": 10, "minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """Datastreams, each a position in arrays of one length.

    `state` is the place of its state in STATES, `latest` the time of its latest reading in microseconds (0: none).
    """

    key: NDArray[np.int64]
    source: NDArray[np.int64]
    state: NDArray[np.int64]
    latest: NDArray[np.int64]

    def counts(self) -> dict[queries.State, int]:
        """Return how many datastreams are in each state."""
        return {state: int((self.state == place).sum()) for place, state in enumerate(STATES)}

    def by_source(self) -> dict[int, dict[queries.State, int]]:
        """Return the counts of each source, by its primary key."""
        import numpy as np

        sources, place = np.unique(self.source, return_inverse=True)
        table = np.bincount(place * len(STATES) + self.state, minlength=len(sources) * len(STATES))
        rows = table.reshape(-1, len(STATES)).tolist()
        return {key: dict(zip(STATES, row, strict=True)) for key, row in zip(sources.tolist(), rows, strict=True)}

    def silent(self, source: int | None = None) -> list[tuple[int, int]]:
        """Return the silent ones, of a source if one is given, as (key, time of the latest reading).

        Those silent for longest come first, those that never had a reading last.
        """
        import numpy as np

        quiet = self.state >= STATES.index("stale")
        if source is not None:
            quiet &= self.source == source
        found = np.flatnonzero(quiet)
        order = found[np.lexsort((self.key[found], self.latest[found], self.latest[found] == 0))]
        return list(zip(self.key[order].tolist(), self.latest[order].tolist(), strict=True))


def streams(datastreams: QuerySet[Datastream], now: datetime) -> Streams:
    """Return how these datastreams are, without modelled ones: nothing comes in to these."""
    import numpy as np

    rows = list(datastreams.filter(sensor__procedure="").order_by("pk").values_list("pk", "source_id", "interval"))
    key, source, interval = zip(*rows, strict=True) if rows else ((), (), ())
    keys = np.array(key, np.int64)
    summaries = store().summaries()
    latest = np.zeros(len(keys), np.int64)
    if len(summaries.stream):
        place = np.minimum(np.searchsorted(summaries.stream, keys), len(summaries.stream) - 1)
        has = (summaries.stream[place] == keys) & (summaries.count[place] > 0)
        latest = np.where(has, summaries.latest.t[place], 0)
    state = _states(np.array(interval, np.float64), latest, queries.microseconds(now))
    return Streams(keys, np.array(source, np.int64), state, latest)


def _states(interval: NDArray[np.float64], latest: NDArray[np.int64], now: int) -> NDArray[np.int64]:
    """Return what `queries.state_of` says of each, as places in STATES; an interval of NaN promises nothing."""
    import numpy as np

    silence = (now - latest) / queries.MICROSECONDS
    promised = ~np.isnan(interval)
    unknown = queries.UNKNOWN_INTERVAL.total_seconds()
    late = np.where(promised, silence > queries.LATE_AFTER * interval, silence > unknown)
    stale = promised & (silence > queries.STALE_AFTER * interval)
    state = np.where(stale, STATES.index("stale"), np.where(late, STATES.index("late"), STATES.index("fresh")))
    return np.where(latest == 0, STATES.index("empty"), state)


def sees_all(actor: Actor) -> bool:
    """Tell whether figures over all readings tell an actor of no datastream that it may not see."""
    return may(actor, access.VIEW_PRIVATE) or not Datastream.objects.filter(is_public=False).exists()


def flow() -> Flow | None:
    """Return how readings come in; None where their writer does not answer."""
    client = WriterClient(settings.HOME, seconds=ASK_SECONDS)
    try:
        return client.flow()
    except WriterError:
        return None
    finally:
        client.close()


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the store holds: readings, rows still in the database, days in the lake, bytes of both.

    `last_day` is the latest day in the lake, `sealed_at` when days were last looked at for it, `verified` what
    `note_verified` was told last.
    """

    readings: int
    recent: int
    days: int
    database_bytes: int
    lake_bytes: int
    last_day: date | None
    sealed_at: datetime | None
    verified: dict[str, Any] | None


def holdings() -> Holdings:
    """Return what the store holds now."""
    with store().snapshot() as snapshot:
        readings = snapshot.count()
        recent = sum(rows for _day, rows in snapshot.hot_days())
        sealed = snapshot.manifest.sealed
        last = max(sealed, default=None)
    jobs = Job.objects.filter(task=SEAL_TASK, state=State.SUCCEEDED).order_by("-pk")
    return Holdings(
        readings,
        recent,
        len(sealed),
        sum(_size(store().path.with_name(store().path.name + end)) for end in ("", "-wal")),
        sum(day.bytes for day in sealed.values()),
        None if last is None else EPOCH + timedelta(days=last),
        jobs.values_list("finished_at", flat=True).first(),
        last_verified(),
    )


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def note_verified(problems: int) -> None:
    """Keep that database and lake were compared now, and how many problems were found."""
    _verified_path().write_text(json.dumps({"at": time.time(), "problems": problems}))


def last_verified() -> dict[str, Any] | None:
    """Return when database and lake were last compared (`at`) and the number of `problems`; None for never."""
    try:
        found = json.loads(_verified_path().read_text())
        return {"at": datetime.fromtimestamp(found["at"], UTC), "problems": int(found["problems"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _verified_path() -> Path:
    home: Path = settings.HOME
    return home / "verified.json"


def totals() -> dict[str, float]:
    """Return what became of readings since their writer's start, for /metrics."""
    found = flow()
    return {} if found is None else {name: float(count) for name, count in found.totals.items()}


def rates() -> dict[str, float]:
    """Return the readings a second over times of different lengths, for /metrics."""
    found = flow()
    return {} if found is None else {name: round(found.rate(seconds), 3) for name, seconds in RATES.items()}


def lags() -> dict[str, float]:
    """Return how much later than they were made readings came in the last hour, in seconds, for /metrics."""
    found = flow()
    return {} if found is None else dict(zip(("0.5", "0.95"), found.lag, strict=False))


def commits() -> dict[str, float]:
    """Return how long the disk took for a group of readings in the last hour, in seconds, for /metrics."""
    found = flow()
    return {} if found is None else dict(zip(("0.5", "0.95"), found.commit, strict=False))


def states() -> dict[str, float]:
    """Return how many datastreams, private ones too, are in each state, for /metrics."""
    found = streams(access.datastreams(city_job()), timezone.now())
    return {state: float(count) for state, count in found.counts().items()}
