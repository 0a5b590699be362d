"""`talkoot traffic assign`: paths and those who use one link, and what is left of a run that is interrupted."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.cities import environment_of, talkoot

HEAD = "<NUMBER OF ZONES> {0}\n<NUMBER OF NODES> {0}\n<FIRST THRU NODE> 1\n<NUMBER OF LINKS> {1}\n<END OF METADATA>\n"


def grid(folder: Path, side: int) -> list[str]:
    """Write a grid of streets, its crossings all zones, with trips from each to each; return the options for it."""
    place = {(x, y): 1 + x * side + y for x in range(side) for y in range(side)}
    ends = [
        (number, place[x + dx, y + dy])
        for (x, y), number in place.items()
        for dx, dy in ((0, 1), (1, 0), (0, -1), (-1, 0))
        if (x + dx, y + dy) in place
    ]
    links = "".join(f"{a} {b} {100 + (7 * a + 3 * b) % 50} 1 1 0.15 4 0 0 1 ;\n" for a, b in ends)
    (folder / "net.tntp").write_text(HEAD.format(len(place), len(ends)) + links)
    trips = (f"Origin {a}\n" + "".join(f"{b} : 1.0;" for b in place.values() if a != b) + "\n" for a in place.values())
    total = len(place) * (len(place) - 1)
    head = f"<NUMBER OF ZONES> {len(place)}\n<TOTAL OD FLOW> {total}\n<END OF METADATA>\n"
    (folder / "trips.tntp").write_text(head + "".join(trips))
    return ["--network", str(folder / "net.tntp"), "--trips", str(folder / "trips.tntp")]


@pytest.mark.parametrize("more", [[], ["--proportional"]])
def test_those_who_use_a_link_add_up_to_its_flow(tmp_path: Path, more: list[str]) -> None:
    files = {name: str(tmp_path / name) for name in ("flows.csv", "paths.csv", "figures.json")}
    written = ["--flows", files["flows.csv"], "--paths", files["paths.csv"], "--json", files["figures.json"]]
    options = [*grid(tmp_path, 4), "--select-link", "6,7", "--demand-factor", "20", *written, *more]
    done = talkoot(environment_of(tmp_path / "home"), "traffic", "assign", *options)
    assert done.returncode == 0, done.stderr
    links = {(row["from"], row["to"]): row for row in csv.DictReader((tmp_path / "flows.csv").open())}
    paths = list(csv.DictReader((tmp_path / "paths.csv").open()))
    figures = json.loads((tmp_path / "figures.json").read_text())
    flow = float(links["6", "7"]["flow"])
    assert flow > 0
    assert float(links["6", "7"]["selected"]) == pytest.approx(flow)
    assert sum(float(path["flow"]) for path in paths) == pytest.approx(flow)
    assert sum(pair["flow"] for pair in figures["selected_trips"]) == pytest.approx(flow)
    assert all(" 6 7 " in f" {path['nodes']} " for path in paths)


def test_a_link_that_there_is_not_ends_it_in_one_line(tmp_path: Path) -> None:
    done = talkoot(environment_of(tmp_path / "home"), "traffic", "assign", *grid(tmp_path, 2), "--select-link", "1,4")
    assert done.returncode == 2
    assert done.stderr == "talkoot: --select-link: there is no link '1,4'. Give the nodes of one: FROM,TO.\n"


def drain(terminal: int) -> None:
    """Read what is shown, to its end: a terminal that nobody reads stops who writes to it."""
    with contextlib.suppress(OSError), os.fdopen(terminal, "rb", buffering=0) as shown:
        while shown.read(4096):
            pass


def test_an_interrupted_run_ends_with_the_flows_so_far_and_their_gap(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    options = [*grid(tmp_path, 10), "--demand-factor", "3", "--gap", "1e-300", "--json", "-", "--flows"]
    process = subprocess.Popen(
        [sys.executable, "-m", "talkoot", "traffic", "assign", *options, str(tmp_path / "flows.csv")],
        env=environment_of(tmp_path / "home", TERM="xterm"), stdout=subprocess.PIPE, stderr=theirs, text=True,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while b"gap " not in shown:
        shown += os.read(ours, 4096)
    threading.Thread(target=drain, args=[ours], daemon=True).start()
    process.send_signal(signal.SIGINT)
    figures = json.loads(process.communicate(timeout=120)[0])
    assert process.returncode == 0
    assert not figures["converged"]
    assert 0 < figures["relative_gap"] < 1
    flows = [float(row["flow"]) * float(row["time"]) for row in csv.DictReader((tmp_path / "flows.csv").open())]
    assert sum(flows) == pytest.approx(figures["total_time"])
