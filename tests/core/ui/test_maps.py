"""What maps are told."""

from __future__ import annotations

import math

import pytest
from django.test import Client
from django.utils.translation import override

from talkoot.core.base.actors import Actor
from talkoot.core.base.programmes import layers
from talkoot.core.register.services import add_thing
from talkoot.core.ui.maps import GeoJsonLayer, LegendRow, MapSpec, RasterLayer, city_bounds
from tests.core.ui.conftest import SmallCity

pytestmark = pytest.mark.django_db(databases="__all__")


def test_a_spec_holds_declared_layers_in_their_order_and_the_page_s_own() -> None:
    own = GeoJsonLayer("plan", "Plan", ({"type": "circle"},), url="/x", legend=(LegendRow("var(--lake)", "chosen"),))
    raster = RasterLayer("rate", "Bit rate", "/rate.png", (24.0, 60.0, 25.0, 61.0))
    with override("sv"):
        spec = MapSpec(title="Map", layers=("lamps", "services", "unknown"), own=(own, raster))
        told = spec.as_json()
        legend = spec.legend()
    assert [layer["code"] for layer in told["layers"]] == ["services", "lamps"]
    assert [layer["code"] for layer in told["own"]] == ["plan", "rate"]
    assert told["tiles"] == "/tiles/{z}/{x}/{y}.mvt"
    assert told["thing"].startswith("/sv/things/")
    assert [group.title for group in legend] == ["Serviceställen", "Belysningsstolpar", "Plan", "Bit rate"]


def test_every_declared_layer_has_a_legend_in_three_languages() -> None:
    for layer in layers().values():
        assert layer.legend, layer.code
        for text in (layer.title, *(words for _colour, words in layer.legend)):
            assert text.fi, layer.code
            assert text.sv, layer.code
            assert text.en, layer.code


def test_the_city_s_bounds_leave_out_what_lies_far_away(small_city: SmallCity, system: Actor) -> None:
    assert city_bounds() == pytest.approx((24.930, 60.168, 24.932, 60.169))
    for n in range(200):
        corner = [24.93 + n * 1e-5, 60.168]
        add_building(system, small_city, corner)
    add_building(system, small_city, [27.0, 65.0])
    bounds = city_bounds()
    assert bounds is not None
    assert bounds[2] < 24.94
    assert bounds[3] < 60.18


def add_building(system: Actor, small_city: SmallCity, corner: list[float]) -> None:
    """Add a small building with its south-western corner there."""
    x, y = corner
    ring = [[x, y], [x + 1e-4, y], [x + 1e-4, y + 1e-4], [x, y + 1e-4], [x, y]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    add_thing(system, kind="building", name="", source=small_city.source, geometry=geometry)


def test_an_empty_register_has_no_bounds_and_still_a_home_page(visitor: Client, db: None) -> None:
    assert city_bounds() is None
    assert "The register is empty" in visitor.get("/en/").content.decode()


def test_a_tile_is_sent_once(visitor: Client, small_city: SmallCity) -> None:
    x = int((24.93 + 180) / 360 * 2**16)
    y = int((1 - math.asinh(math.tan(math.radians(60.17))) / math.pi) / 2 * 2**16)
    address = f"/tiles/16/{x}/{y}.mvt"
    first = visitor.get(address)
    assert first.status_code == 200
    assert first["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert b"street_lamp" in first.content
    again = visitor.get(address, headers={"If-None-Match": f'"other", W/{first["ETag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert "must-revalidate" in again["Cache-Control"]


@pytest.mark.parametrize("place", ["14/99999999/1", "3/8/0", "17/0/0", "99/0/0"])
def test_tiles_outside_the_world_are_not_found(visitor: Client, small_city: SmallCity, place: str) -> None:
    assert visitor.get(f"/tiles/{place}.mvt").status_code == 404


def test_the_map_page_takes_a_box(visitor: Client, small_city: SmallCity) -> None:
    html = visitor.get("/en/map/?bbox=24.93,60.16,24.94,60.17").content.decode()
    assert '"bounds": [24.93, 60.16, 24.94, 60.17]' in html
    assert visitor.get("/en/map/?bbox=nan,1,2,3").status_code == 422


def test_services_are_listed_the_nearest_first(visitor: Client, small_city: SmallCity, system: Actor) -> None:
    add_thing(
        system,
        kind="service_place",
        name="Far",
        source=small_city.source,
        geometry={"type": "Point", "coordinates": [24.95, 60.175]},
        attributes={"category": "cafe"},
    )
    html = visitor.get("/en/services/?at=60.1685,24.931").content.decode().split('id="places"')[1]
    assert html.index("Library") < html.index("Far")
    assert "step-free" in html
    only = visitor.get("/en/services/?at=60.1685,24.931&category=cafe").content.decode().split('id="places"')[1]
    assert "Library" not in only
    assert visitor.get("/en/services/?at=north").status_code == 422
    assert visitor.get("/en/services/?at=91,0").status_code == 422
