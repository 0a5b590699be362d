"""Datastreams and keys for tests and benchmarks, and the process that writes readings."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.frames import WriterError

if TYPE_CHECKING:
    from talkoot.core.observations.models import Datastream

OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_"


def make_datastreams(count: int, *, kind: str = "Measurement", is_public: bool = True) -> list[Datastream]:
    """Make datastreams of one thing and one sensor."""
    from talkoot.core.base.actors import operator
    from talkoot.core.base.text import Text
    from talkoot.core.observations.services import add_datastream, add_observed_property, add_sensor
    from talkoot.core.register.services import add_thing, ensure_source

    actor = operator()
    source = ensure_source(actor, code="measured", name=Text(en="Measured"), licence="CC-BY-4.0")
    thing = add_thing(actor, kind="thing", name=Text(en="Station"), source=source)
    sensor = add_sensor(
        actor, name="Thermometer", encoding_type="application/pdf", metadata="https://example.org/t.pdf"
    )
    what = add_observed_property(actor, name="Temperature", definition="https://example.org/temperature")
    return [
        add_datastream(
            actor,
            thing=thing,
            sensor=sensor,
            observed_properties=[what],
            name=f"Stream {number}",
            observation_types=[OM + kind],
            units=[{"name": "degree Celsius", "symbol": "°C", "definition": "ucum:Cel"}],
            is_public=is_public,
        )
        for number in range(count)
    ]


def make_key(datastreams: Sequence[Datastream]) -> str:
    """Make an account and a key of its own that writes to the datastreams; return the secret."""
    from talkoot.core.base.actors import operator
    from talkoot.core.observations.tokens import make_token
    from talkoot.core.people.services import create_account

    email = f"device-{time.time_ns()}@example.org"
    account = create_account(operator(), email=email, name="Device", password="a long device password")
    return make_token(operator(), name="device", datastreams=datastreams, account=account)[1]


@contextmanager
def observer(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the writer of a home until the block ends; ready when it answers."""
    process = start_observer(home)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def start_observer(home: Path) -> subprocess.Popen[bytes]:
    """Start the writer of a home and wait until it answers."""
    from tests.cities import environment_of

    log = home.with_suffix(".observer.log")
    with log.open("ab") as output:
        command = [sys.executable, "-m", "talkoot.site.observer"]
        process = subprocess.Popen(command, env=environment_of(home), stdout=output, stderr=output)
    client, deadline = WriterClient(home), time.monotonic() + 20
    while True:
        try:
            client.ping()
        except WriterError:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            client.close()
            return process


MAKE = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "talkoot.site.settings"
import django
django.setup()
from tests.observing import make_datastreams, make_key
streams = make_datastreams(int(sys.argv[1]))
print(json.dumps([[stream.pk for stream in streams], make_key(streams)]))
"""


def streams_and_key(environment: dict[str, str], count: int) -> tuple[list[int], str]:
    """Make datastreams in a city that these processes serve or will serve; return them and a key to them all."""
    from tests.processes import REPOSITORY

    inside = {**environment, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", MAKE, str(count)]
    made = subprocess.run(command, env=inside, check=True, stdout=subprocess.PIPE, text=True)
    streams, secret = json.loads(made.stdout)
    return streams, secret
