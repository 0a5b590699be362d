"""How long a newcomer waits: a fresh clone to the first healthy answer, and every later start.

Clones the committed state beside this checkout and runs `make up` there, as the README says; package registries near.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.results import write_section

ROOT = Path(__file__).parent.parent
LIMIT_SECONDS = 600.0


def main() -> None:
    """Measure one fresh start and three later ones, and write the section."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "talkoot"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        first = start_and_stop(clone)
        later = statistics.median(start_and_stop(clone) for _ in range(3))
    write_section(
        "First start",
        [
            {"what": "fresh clone, `make up` to the first healthy answer", "seconds": f"{first:.1f}", "bar": "120"},
            {"what": "second start, median of 3", "seconds": f"{later:.1f}", "bar": "5"},
        ],
        note="Healthy: /health says that web, database and worker are well; the demo city is in the register by then.",
    )


def start_and_stop(clone: Path) -> float:
    """Run `make up`, return the seconds until /health is all well, and end it as Ctrl-C would."""
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TALKOOT_")}
    started = time.perf_counter()
    process = subprocess.Popen(
        ["make", "up"], cwd=clone, env={**environment, "PORT": str(port)}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not _is_well(port):
            if process.poll() is not None or time.perf_counter() - started > LIMIT_SECONDS:
                raise SystemExit("the city did not start; run `make up` in a fresh clone to see why")
            time.sleep(0.1)
        return time.perf_counter() - started
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)


def _is_well(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return bool(json.load(connection.getresponse())["ok"])
    except (OSError, ValueError, KeyError):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
