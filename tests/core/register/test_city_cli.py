"""`talkoot city`: the same verbs from a shell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils.translation import override
from typer.testing import CliRunner

from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.register.cli import app
from talkoot.core.register.models import Thing
from tests.cities import environment_of, talkoot
from tests.core.register.importing.osm import crossing
from tests.core.register.importing.test_guess import CITY
from tests.core.register.importing.test_tables import csv

pytestmark = pytest.mark.django_db(databases="__all__")


def talkoot_city(*arguments: object) -> str:
    """Run the command and return what it printed. Raises what the command raises."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def asked(*arguments: object) -> Any:
    return json.loads(talkoot_city(*arguments, "--json"))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """The language of the shell."""
    with override("en"):
        yield


@pytest.fixture
def town(home: Path, tmp_path: Path) -> Path:
    path = crossing().write(tmp_path / "town.osm.pbf")
    talkoot_city("import", path)
    return path


def test_importing_tells_what_it_did(town: Path) -> None:
    assert f"town.osm.pbf into osm: {Thing.objects.count()} unchanged." in " ".join(
        talkoot_city("import", town).split()
    )
    facts = asked("import", town)
    assert facts["counts"] == {"unchanged": Thing.objects.count()}
    assert [one["source"] for one in asked("imports")] == ["osm"] * 3


def test_a_proposed_mapping_is_yaml_to_be_completed(home: Path, tmp_path: Path) -> None:
    path = csv(tmp_path / "lamps.csv", CITY)
    text = talkoot_city("describe", path, "--kind", "street_lamp")
    mapping = yaml.safe_load(text)
    mapping["source"]["licence"] = "CC0-1.0"
    (tmp_path / "lamps.yaml").write_text(yaml.safe_dump(mapping))
    assert asked("import", path, "--mapping", tmp_path / "lamps.yaml")["counts"] == {"added": 2}


def test_rejected_rows_are_shown_with_their_reasons(home: Path, tmp_path: Path) -> None:
    town = crossing()
    town.box(33, 4, 4, building="yes", height="-12")
    printed = " ".join(talkoot_city("import", town.write(tmp_path / "town.osm.pbf")).split())
    assert "rejected way/33: attributes.height_m: -12" in printed


def test_things_are_counted_listed_found_and_shown(town: Path) -> None:
    counts = {row["kind"]: row["things"] for row in asked("things")}
    assert (counts["street_lamp"], counts["building"], counts["road_link"]) == (2, 2, 4)
    assert {row["source's identifier"] for row in asked("things", "street_lamp")} == {"node/20", "node/21"}
    assert asked("find", "koulu")[0]["kind"] in ("building", "service_place")
    nearest = asked("near", 24.9405, 60.1711, "--kind", "street_lamp", "--count", 1)
    assert (nearest[0]["source's identifier"], nearest[0]["metres"] < 1) == ("node/20", True)
    shown = json.loads(talkoot_city("show", "osm:way/31/service"))
    assert (shown["name"]["en"], shown["relations"][0]["type"]) == ("School", "at")
    assert json.loads(talkoot_city("show", shown["uid"])) == shown


def test_what_is_not_there_is_told(home: Path) -> None:
    with pytest.raises(NotFoundError):
        talkoot_city("show", "osm:way/1")
    with pytest.raises(InvalidError, match="no kind of thing"):
        talkoot_city("things", "lamp")
    assert asked("imports") == []


def test_a_new_home_is_made_ready_by_the_first_command(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home")
    path = crossing().write(tmp_path / "town.osm.pbf")
    first = talkoot(environment, "city", "import", str(path), "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["counts"] == {"added": 14}
    assert "Bringing" in first.stderr
    assert "Bringing" not in talkoot(environment, "city", "things").stderr
