"""The lake: a file is there whole or not at all, in a folder as in a storage opened by its address."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from talkoot.core.base import lake
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.lake import FolderLake, Lake, ObjectLake


@pytest.fixture(params=["folder", "address"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """An empty lake; the second is opened by Arrow as object storage is."""
    root = tmp_path / "lake"
    root.mkdir()
    return FolderLake(root) if request.param == "folder" else ObjectLake(f"file://{root}")


def put(kept: Lake, path: str, content: bytes = b"water") -> None:
    with kept.writing(path) as file:
        file.write(content)


def read(kept: Lake, path: str) -> bytes:
    with kept.open_input(path) as file:
        return file.read()


def test_what_is_written_is_read(kept: Lake) -> None:
    put(kept, "runs/1/table.parquet")
    assert read(kept, "runs/1/table.parquet") == b"water"


def test_a_second_writing_replaces_the_first(kept: Lake) -> None:
    put(kept, "a", b"long before")
    put(kept, "a", b"now")
    assert read(kept, "a") == b"now"


def test_a_writing_that_fails_leaves_what_was_there(kept: Lake) -> None:
    put(kept, "a", b"before")
    with pytest.raises(RuntimeError), kept.writing("a") as file:
        file.write(b"half")
        raise RuntimeError
    assert read(kept, "a") == b"before"
    assert list(kept.files()) == ["a"]


def test_what_is_not_there(kept: Lake) -> None:
    with pytest.raises(NotFoundError, match="none"):
        kept.open_input("none")
    kept.delete("none")
    assert list(kept.files("none")) == []
    assert list(kept.folders("none")) == []


def test_files_and_folders_are_listed_in_order(kept: Lake) -> None:
    for path in ("runs/2/1/b", "runs/1/1/a", "other"):
        put(kept, path)
    assert sorted(kept.files()) == ["other", "runs/1/1/a", "runs/2/1/b"]
    assert list(kept.files("runs/2")) == ["runs/2/1/b"]
    assert list(kept.folders("runs")) == ["1", "2"]


def test_deleting_a_file_or_a_folder(kept: Lake) -> None:
    for path in ("runs/1/a", "runs/1/b", "runs/2/c"):
        put(kept, path)
    kept.delete("runs/1")
    kept.delete("runs/2/c")
    assert list(kept.files()) == []


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "runs/../../secret", "a\0b", "..\\secret"])
def test_no_path_leads_out(kept: Lake, path: str) -> None:
    with pytest.raises(InvalidError):
        kept.open_input(path)
    with pytest.raises(InvalidError):
        kept.delete(path)
    with pytest.raises(InvalidError), kept.writing(path):
        pass


def test_a_killed_writer_leaves_no_file(tmp_path: Path) -> None:
    writer = (
        "import sys; from pathlib import Path; from talkoot.core.base.lake import FolderLake\n"
        f"with FolderLake(Path({str(tmp_path)!r})).writing('big') as file:\n"
        "    while True: file.write(bytes(1000000)); print('on', flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", writer], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        os.kill(process.pid, signal.SIGKILL)
    assert list(FolderLake(tmp_path).files()) == []
    with pytest.raises(NotFoundError):
        FolderLake(tmp_path).open_input("big")


def test_the_city_s_own_lake(settings: Settings, tmp_path: Path) -> None:
    settings.LAKE = str(tmp_path)
    put(lake.lake(), "runs/plan.json", b"{}")
    assert lake.read_bytes("runs/plan.json") == b"{}"
    assert (tmp_path / "runs" / "plan.json").read_bytes() == b"{}"
    lake.delete("runs")
    assert not (tmp_path / "runs").exists()
