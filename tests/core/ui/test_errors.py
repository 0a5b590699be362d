"""Errors in the form the caller reads: a page, a fragment, or problem details."""

from __future__ import annotations

import pytest
from django.test import Client, override_settings

from talkoot.core.people.services import ensure_organisation
from tests.core.ui.conftest import MakeClient, SmallCity

pytestmark = pytest.mark.django_db(databases="__all__")
NOWHERE = "/en/things/00000000-0000-7000-8000-000000000000/"


def test_a_page_says_what_happened_and_what_to_do(visitor: Client, small_city: SmallCity) -> None:
    response = visitor.get(NOWHERE)
    assert response.status_code == 404
    html = response.content.decode()
    assert "The register holds no thing with this identifier." in html
    assert "Search for it" in html
    assert response["X-Request-ID"] in html


def test_htmx_gets_a_fragment(visitor: Client, small_city: SmallCity) -> None:
    html = visitor.get(NOWHERE, headers={"HX-Request": "true"}).content.decode()
    assert 'role="alert"' in html
    assert "<html" not in html


def test_a_program_gets_problem_details(visitor: Client, small_city: SmallCity) -> None:
    response = visitor.get(NOWHERE, headers={"Accept": "application/json"})
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == 404
    api = visitor.get("/api/v1/nothing-here")
    assert (api.status_code, api["Content-Type"]) == (404, "application/problem+json")


def test_input_errors_name_the_field_and_the_fix(visitor: Client, small_city: SmallCity) -> None:
    response = visitor.get("/en/things/?bbox=1,2,3")
    assert response.status_code == 422
    html = response.content.decode()
    assert "<strong>bbox</strong>" in html
    assert "24.92,60.16" in html


def test_no_permission_says_who_can_give_it(visitor: Client, signed_in: MakeClient, small_city: SmallCity) -> None:
    response = visitor.get("/en/imports/")
    assert response.status_code == 403
    html = response.content.decode()
    assert "register editor" in html and "register_editor" not in html
    assert "rekisterinpitäjä" in visitor.get("/fi/imports/").content.decode()
    assert "/en/account/login/?next=/en/imports/" in html
    assert "account/login" not in signed_in().get("/en/imports/").content.decode().split("<main")[1]


def test_a_malformed_multipart_body_is_a_clear_400(visitor: Client, small_city: SmallCity) -> None:
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=" + "x" * 300):
        response = visitor.generic("POST", "/en/theme/", b"not a form at all", content_type=content_type)
        assert response.status_code == 400, content_type
        assert "could not be read" in response.content.decode()


@pytest.mark.parametrize("length", ["abc", "-5", "1e3"])
def test_a_length_that_is_no_number_is_a_clear_400(visitor: Client, small_city: SmallCity, length: str) -> None:
    response = visitor.post("/en/theme/", {"theme": "dark"}, CONTENT_LENGTH=length)
    assert response.status_code == 400


def test_a_body_beyond_its_bound_is_refused_before_it_is_read(
    visitor: Client, signed_in: MakeClient, small_city: SmallCity
) -> None:
    response = visitor.post("/en/theme/", {"theme": "dark"}, CONTENT_LENGTH=str(17 * 1024**2))
    assert response.status_code == 413
    assert "larger than this address takes" in response.content.decode()


def test_a_stale_form_says_what_to_do(small_city: SmallCity) -> None:
    browser = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    response = browser.post(f"/en/things/{small_city.lamp.uid}/undo/")
    assert response.status_code == 403
    assert "open too long" in response.content.decode()


@override_settings(DEBUG=False)
def test_a_fault_of_ours_is_a_page_of_its_own(
    visitor: Client, monkeypatch: pytest.MonkeyPatch, small_city: SmallCity
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("a secret of the code")

    monkeypatch.setattr("talkoot.core.ui.pages.home.count_bars", broken)
    visitor.raise_request_exception = False
    response = visitor.get("/en/")
    assert response.status_code == 500
    html = response.content.decode()
    assert "our side" in html
    assert "secret" not in html
    assert response["X-Request-ID"] in html


def test_html_in_a_name_is_shown_as_text(visitor: Client, small_city: SmallCity, system: object) -> None:
    from talkoot.core.base.text import Text

    name = "<script>alert(1)</script>"
    ensure_organisation(system, code="city", name=Text(fi=name, sv=name, en=name), is_city=True)  # type: ignore[arg-type]
    html = visitor.get("/en/").content.decode()
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
