"""Readings taken in the event loop: by keys, onto the disk, and nothing acknowledged that is not there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.utils import timezone

from talkoot.core.base.actors import operator
from talkoot.core.base.lake import lake_at
from talkoot.core.observations.models import Datastream, Token
from talkoot.core.observations.sta import grants
from talkoot.core.observations.sta.gathering import Gathering
from talkoot.core.observations.sta.grants import Grants
from talkoot.core.observations.sta.ingest import Ingest, Reply
from talkoot.core.observations.store.client import AsyncWriterClient
from talkoot.core.observations.store.reading import Store
from talkoot.core.observations.tokens import end_token
from tests.core.observations.sta.conftest import Api
from tests.observing import make_datastreams, make_key, observer, start_observer

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
ROOT = "/sensorthings/v1.1"
CITY = "https://city.example"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose readings are written by a process of its own."""
    folder = tmp_path_factory.mktemp("home")
    with observer(folder):
        yield folder


class Streams(NamedTuple):
    """Datastreams that a key writes to, and one that it does not."""

    own: list[int]
    other: int
    key: str


@pytest.fixture
def streams() -> Streams:
    """Two datastreams with a key, and another."""
    *own, other = make_datastreams(3)
    return Streams([stream.pk for stream in own], other.pk, make_key(own))


Post = Callable[[str, Any], Awaitable[Reply]]


def sending(home: Path, key: str, work: Callable[[Post], Awaitable[None]]) -> None:
    """Have `work` send requests with a key."""

    async def run() -> None:
        writer, rights = AsyncWriterClient(home), Grants()
        ingest = Ingest(Gathering(writer), rights)

        async def post(path: str, body: Any) -> Reply:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            reply = await ingest.answer(CITY, f"{ROOT}/{path}", key, data)
            assert reply is not None
            return reply

        try:
            await work(post)
        finally:
            await writer.close()
            await rights.close()

    asyncio.run(run())


def once(home: Path, key: str, path: str, body: Any) -> Reply:
    """Send one request."""
    replies: list[Reply] = []

    async def work(post: Post) -> None:
        replies.append(await post(path, body))

    sending(home, key, work)
    return replies[0]


def observation(stream: int, minute: int = 0, result: Any = 1.5, **more: Any) -> dict[str, Any]:
    """Return an observation."""
    return {
        "phenomenonTime": f"2026-01-31T{minute // 60:02}:{minute % 60:02}:00Z",
        "result": result,
        "Datastream": {"@iot.id": stream},
        **more,
    }


def kept(home: Path, stream: int) -> dict[int, float]:
    """Return the identifiers and values of what the store has of a datastream."""
    found = Store(home, lake_at(str(home / "lake"))).rows([stream])
    return dict(zip(found.ids.tolist(), found.value.tolist(), strict=True))


def test_half_of_a_batch_is_wrong_and_the_rest_is_kept_in_order(home: Path, streams: Streams) -> None:
    groups = [
        {
            "Datastream": {"@iot.id": stream},
            "components": ["phenomenonTime", "result"],
            "dataArray": [["2026-01-31T12:00:00Z", 1], ["2026-01-31T12:00:00Z", "?"], ["2026-01-31T12:01:00Z", 2]],
        }
        for stream in (streams.own[0], streams.other, streams.own[1])
    ]
    reply = once(home, streams.key, "CreateObservations", groups)
    links = json.loads(reply.body)
    assert reply.status == 201
    assert [link.startswith("error") for link in links] == [0, 1, 0, 1, 1, 1, 0, 1, 0]
    for stream, of_stream in ((streams.own[0], links[:3]), (streams.own[1], links[6:])):
        ids = [int(link.removeprefix(f"{CITY}{ROOT}/Observations(").rstrip(")")) for link in of_stream[::2]]
        assert [kept(home, stream)[number] for number in ids] == [1.0, 2.0]
    assert kept(home, streams.other) == {}


def test_one_observation_is_answered_with_its_place(home: Path, streams: Streams) -> None:
    stream = streams.own[0]
    reply = once(home, streams.key, "Observations", observation(stream, 5, 21.5))
    entity = json.loads(reply.body)
    assert reply.status == 201
    assert (
        dict(reply.headers)["Location"] == entity["@iot.selfLink"] == f"{CITY}{ROOT}/Observations({entity['@iot.id']})"
    )
    assert kept(home, stream)[entity["@iot.id"]] == 21.5
    addressed = {"result": 3, "phenomenonTime": "2026-01-31T09:00:00Z"}
    again = once(home, streams.key, f"Datastreams({stream})/Observations", addressed)
    assert kept(home, stream)[json.loads(again.body)["@iot.id"]] == 3.0


def test_the_same_again_is_the_same_observation_and_another_value_corrects_it(home: Path, streams: Streams) -> None:
    stream = streams.own[0]
    numbers = [
        json.loads(once(home, streams.key, "Observations", observation(stream, 7, value)).body)["@iot.id"]
        for value in (1.0, 1.0, 2.0)
    ]
    assert len(set(numbers)) == 1
    assert kept(home, stream)[numbers[0]] == 2.0


