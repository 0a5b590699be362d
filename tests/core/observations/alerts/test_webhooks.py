"""Webhooks lead outside only: a table of ways inside, and a real server that answers in every bad way."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils.translation import override

from talkoot.core.observations.alerts import webhooks
from talkoot.core.observations.alerts.webhooks import WebhookError, is_outside, post, sign
from tests.receiving import Receiver

INSIDE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::",
    "2002:a00:1::", "64:ff9b:1::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "193.166.3.2", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", INSIDE)
def test_inside(address: str) -> None:
    assert not is_outside(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside(address: str) -> None:
    assert is_outside(ipaddress.ip_address(address))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Errors in the language that the tests look for."""
    with override("en"):
        yield


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/hook", "http://localhost:{port}/hook", "http://2130706433:{port}/hook",
        "http://0x7f.1:{port}/hook", "http://127.1:{port}/hook", "http://[::1]:{port}/hook", "http://0:{port}/hook",
        "http://[::ffff:127.0.0.1]:{port}/hook", "http://[::ffff:7f00:1]:{port}/hook", "https://127.0.0.1:{port}/hook",
        "http://user@127.0.0.1:{port}/hook", "http://user:pw@example.org:{port}/hook", "ftp://127.0.0.1:{port}/hook",
        "file:///etc/passwd", "gopher://127.0.0.1:{port}/", "//127.0.0.1:{port}/hook", "http:///hook", "http://[::1/hook",
        "http://127.0.0.1:22/", "http://example.org:25/", "http://example.org:99999/", "http://exa\nmple.org/",
        "http://example.org/\r\nX: y", "http://ⓛocalhost:{port}/hook", "http://nowhere.invalid/hook",
    ],
)  # fmt: skip
def test_no_way_leads_inside(receiver: Receiver, url: str) -> None:
    with pytest.raises(WebhookError):
        post(url.format(port=receiver.port), b"{}", {})
    assert not receiver.taken


def test_a_name_with_one_address_inside_is_refused(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(receiver.port)
    found = [(2, 1, 6, "", ("193.166.3.2", port)), (2, 1, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(WebhookError, match="inside"):
        post(f"http://two.example:{port}/hook", b"{}", {})


def test_the_address_that_was_checked_is_the_one_called(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means something else the next time it is asked for leads nowhere."""
    port = int(receiver.port)
    answers = iter(["127.0.0.1", "198.51.100.1"])
    real = socket.getaddrinfo

    def changing(host: Any, *rest: Any, **options: Any) -> Any:
        return real(next(answers) if host == "changing.example" else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    assert post(f"http://changing.example:{port}/hook", b"{}", {}, ["changing.example"]) == 204
    assert receiver.taken[0][1]["Host"] == f"changing.example:{port}"
    assert next(answers) == "198.51.100.1"


def test_the_operator_s_list_opens_a_host_or_one_port(receiver: Receiver) -> None:
    url = f"http://{receiver.authority}/hook"
    assert post(url, b"{}", {}, [receiver.authority]) == 204
    assert post(url, b"{}", {}, ["127.0.0.1"]) == 204
    with pytest.raises(WebhookError, match="inside"):
        post(url, b"{}", {}, ["127.0.0.1:1", "localhost"])


@pytest.mark.parametrize(("path", "words"), [("/away", "answered 307"), ("/broken", "answered 500")])
def test_a_redirect_is_not_followed_and_an_error_is_one(receiver: Receiver, path: str, words: str) -> None:
    with pytest.raises(WebhookError, match=words):
        post(f"http://{receiver.authority}{path}", b"{}", {}, [receiver.authority])
    assert [taken[0] for taken in receiver.taken] == [path]


def test_little_of_a_long_answer_is_read_and_a_dripping_one_is_cut(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = time.monotonic()
    assert post(f"http://{receiver.authority}/long", b"{}", {}, [receiver.authority]) == 200
    monkeypatch.setattr(webhooks, "TOTAL_SECONDS", 0.5)
    with pytest.raises(WebhookError, match="did not answer"):
        post(f"http://{receiver.authority}/drip", b"{}", {}, [receiver.authority])
    assert time.monotonic() - started < 4


def test_nobody_listening_is_an_error() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(WebhookError, match="did not answer"):
        post(f"http://127.0.0.1:{port}/", b"{}", {}, ["127.0.0.1"])


def test_the_signature_is_the_one_described() -> None:
    expected = hmac.new(b"key", b'1700000000.{"a":1}', hashlib.sha256).hexdigest()
    assert sign("key", 1_700_000_000, b'{"a":1}') == f"t=1700000000,v1={expected}"
