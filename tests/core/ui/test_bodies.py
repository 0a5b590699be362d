"""Bodies that are shorter than they say."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import BadRequest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from talkoot.core.ui.bodies import WholeBody, content_length

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def _kept_connections() -> Iterator[None]:
    """The test's own database connections stay open, as the test client keeps them."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def answer(body: bytes, length: int | str, content_type: str) -> tuple[int, str]:
    """Return status and text of what the city's WSGI application answers to a form with this length."""
    from talkoot.site.wsgi import application

    environ: dict[str, Any] = RequestFactory(HTTP_HOST="127.0.0.1")._base_environ()
    environ |= {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/en/theme/",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(length),
        "wsgi.input": io.BytesIO(body),
    }
    status: list[str] = []
    parts = application(environ, lambda line, headers, error=None: status.append(line))
    return int(status[0].split()[0]), b"".join(parts).decode()


FORM = b"theme=dark&next=/en/"
PARTS = b'--x\r\nContent-Disposition: form-data; name="theme"\r\n\r\ndark\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(FORM, "application/x-www-form-urlencoded"), (PARTS, "multipart/form-data; boundary=x")],
)
def test_a_form_cut_short_is_a_clear_400_and_a_whole_one_is_taken(body: bytes, content_type: str) -> None:
    assert answer(body, len(body), content_type)[0] == 302
    for length in (len(body) + 1, len(body) + 5000):
        status, text = answer(body, length, content_type)
        assert status == 400
        assert "could not be read" in text


@pytest.mark.parametrize("digits", [19, 4300, 4301, 60_000])
def test_a_length_of_any_number_of_digits_is_too_much(digits: int) -> None:
    answered, text = answer(FORM, "9" * digits, "application/x-www-form-urlencoded")
    assert answered == 413
    assert "larger than this address takes" in text


def test_leading_zeros_do_not_count() -> None:
    assert answer(FORM, f"{'0' * 5000}{len(FORM)}", "application/x-www-form-urlencoded")[0] == 302


@given(st.text(max_size=40) | st.integers(0, 2**63 - 1).map(str))
def test_a_length_is_a_number_or_none(text: str) -> None:
    expected = int(text) if text.isascii() and text.isdigit() else None
    assert content_length(text) == (expected if expected is None or expected < 2**63 else 2**63 - 1)


@given(st.binary(max_size=200), st.integers(1, 50), st.integers(1, 64), st.booleans())
def test_short_is_refused_and_whole_passes_unchanged(body: bytes, missing: int, size: int, by_line: bool) -> None:
    def drained(stream: WholeBody) -> bytes:
        found = b""
        while piece := stream.readline(size) if by_line else stream.read(size):
            found += piece
        return found

    assert drained(WholeBody(io.BytesIO(body), len(body))) == body
    with pytest.raises(BadRequest, match=f"ended {missing} bytes before"):
        drained(WholeBody(io.BytesIO(body), len(body) + missing))
