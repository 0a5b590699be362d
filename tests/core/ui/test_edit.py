"""Editing a thing on its page."""

from __future__ import annotations

from typing import Any

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.text import Text
from talkoot.core.people.services import ensure_organisation
from talkoot.core.register.models import Thing
from talkoot.core.register.services import add_thing, change_thing
from tests.core.ui.conftest import MakeClient, SmallCity

pytestmark = pytest.mark.django_db(databases="__all__")


def filled(thing: Thing, **changes: Any) -> dict[str, Any]:
    """Return the edit form of a lamp as a browser sends it, with some fields changed."""
    form = {
        "recorded_at": thing.recorded_at.isoformat(),
        "name_fi": thing.name.fi,
        "name_sv": thing.name.sv,
        "name_en": thing.name.en,
        "lon": thing.shape.x,
        "lat": thing.shape.y,
        **{f"attribute-{code}": value for code, value in thing.attributes.items()},
    }
    return {**form, **changes}


def test_a_change_is_saved_with_its_origin_and_can_be_undone(signed_in: MakeClient, small_city: SmallCity) -> None:
    editor, lamp = signed_in("register_editor"), small_city.lamp
    change = {"name_fi": "Kulmalamppu", "attribute-height_m": "7.5", "attribute-lamp_type": "LED"}
    response = editor.post(f"/en/things/{lamp.uid}/edit/", filled(lamp, **change))
    assert (response.status_code, response["Location"]) == (302, f"/en/things/{lamp.uid}/?saved=1")
    lamp.refresh_from_db()
    assert lamp.name.fi == "Kulmalamppu"
    assert lamp.attributes == {"height_m": 7.5, "lamp_type": "LED"}
    assert lamp.provenance == {"height_m": "city-staff", "lamp_type": "city-staff", "name": "city-staff"}
    html = editor.get(response["Location"]).content.decode()
    assert "Undo it" in html

    shown = html.split('name="recorded_at" value="')[1].split('"')[0]
    assert editor.post(f"/en/things/{lamp.uid}/undo/", {"recorded_at": shown}).status_code == 302
    lamp.refresh_from_db()
    assert lamp.attributes == {"height_m": 6.0}
    assert lamp.provenance == {"height_m": "assumed:default for street lamps"}


def test_saving_without_a_change_writes_nothing(signed_in: MakeClient, small_city: SmallCity) -> None:
    lamp = small_city.lamp
    signed_in("register_editor").post(f"/en/things/{lamp.uid}/edit/", filled(lamp))
    assert not lamp.versions.exists()


def test_an_organisations_editor_changes_what_is_its_own(
    signed_in: MakeClient, small_city: SmallCity, system: Actor
) -> None:
    school = ensure_organisation(system, code="school", name=Text(fi="Koulu"))
    editor, theirs = signed_in("register_editor", within=school), small_city.lamps[1]
    lamp = change_thing(system, small_city.lamp, owner=school)
    assert editor.post(f"/en/things/{lamp.uid}/edit/", filled(lamp, name_fi="Pihalamppu")).status_code == 302
    lamp.refresh_from_db()
    assert (lamp.name.fi, lamp.provenance["name"]) == ("Pihalamppu", "city-staff")
    assert editor.post(f"/en/things/{theirs.uid}/edit/", filled(theirs, name_fi="x")).status_code == 403


def test_a_lamp_can_be_moved(signed_in: MakeClient, small_city: SmallCity) -> None:
    lamp = small_city.lamp
    signed_in("register_editor").post(f"/en/things/{lamp.uid}/edit/", filled(lamp, lon=24.94, lat=60.171))
    lamp.refresh_from_db()
    assert (lamp.shape.x, lamp.shape.y) == (24.94, 60.171)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("attribute-height_m", "-3", "greater than or equal to 0"),
        ("attribute-height_m", "tall", "Enter a number"),
        ("lon", "200", "less than or equal to 180"),
        ("name_fi", "x" * 201, "at most 200"),
    ],
)
def test_errors_stand_beside_the_field_and_in_the_summary(
    signed_in: MakeClient, small_city: SmallCity, field: str, value: str, words: str
) -> None:
    lamp = small_city.lamp
    response = signed_in("register_editor").post(f"/en/things/{lamp.uid}/edit/", filled(lamp, **{field: value}))
    assert response.status_code == 422
    html = response.content.decode()
    summary, fields = html.split("Please correct these")[1].split("</ul>", 1)
    assert f'href="#id_{field}"' in summary
    assert words in fields
    assert f'id="id_{field}_error"' in fields
    lamp.refresh_from_db()
    assert lamp.attributes == {"height_m": 6.0}


def test_what_the_register_refuses_shows_at_the_field(signed_in: MakeClient, small_city: SmallCity) -> None:
    lamp = small_city.lamp
    swapped = filled(lamp, lon=60.17, lat=24.93)
    html = signed_in("register_editor").post(f"/en/things/{lamp.uid}/edit/", swapped).content.decode()
    assert "swapped" in html.split('id="id_lon_error"')[1].split("</div>")[0]


def test_two_who_edit_at_once_do_not_overwrite_each_other(
    signed_in: MakeClient, small_city: SmallCity, system: Actor
) -> None:
    lamp = small_city.lamp
    form = filled(lamp, **{"attribute-height_m": "7.5"})
    change_thing(system, lamp, attributes={"height_m": 8.0})
    response = signed_in("register_editor").post(f"/en/things/{lamp.uid}/edit/", form)
    assert response.status_code == 422
    assert "Somebody changed this meanwhile" in response.content.decode()
    lamp.refresh_from_db()
    assert lamp.attributes == {"height_m": 8.0}


def test_undo_takes_back_only_the_change_that_was_shown(
    signed_in: MakeClient, small_city: SmallCity, system: Actor
) -> None:
    shown = change_thing(system, small_city.lamp, attributes={"height_m": 7.5})
    change_thing(system, shown, attributes={"height_m": 8.0})
    address = f"/en/things/{shown.uid}/undo/"
    response = signed_in("register_editor").post(address, {"recorded_at": shown.recorded_at.isoformat()})
    assert response.status_code == 409
    assert "Somebody changed this meanwhile" in response.content.decode()
    shown.refresh_from_db()
    assert shown.attributes == {"height_m": 8.0}


def test_free_attributes_are_edited_as_json(signed_in: MakeClient, small_city: SmallCity, system: Actor) -> None:
    bench = add_thing(
        system,
        kind="thing",
        name="Bench",
        source=small_city.source,
        geometry={"type": "Point", "coordinates": [24.93, 60.17]},
        attributes={"colour": "red"},
    )
    editor = signed_in("register_editor")
    form = filled(bench, free='{"colour": "blue"}')
    assert editor.post(f"/en/things/{bench.uid}/edit/", form).status_code == 302
    bench.refresh_from_db()
    assert bench.attributes == {"colour": "blue"}
    wrong = editor.post(f"/en/things/{bench.uid}/edit/", filled(bench, free="[1"))
    assert "This is no JSON object." in wrong.content.decode()