def test_a_wrong_observation_is_refused_with_what_is_wrong(home: Path, streams: Streams) -> None:
    own = {"Datastream": {"@iot.id": streams.own[0]}}
    cases: list[tuple[Any, str]] = [
        (b"{", "This is no observation"),
        (b'{"result": NaN}', "This is no observation"),
        (b"[]", "This is no observation"),
        ({"result": 1}, "There must be one"),
        ({"phenomenonTime": "9999-12-31T00:00:00Z", "result": 1, **own}, "outside the years"),
        ({"result": "x", **own}, "a number is expected"),
        (own, "result: it is missing"),
        ({"result": 1, "colour": 2, **own}, "colour"),
    ]

    async def work(post: Post) -> None:
        for body, says in cases:
            reply = await post("Observations", body)
            assert reply.status == 400
            assert says in json.loads(reply.body)["detail"]

    sending(home, streams.key, work)
    assert kept(home, streams.own[0]) == {}


def test_errors_have_the_members_that_they_have_from_the_views(
    home: Path, tmp_path: Path, streams: Streams, visitor: Api
) -> None:
    wrong = observation(streams.own[0], result="x")
    [problem] = json.loads(once(home, streams.key, "Observations", wrong).body)["errors"]
    assert (problem["field"], "number is expected" in problem["message"]) == ("result", True)
    told = {
        400: once(home, streams.key, "Observations", wrong),
        401: once(home, "talkoot_wrong", "Observations", wrong),
        403: once(home, streams.key, "Observations", observation(streams.other)),
        503: once(tmp_path, streams.key, "Observations", observation(streams.own[0])),
    }
    from_views = {400: visitor.get("Things?$top=-1", 400), 403: visitor.post("Things", {"name": "a"}, 403)}
    for status, reply in told.items():
        members = json.loads(reply.body)
        assert reply.status == members["status"] == members["code"] == status
        assert members["message"] == members["detail"]
        assert members.keys() == from_views.get(status, from_views[403]).keys()
        assert dict(reply.headers)["Content-Type"] == "application/problem+json"


def test_only_the_keys_own_datastreams_are_written_to(home: Path, streams: Streams) -> None:
    assert once(home, streams.key, "Observations", observation(streams.other)).status == 403
    assert once(home, streams.key, "Observations", observation(2**70)).status == 403
    assert once(home, "talkoot_wrong", "Observations", observation(streams.own[0])).status == 401
    assert kept(home, streams.other) == {}


def test_a_key_that_ends_or_expires_soon_writes_no_more(
    home: Path, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, "KEPT_SECONDS", 0.2)
    token = Token.objects.get(datastreams__pk=streams.own[0])
    expiring = make_key(list(Datastream.objects.filter(pk=streams.own[1])))
    other = Token.objects.filter(datastreams__pk=streams.own[1]).latest("pk")
    Token.objects.filter(pk=other.pk).update(expires_at=timezone.now() + timedelta(seconds=1))

    async def work(post: Post) -> None:
        assert (await post("Observations", observation(streams.own[0]))).status == 201
        await asyncio.to_thread(end_token, operator(), token)
        await asyncio.sleep(0.3)
        assert (await post("Observations", observation(streams.own[0], 1))).status == 401

    sending(home, streams.key, work)
    monkeypatch.setattr(grants, "KEPT_SECONDS", 60.0)

    async def later(post: Post) -> None:
        assert (await post("Observations", observation(streams.own[1]))).status == 201
        await asyncio.sleep(1.1)
        assert (await post("Observations", observation(streams.own[1], 1))).status == 401

    sending(home, expiring, later)


def test_what_describes_other_entities_is_left_to_the_views(home: Path, streams: Streams) -> None:
    async def run() -> None:
        rights = Grants()
        ingest = Ingest(Gathering(AsyncWriterClient(home)), rights)
        deep = observation(streams.own[0], FeatureOfInterest={"name": "a place"})
        assert await ingest.answer(CITY, f"{ROOT}/Observations", streams.key, json.dumps(deep).encode()) is None
        assert await ingest.answer(CITY, f"{ROOT}/Things(1)/Observations", streams.key, b"{}") is None
        await rights.close()

    asyncio.run(run())


def test_while_the_writer_is_away_nothing_is_acknowledged_and_nothing_acknowledged_is_lost(
    tmp_path: Path, streams: Streams
) -> None:
    stream = streams.own[0]
    acknowledged: dict[int, float] = {}
    refused: list[Reply] = []

    async def work(post: Post) -> None:
        async def send(start: int) -> None:
            for number in range(start, 1200, 8):
                reply = await post("Observations", observation(stream, number, float(number)))
                if reply.status == 201:
                    acknowledged[json.loads(reply.body)["@iot.id"]] = float(number)
                else:
                    refused.append(reply)
                    await asyncio.sleep(0.02)

        process = await asyncio.to_thread(start_observer, tmp_path)
        senders = [asyncio.create_task(send(start)) for start in range(8)]
        while len(acknowledged) < 100:
            await asyncio.sleep(0.01)
        process.kill()
        process.wait()
        while not refused:
            await asyncio.sleep(0.01)
        process = await asyncio.to_thread(start_observer, tmp_path)
        before = len(acknowledged)
        try:
            await asyncio.gather(*senders)
            assert len(acknowledged) > before
        finally:
            process.kill()
            process.wait()

    sending(tmp_path, streams.key, work)
    assert {reply.status for reply in refused} == {503}
    assert dict(refused[0].headers)["Retry-After"]
    found = kept(tmp_path, stream)
    assert acknowledged.items() <= found.items()
