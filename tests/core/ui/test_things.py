"""Lists of things: filters, order, pages and exports."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from talkoot.core.base.errors import InvalidError
from talkoot.core.ui import listing
from talkoot.core.ui.listing import Wanted, page_of, wanted
from tests.core.ui.conftest import SmallCity, add_lamps

pytestmark = pytest.mark.django_db(databases="__all__")


def links(html: str) -> list[str]:
    """Return the uids of the things that a list leads to."""
    return re.findall(r'href="/en/things/([0-9a-f-]{36})/"', html.split("<main")[1])


def test_the_list_holds_everything_the_newest_first(visitor: Client, small_city: SmallCity) -> None:
    html = visitor.get("/en/things/").content.decode()
    assert links(html)[0] == str(small_city.lamps[-1].uid)
    assert len(links(html)) == 7
    assert "7 things" in html


def test_a_kind_an_owner_words_and_a_box_filter(visitor: Client, small_city: SmallCity) -> None:
    of_kind = links(visitor.get("/en/things/?kind=street_lamp").content.decode())
    assert set(of_kind) == {str(lamp.uid) for lamp in small_city.lamps}
    owned = links(visitor.get("/en/things/?owner=city").content.decode())
    assert owned == [str(small_city.library.uid), str(small_city.building.uid)]
    assert links(visitor.get("/en/things/?q=kirjaston").content.decode()) == [str(small_city.library.uid)]
    in_box = links(visitor.get("/en/things/?bbox=24.9299,60.1695,24.93015,60.1705").content.decode())
    assert set(in_box) == {str(lamp.uid) for lamp in small_city.lamps[:2]}


def test_filters_combine(visitor: Client, small_city: SmallCity) -> None:
    box = "bbox=24.92,60.16,24.95,60.18"
    owned = links(visitor.get(f"/en/things/?{box}&owner=city&kind=building").content.decode())
    assert owned == [str(small_city.building.uid)]
    assert links(visitor.get(f"/en/things/?{box}&q=library").content.decode()) == [str(small_city.library.uid)]
    assert links(visitor.get("/en/things/?bbox=25,61,25.1,61.1&q=library").content.decode()) == []


@pytest.mark.parametrize("owner", ["c\x00x", "city\x00x", "x" * 5000, "'"])
def test_an_owner_that_is_none_owns_nothing(visitor: Client, small_city: SmallCity, owner: str) -> None:
    response = visitor.get("/en/things/", {"owner": owner, "kind": "building"})
    assert (response.status_code, links(response.content.decode())) == (200, [])


def test_nothing_found_says_how_to_go_on(visitor: Client, small_city: SmallCity) -> None:
    assert "Take away a filter" in visitor.get("/en/things/?q=nonexistentword").content.decode()


def test_a_narrowed_list_sorts_by_name_both_ways(visitor: Client, small_city: SmallCity) -> None:
    box = "bbox=24.92,60.16,24.95,60.18&kind=building&kind=service_place"
    forward = links(visitor.get(f"/en/things/?{box}&sort=name").content.decode())
    assert forward == [str(small_city.building.uid), str(small_city.library.uid)]
    assert links(visitor.get(f"/en/things/?{box}&sort=-name").content.decode()) == forward[::-1]


@pytest.mark.parametrize(
    "address", ["kind=street_lamp", "kind=street_lamp&sort=added", "bbox=24.9,60.1,25,60.2&kind=street_lamp"]
)
def test_pages_hold_everything_once(
    visitor: Client, small_city: SmallCity, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(listing, "PER_PAGE", 2)
    seen: list[str] = []
    after = ""
    for _ in range(10):
        html = visitor.get(f"/en/things/?{address}&after={after}").content.decode()
        seen += links(html)
        following = re.search(r'href="\?[^"]*after=(\d+)[^"]*" rel="next"', html)
        if following is None:
            break
        after = following[1]
    assert len(seen) == 5
    assert set(seen) == {str(lamp.uid) for lamp in small_city.lamps}


def test_the_exports_hold_what_the_list_holds(visitor: Client, small_city: SmallCity) -> None:
    text = b"".join(visitor.get("/en/things.csv?kind=street_lamp").streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["external_id"] for row in rows} == {lamp.external_id for lamp in small_city.lamps}
    assert rows[0]["wkt"].startswith("POINT (24.93")
    content = b"".join(visitor.get("/en/things.geojson?q=library").streaming_content)  # type: ignore[attr-defined]
    (feature,) = json.loads(content)["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [24.931, 60.1685]}
    assert visitor.get("/en/things.xls").status_code == 404


def test_the_map_s_list_names_what_its_layers_have_in_view(visitor: Client, small_city: SmallCity) -> None:
    address = "/en/map/in-view/?bbox=24.92,60.16,24.95,60.18&layer=lamps"
    html = visitor.get(address).content.decode()
    assert "5 things in view" in html
    assert str(small_city.library.uid) not in html
    assert str(small_city.library.uid) in visitor.get(address + "&layer=services").content.decode()
    assert "Nothing here" in visitor.get("/en/map/in-view/?bbox=24.92,60.16,24.95,60.18").content.decode()


def test_a_crowded_view_says_that_there_is_more(
    visitor: Client, small_city: SmallCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talkoot.core.ui.pages.things.IN_VIEW", 6)
    add_lamps(small_city.source, 2, start=5)
    html = visitor.get("/en/map/in-view/?bbox=24.92,60.16,24.95,60.18&layer=lamps").content.decode()
    assert "More than 6 things in view" in html
    assert "more than 6: zoom in" in html


@given(st.text(max_size=300), st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_any_address_is_a_list_or_a_clear_error(query: str, kind: str, sort: str, bbox: str) -> None:
    asked = QueryDict(mutable=True)
    asked.update({"q": query, "kind": kind, "sort": sort, "bbox": bbox})
    try:
        found = wanted(asked)
    except InvalidError as error:
        assert [problem.field for problem in error.problems] == ["bbox"]
    else:
        assert isinstance(found, Wanted)
        assert "\x00" not in found.query


@pytest.mark.parametrize("after", ["-1", "x", "9" * 30, "1e9", "٣"])
def test_a_page_mark_that_is_none_is_the_first_page(small_city: SmallCity, after: str) -> None:
    assert len(page_of(Wanted(kinds=("street_lamp",)), after).things) == 5
