"""The procedure that sums readings up: what it leaves, of which datastreams, for whom; and from the shell."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pytest_django.fixtures import Settings
from typer.testing import CliRunner

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.errors import InvalidError, NotAllowedError
from talkoot.core.compute import duties, results
from talkoot.core.compute.expiry import LAKE_STAYS
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import Run, State
from talkoot.core.compute.services import start_run
from talkoot.core.observations import summing_up
from talkoot.core.observations.cli import app
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.store.batch import HOUR, Batch
from tests.core.observations.store.stores import Town
from tests.observing import make_datastreams

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
NOON = int(datetime(2026, 1, 2, 12, tzinfo=UTC).timestamp()) * 1_000_000
DAY = {"from": "2026-01-02", "to": "2026-01-03"}


@pytest.fixture
def town(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A store with the readings of two datastreams of two hours, sealed; all may see the first one."""
    open_, private = make_datastreams(1)[0], make_datastreams(1, is_public=False)[0]
    town = Town(tmp_path)
    settings.LAKE = str(town.lake.root)
    monkeypatch.setattr(summing_up, "store", lambda: town.store)
    t = [NOON, NOON + 1, NOON + HOUR]
    for stream in (open_, private):
        town.ledger.write(Batch.of([stream.pk] * 3, t, [1.0, 2.0, 7.5]))
    town.sealer.seal(NOON // (24 * HOUR))
    return town


def run(**parameters: str) -> Run:
    """Return a summary that was carried out."""
    return finish_run(start_run(operator(), "observations.summary", DAY | parameters))


def test_a_run_leaves_a_table_of_public_datastreams(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summing_up, "FEW_PARTS", 0)
    found = run()
    assert (found.state, found.error) == (State.SUCCEEDED, "")
    assert found.summary == {"datastreams": 1, "rows": 2, "readings": 3}
    assert len(found.inputs["readings"]) == 64
    stream = Datastream.objects.get(is_public=True)
    same = {"datastream": stream.pk, "thing": str(stream.thing.uid), "unit": "°C"}
    same["property"] = "https://example.org/temperature"
    assert results.table(found, "summary").to_pylist() == [
        same | {"time": datetime(2026, 1, 2, 12, tzinfo=UTC), "count": 2, "sum": 3.0, "mean": 1.5, "min": 1, "max": 2},
        same
        | {"time": datetime(2026, 1, 2, 13, tzinfo=UTC), "count": 1, "sum": 7.5, "mean": 7.5, "min": 7.5, "max": 7.5},
    ]
    assert not duties.any_held(LAKE_STAYS)


def test_buckets_are_counted_from_the_city_s_midnight(town: Town) -> None:
    rows = results.table(run(width="7d", property="Temperature"), "summary").to_pylist()
    assert [(row["time"], row["count"]) for row in rows] == [(datetime(2026, 1, 1, 22, tzinfo=UTC), 3)]


@pytest.mark.parametrize(
    ("field", "parameters"),
    [
        ("from", {"from": "yesterday"}),
        ("from", {"from": "0001-01-01"}),
        ("to", {"to": "2026-01-02"}),
        ("to", {"to": "9999-12-31T23:59:59Z"}),
        ("width", {"width": "1 week"}),
        ("width", {"from": "2026-01-01T00:00", "to": "2026-02-20", "width": "1s"}),
        ("property", {"property": "Happiness"}),
    ],
)
def test_what_makes_no_sense_is_told_by_field(town: Town, field: str, parameters: dict[str, str]) -> None:
    stream = Datastream.objects.get(is_public=True)
    if parameters.get("width") == "1s":
        town.ledger.write(Batch.of([stream.pk], [NOON + 30 * 24 * HOUR], [1.0]))
    found = run(**parameters)
    assert found.state == State.FAILED
    assert found.error.startswith(f"{field}: ")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_shell_writes_a_file(town: Town, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"summary.{suffix}"
    told = CliRunner().invoke(app, ["summary", "--from", "2026-01-02", "--to", "2026-01-03", "--out", str(file)])
    assert (told.exit_code, told.stdout) == (0, "1 datastreams, 2 periods, 3 readings.\n")
    if suffix == "parquet":
        assert pq.read_table(file).column("mean").to_pylist() == [1.5, 7.5]
        return
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["time"], row["mean"]) for row in rows] == [
        ("2026-01-02T12:00:00+00:00", "1.5"),
        ("2026-01-02T13:00:00+00:00", "7.5"),
    ]


def test_the_shell_says_which_formats_there_are() -> None:
    given = ["summary", "--from", "2026-01-02", "--to", "2026-01-03", "--out", "summary.xlsx"]
    assert isinstance(CliRunner().invoke(app, given).exception, InvalidError)


def test_who_asks_needs_the_permission() -> None:
    with pytest.raises(NotAllowedError, match="sum_up"):
        start_run(Actor(), "observations.summary", DAY)
