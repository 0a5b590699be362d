"""A programme installed from outside the tree appears everywhere, with no edit anywhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cities import City, environment_of, running_city, talkoot

EXAMPLE = Path(__file__).parent.parent / "examples" / "gardens"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city with the gardens' package installed beside Talkoot, and two gardens in its register."""
    folder = tmp_path_factory.mktemp("outside")
    shutil.copytree(EXAMPLE, folder / "source")
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", str(folder / "lib")]
    subprocess.run([sys.executable, *install, str(folder / "source")], check=True)
    outside = {"PYTHONPATH": str(folder / "lib")}
    (folder / "gardens.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": GARDENS}))
    (folder / "mapping.json").write_text(json.dumps(MAPPING))
    home = folder / "home"
    home.mkdir()
    for arguments in (
        ["migrate"],
        ["city", "import", str(folder / "gardens.geojson"), "--mapping", str(folder / "mapping.json")],
    ):
        done = talkoot(environment_of(home, **outside), *arguments)
        assert done.returncode == 0, done.stderr
    with running_city(home, **outside) as running:
        yield running


def _garden(number: int, area: float) -> dict[str, object]:
    point = {"type": "Point", "coordinates": [24.93 + number / 1000, 60.17]}
    return {
        "type": "Feature",
        "geometry": point,
        "properties": {"id": number, "nimi": f"Puutarha {number}", "ala": area},
    }


GARDENS = [_garden(1, 120.0), _garden(2, 80.0)]
MAPPING = {
    "kind": "community_garden",
    "source": {"code": "gardens", "name": {"en": "Garden list"}, "licence": "CC-BY-4.0"},
    "id": "id",
    "name": {"fi": "nimi"},
    "attributes": {"area_m2": "ala"},
}


def test_its_kind_is_in_the_register_and_its_command_counts(city: City) -> None:
    counted = city.talkoot("gardens")
    assert counted.stdout.strip() == "2", counted.stderr
    assert "Puutarha 1" in city.get("/en/things/?kind=community_garden").text


def test_its_page_is_in_the_navigation(city: City) -> None:
    assert 'href="/en/gardens/"' in city.get("/en/").text
    page = city.get("/en/gardens/")
    assert page.status_code == 200
    assert "Puutarha 2" in page.text


def test_its_figure_is_on_the_home_page(city: City) -> None:
    assert "Gardens" in city.get("/en/").text


def test_its_interface_is_documented_and_answers(city: City) -> None:
    assert "/api/v1/gardens/count" in city.get("/api/v1/openapi.json").json()["paths"]
    assert city.get("/api/v1/gardens/count").json() == {"gardens": 2}


def test_its_dataset_is_open(city: City) -> None:
    assert "Community gardens" in city.get("/en/datasets/").text
    rows = city.get("/en/datasets/community_gardens/rows.json").json()
    assert sorted(row["area_m2"] for row in rows) == [80.0, 120.0]


def test_its_procedure_runs_as_a_job(city: City) -> None:
    done = city.talkoot("jobs", "run", "gardens.need_of_water", "--parameters", '{"rain_mm": 1.0}', "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"] == {"gardens": 2, "litres_a_day": 600.0}


PROMISE = """
from talkoot.cli.main import setup_django
setup_django()
from gardens.services import promise_to_water
from talkoot.core.base.actors import Actor
from talkoot.core.people.models import Account
from talkoot.core.register.models import Thing
promise_to_water(Actor(Account.objects.get(email="aino@example.org")), Thing.objects.filter(kind="community_garden")[0])
"""


def test_its_personal_data_is_exported_and_erased(city: City) -> None:
    assert "Promises to water" in city.get("/en/about/privacy/").text
    assert city.talkoot("people", "create", "aino@example.org").returncode == 0
    assert city.talkoot("people", "organisation", "espoo", "--en", "Espoo", "--city").returncode == 0
    assert city.talkoot("people", "grant", "aino@example.org", "planner", "espoo").returncode == 0
    subprocess.run([sys.executable, "-c", PROMISE], env=city.environment, check=True)

    exported = json.loads(city.talkoot("people", "export", "aino@example.org").stdout)
    assert len(exported["data"]["gardens.promises"]["records"]) == 1

    assert city.talkoot("people", "erase", "aino@example.org", "--yes").returncode == 0
    assert city.talkoot("people", "export", "aino@example.org").returncode == 2
    assert city.talkoot("audit", "verify").returncode == 0
