"""What deploy/ says is what the code does."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from talkoot.cli.processes import web_command
from talkoot.core.compute.cli import worker_app
from tests.processes import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
SOURCES = [path.read_text() for path in (REPOSITORY / "src").rglob("*.py")]


def documented() -> set[str]:
    """Return the variables that the file of settings tells of."""
    return set(re.findall(r"^#?([A-Z_]+)=", (DEPLOY / "talkoot.env").read_text(), re.MULTILINE))


def read_by_the_code() -> set[str]:
    """Return the variables that the code reads, the secrets' among them."""
    named = {name for source in SOURCES for name in re.findall(r"\"(TALKOOT_[A-Z_]+|PORT)\"", source)}
    secrets = {name for source in SOURCES for name in re.findall(r"\.secret\(\"([a-z_]+)\"\)", source)}
    return named | {f"TALKOOT_{name.upper()}" for name in secrets}


def test_every_variable_is_documented_and_no_other() -> None:
    assert documented() == read_by_the_code()


def test_the_compose_file_sets_only_known_variables() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    given = {name for service in compose["services"].values() for name in service.get("environment", {})}
    assert {name for name in given if name.startswith("TALKOOT_")} - {"TALKOOT_WEB"} <= documented()
    volumes = {mount.split(":")[0] for s in compose["services"].values() for mount in s.get("volumes", [])}
    assert {name for name in volumes if not name.startswith(".")} == set(compose["volumes"])


def served_by(path: Path) -> list[str]:
    """Return the command of the web server in a file of deploy/."""
    if path.name == "Containerfile":
        found = re.search(r"^CMD (\[.*\])$", path.read_text(), re.MULTILINE)
        assert found
        return [str(word) for word in yaml.safe_load(found[1])]
    found = re.search(r"^ExecStart=(.*)$", path.read_text(), re.MULTILINE)
    assert found
    return shlex.split(found[1])


@pytest.mark.parametrize(("name", "host"), [("Containerfile", "0.0.0.0"), ("talkoot-web.service", "127.0.0.1")])
def test_the_web_is_served_as_talkoot_up_serves_it(name: str, host: str) -> None:
    assert served_by(DEPLOY / name)[1:] == web_command(host, 8000, 2)[3:]


def test_the_worker_s_options_are_there() -> None:
    from typer.main import get_command

    options = {option for parameter in get_command(worker_app).params for option in parameter.opts}
    given = re.search(r"^ExecStart=\S+ worker (.*)$", (DEPLOY / "talkoot-worker.service").read_text(), re.MULTILINE)
    assert given
    assert {word for word in given[1].split() if word.startswith("--")} <= options


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
@pytest.mark.parametrize("unit", sorted(path.name for path in DEPLOY.glob("*.service")))
def test_systemd_understands_the_units(unit: str, tmp_path: Path) -> None:
    folder = tmp_path / "units"
    folder.mkdir()
    for path in [*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")]:
        # Where the city is installed on its machine, this one has nothing: any program stands in for it.
        (folder / path.name).write_text(re.sub(r"/opt/talkoot/.venv/bin/\w+", "/bin/true", path.read_text()))
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(folder / unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "talkoot" in line and "etc/talkoot" not in line]
    assert not ours, done.stderr
