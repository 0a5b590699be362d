"""The web server as clients meet it: slow and lying ones, downloads, live events, and its end."""

from __future__ import annotations

import json
import socket
import time

import httpx
import pytest

from tests.site.conftest import Served

ROOT = "/sensorthings/v1.1"


def answer_to(connection: socket.socket, request: bytes) -> bytes:
    """Send bytes and return what comes back until the answer's head and body are there."""
    if request:
        connection.sendall(request)
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(65536) or pytest.fail(f"closed after {found!r}")
    return found


def head(method: str, path: str, *lines: str) -> bytes:
    """Return the head of a request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]).encode()


def get(served: Served, path: str, **headers: str) -> httpx.Response:
    """Fetch a path."""
    return httpx.get(f"http://127.0.0.1:{served.port}{path}", headers=headers, timeout=10)


def observe(served: Served, stream: int, minute: int, result: float) -> httpx.Response:
    """Send one observation."""
    body = {
        "phenomenonTime": f"2026-02-01T00:{minute:02}:00Z",
        "result": result,
        "Datastream": {"@iot.id": stream},
    }
    headers = {"Authorization": f"Bearer {served.key}"}
    return httpx.post(f"http://127.0.0.1:{served.port}{ROOT}/Observations", json=body, headers=headers, timeout=10)


def test_clients_that_send_slowly_keep_nobody_waiting(served: Served) -> None:
    paths = ("/en/theme/", f"{ROOT}/Observations", f"{ROOT}/CreateObservations", "/en/account/login/")
    lines = ("Content-Type: application/x-www-form-urlencoded", "Content-Length: 1000", "Authorization: Bearer none")
    slow = [served.connect() for _ in range(20)]
    for number, connection in enumerate(slow):
        connection.sendall(head("POST", paths[number % len(paths)], *lines) + b"theme=")
    began = time.monotonic()
    assert get(served, "/en/account/login/").status_code == 200
    assert observe(served, served.streams[0], 1, 1.0).status_code == 201
    assert time.monotonic() - began < 5
    for connection in slow:
        connection.close()


def test_a_body_shorter_than_its_length_is_a_400_on_every_way(served: Served) -> None:
    for path in ("/en/theme/", f"{ROOT}/Observations"):
        with served.connect() as connection:
            connection.sendall(head("POST", path, "Content-Length: 50", "Authorization: Bearer none") + b"theme=dark")
            connection.shutdown(socket.SHUT_WR)
            assert answer_to(connection, b"").startswith(b"HTTP/1.1 400 ")


def test_too_large_a_body_is_refused_before_it_is_sent(served: Served) -> None:
    for path in ("/en/theme/", f"{ROOT}/CreateObservations"):
        for length in (17 * 1024**2, 10 * 1024**3):
            with served.connect() as connection:
                request = head("POST", path, f"Content-Length: {length}", "Authorization: Bearer none")
                assert answer_to(connection, request).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_a_length_is_read_to_its_end_and_bounded(served: Served) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    lines = ("Transfer-Encoding: chunked", f"Authorization: Bearer {served.key}")
    body = json.dumps({"result": 4, "Datastream": {"@iot.id": served.streams[0]}}).encode()
    with served.connect() as connection:
        connection.sendall(head("POST", f"{ROOT}/Observations", *lines))
        last = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        assert answer_to(connection, chunk + last).startswith(b"HTTP/1.1 201 ")
    with served.connect() as connection:
        connection.sendall(head("POST", f"{ROOT}/Observations", *lines))
        for _ in range(257):
            connection.sendall(chunk)
        assert answer_to(connection, b"").startswith(b"HTTP/1.1 413 ")


def test_static_files_come_whole_in_parts_and_not_at_all_as_asked(served: Served) -> None:
    path = "/static/ui/js/live.js"
    whole = get(served, path)
    assert whole.status_code == 200
    assert whole.headers["Content-Length"] == str(len(whole.content))
    part = get(served, path, Range="bytes=10-29")
    assert (part.status_code, part.content) == (206, whole.content[10:30])
    assert get(served, path, **{"If-Modified-Since": whole.headers["Last-Modified"]}).status_code == 304
    only_head = httpx.head(f"http://127.0.0.1:{served.port}{path}")
    assert (only_head.headers["Content-Length"], only_head.content) == (str(len(whole.content)), b"")


def test_live_events_tell_of_readings_as_they_are_stored_but_not_of_private_ones(served: Served) -> None:
    first, second, private = served.streams
    with served.connect() as connection:
        opened = answer_to(connection, head("GET", f"/live/datastreams?ids={first},{private}"))
        assert b"text/event-stream" in opened
        time.sleep(0.5)
        for minute, stream in ((10, private), (11, second), (12, first)):
            assert observe(served, stream, minute, minute + 0.5).status_code == 201
        told = b""
        while b"event: reading" not in told or not told.endswith(b"\r\n"):
            told += connection.recv(65536)
    events = [json.loads(line.removeprefix(b"data: ")) for line in told.splitlines() if line.startswith(b"data: ")]
    assert events == [{"datastream": first, "time": "2026-02-01T00:12:00Z", "result": 12.5, "flag": 0}]


def test_a_wrong_list_of_live_datastreams_is_told_of(served: Served) -> None:
    for query in ("", "?ids=", "?ids=a", "?ids=1,-2", "?ids=" + ",".join(["1"] * 201)):
        assert get(served, f"/live/datastreams{query}").status_code == 400


def test_the_server_ends_soon_though_somebody_listens(served: Served) -> None:
    with served.connect() as connection:
        answer_to(connection, head("GET", f"/live/datastreams?ids={served.streams[0]}"))
        began = time.monotonic()
        served.web.terminate()
        told = b"more"
        while told:
            told = connection.recv(65536)
    served.web.wait(10)
    assert time.monotonic() - began < 3
