"""Values of 200 megabytes: rejected, and never held."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.cities import environment_of

MEGABYTE = 1024 * 1024
MAPPING = """
kind: thing
source: {code: big, name: Big, licence: CC0-1.0}
id: id
geometry: """


def write_geojson(file: BinaryIO) -> None:
    feature = b'{"type":"Feature","properties":{"id":%d,"x":"'
    end = b'"},"geometry":{"type":"Point","coordinates":[24.9,60.1]}}'
    file.write(b'{"type":"FeatureCollection","features":[' + feature % 1 + end + b"," + feature % 2)
    for _ in range(200):
        file.write(b"x" * MEGABYTE)
    file.write(end + b"," + feature % 3 + end + b"]}")


def write_csv(file: BinaryIO) -> None:
    file.write(b"id;lon;lat;x\n1;24.9;60.1;\n2;24.9;60.1;")
    for _ in range(200):
        file.write(b"x" * MEGABYTE)
    file.write(b"\n3;24.9;60.1;\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "write", "place"),
    [("big.geojson", write_geojson, "{}"), ("big.csv", write_csv, "{x: lon, y: lat}")],
)
def test_a_value_of_200_megabytes_is_rejected_in_bounded_memory(
    tmp_path: Path, name: str, write: Callable[[BinaryIO], None], place: str
) -> None:
    with (tmp_path / name).open("wb") as file:
        write(file)
    (tmp_path / "mapping.yaml").write_text(MAPPING + place)
    environment = environment_of(tmp_path / "home")
    command = [sys.executable, "-m", "talkoot"]
    subprocess.run([*command, "migrate"], env=environment, check=True, capture_output=True)
    importing = [*command, "city", "import", str(tmp_path / name), "--mapping", str(tmp_path / "mapping.yaml")]
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(importing, env=environment, stdout=said)
    _, status, used = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    words = (tmp_path / "said").read_text()
    assert "2 added, 1 rejected" in " ".join(words.split())
    assert "larger than" in words
    assert used.ru_maxrss < 350 * 1024  # KiB, of which the libraries take half
