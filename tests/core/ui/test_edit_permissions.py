"""Who may edit a thing on its page."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.core.ui.conftest import MakeClient, SmallCity
from tests.core.ui.test_edit import filled

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.mark.parametrize("role", ["", "planner", "operator", "auditor"])
def test_others_may_neither_see_the_form_nor_send_it(signed_in: MakeClient, small_city: SmallCity, role: str) -> None:
    client, lamp = signed_in(role), small_city.lamp
    address = f"/en/things/{lamp.uid}/"
    assert client.get(f"{address}edit/").status_code == 403
    assert client.post(f"{address}edit/", filled(lamp, name_fi="x")).status_code == 403
    assert client.post(f"{address}undo/").status_code == 403
    lamp.refresh_from_db()
    assert not lamp.name


def test_a_visitor_may_not(visitor: Client, small_city: SmallCity) -> None:
    assert visitor.post(f"/en/things/{small_city.lamp.uid}/edit/", {}).status_code == 403


def test_undo_is_never_a_link(signed_in: MakeClient, small_city: SmallCity) -> None:
    assert signed_in("register_editor").get(f"/en/things/{small_city.lamp.uid}/undo/").status_code == 405
