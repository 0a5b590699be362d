"""Metrics: what is observed in one process is told by any."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cities import environment_of

SCRIPT = """
import json, sys
from talkoot.cli.main import setup_django
setup_django()
from talkoot.core.base import metrics
for seconds in json.loads(sys.argv[1]):
    metrics.observe_request("thing", sys.argv[2], 200, seconds)
metrics.collect("talkoot_ponds", "Ponds by size.", "size", lambda: {"small": 2.0, "large": 1.0})
metrics.collect("talkoot_broken", "Cannot be counted.", "size", lambda: {"small": 1 / 0})
if len(sys.argv) > 3:
    sys.stdin.read()
sys.stdout.buffer.write(metrics.exposition())
"""


def told_by(home: Path, *seconds: float, method: str = "GET") -> dict[str, dict[str, float]]:
    """Return what a process of the city tells after it observed requests of these lengths."""
    command = [sys.executable, "-c", SCRIPT, json.dumps(seconds), method]
    done = subprocess.run(command, env=environment_of(home), capture_output=True, text=True, check=True)
    return _parsed(done.stdout)


def _parsed(text: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


REQUEST = "method=GET,route=thing,status=200"


def test_requests_are_counted_in_buckets(tmp_path: Path) -> None:
    told = told_by(tmp_path, 0.004, 0.09, 3.0)
    assert told["talkoot_request_seconds_count"] == {REQUEST: 3.0}
    assert told["talkoot_request_seconds_sum"][REQUEST] == pytest.approx(3.094)
    buckets = told["talkoot_request_seconds_bucket"]
    assert buckets[f"le=0.1,{REQUEST}"] == 2.0
    assert buckets[f"le=+Inf,{REQUEST}"] == 3.0


def test_a_made_up_method_makes_no_label(tmp_path: Path) -> None:
    told = told_by(tmp_path, 0.1, method="MADE_UP")
    assert list(told["talkoot_request_seconds_count"]) == ["method=other,route=thing,status=200"]


def test_rooms_are_asked_and_a_broken_count_hides_nothing_else(tmp_path: Path) -> None:
    told = told_by(tmp_path)
    assert told["talkoot_ponds"] == {"size=small": 2.0, "size=large": 1.0}
    assert "talkoot_broken" not in told


def test_any_process_tells_of_all(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, "[0.5]", "GET", "wait"]
    with subprocess.Popen(
        command, env=environment_of(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        while not list((tmp_path / "metrics").glob("histogram_*.db")):
            assert other.poll() is None
        assert told_by(tmp_path, 0.5)["talkoot_request_seconds_count"] == {REQUEST: 2.0}
        other.communicate("")


def test_what_a_dead_process_left_is_cleared(tmp_path: Path) -> None:
    told_by(tmp_path, 0.5)
    assert told_by(tmp_path, 0.5)["talkoot_request_seconds_count"] == {REQUEST: 1.0}
