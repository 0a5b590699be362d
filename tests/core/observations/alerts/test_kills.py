"""The worker's house killed again and again while readings come: every alert once, as if nothing had happened."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, Popen, run

from talkoot.core.observations.store.batch import Batch
from talkoot.core.observations.store.client import WriterClient
from tests.observing import observer
from tests.processes import new_city, rows

MAKE = """
from tests.observing import make_datastreams
from talkoot.core.base.actors import operator
from talkoot.core.observations.alerts.engine import Above, Demand
from talkoot.core.observations.alerts.services import add_rule
for stream in make_datastreams(20):
    add_rule(operator(), owner=None, name="Hot", demand=Demand((Above(30.0, 28.0),)), datastream=stream)
"""
EVALUATE = """
from talkoot.core.observations.alerts.evaluation import evaluate
while True:
    evaluate()
"""
ONCE = "from talkoot.core.observations.alerts.evaluation import evaluate\nevaluate(seconds=60)\n"
SETUP = "import django\ndjango.setup()\n"
STEP = 1_000_000


def test_every_alert_is_raised_once_whatever_is_killed(tmp_path: Path) -> None:
    city = new_city(tmp_path) | {"DJANGO_SETTINGS_MODULE": "talkoot.site.settings"}
    python = [sys.executable, "-c"]
    assert run([*python, SETUP + MAKE], env=city, check=False).returncode == 0
    streams = list(range(1, 21))
    start = (int(time.time()) - 3600) * STEP
    chance = random.Random(11)
    with observer(Path(city["TALKOOT_HOME"])):
        client = WriterClient(Path(city["TALKOOT_HOME"]))
        client.write(Batch.of(streams, [start] * 20, [20.0] * 20))
        assert run([*python, SETUP + ONCE], env=city, check=False).returncode == 0
        for number in range(1, 5):
            process = Popen([*python, SETUP + EVALUATE], env=city, stderr=DEVNULL)
            time.sleep(1.0)
            for turn in range(4):
                at = start + (number * 4 + turn) * STEP
                client.write(Batch.of(streams, [at] * 20, [31.0 if turn % 2 == 0 else 20.0] * 20))
                time.sleep(chance.uniform(0.05, 0.3))
            process.kill()
            process.wait()
        for _ in range(2):
            assert run([*python, SETUP + ONCE], env=city, check=False).returncode == 0
        client.close()
    alerts = rows(
        city,
        "SELECT datastream_id, count(*), count(DISTINCT raised_at), count(resolved_at)"
        " FROM observations_alert WHERE NOT is_withdrawn GROUP BY 1 ORDER BY 1",
    )
    assert alerts == [(stream, 8, 8, 8) for stream in streams]
    assert rows(city, "SELECT count(*) FROM observations_alert WHERE is_withdrawn") == [(0,)]
