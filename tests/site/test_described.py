"""Whatever is asked of the described interfaces: no failure of ours, no answer that the description does not have."""

from __future__ import annotations

import json
import subprocess
import sys
from random import Random
from typing import Any

import pytest

from talkoot.core.observations.sta.query.schema import COLLECTIONS, ID
from tests.fuzzing import Found, fuzz
from tests.site.conftest import Served

# Prints a key that may write everything that is of SensorThings, and a reading's place to look for.
SEED = """
import json
from talkoot.cli.main import setup_django
setup_django()
from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.text import Text
from talkoot.core.observations.services import make_token
from talkoot.core.people.services import create_account, ensure_organisation, grant_role
city = ensure_organisation(operator(), code="city", name=Text(en="City"), is_city=True)
account = create_account(operator(), email="editor@city.example", name="editor")
for role in ("register_editor", "operator"):
    grant_role(operator(), account, city, role)
print(json.dumps(make_token(Actor(account=account), name="editor")[1]))
"""
WORDS = ("eq", "ne", "gt", "le")
VALUES = ("1", "-2.5", "'a'", "null", "true", "2026-01-01T00:00:00Z", "duration'PT1H'", "geography'POINT (24.9 60.2)'")


@pytest.fixture(scope="module")
def key(served: Served) -> dict[str, str]:
    """The headers of who may write."""
    done = subprocess.run([sys.executable, "-c", SEED], env=served.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {"Authorization": f"Bearer {json.loads(done.stdout)}"}


def likely(case: Any, random: Random) -> None:
    """Let most requests be of entities that there are, and many query options name what there is."""
    if case.path_parameters and "id" in case.path_parameters and random.random() < 0.8:
        case.path_parameters["id"] = random.randint(1, 4)
    entity = COLLECTIONS.get(case.path.strip("/").partition("(")[0].partition("/")[0])
    if entity is None or case.method != "GET" or random.random() < 0.4:
        return
    names = [name for name in entity.properties if name != ID]
    query: dict[str, Any] = dict(case.query or {}) if isinstance(case.query, dict) else {}
    for option in [name for name in query if name in ("$filter", "$orderby", "$select", "$expand")]:
        name = random.choice(names)
        query[option] = {
            "$filter": f"{name} {random.choice(WORDS)} {random.choice(VALUES)}",
            "$orderby": f"{name} {random.choice(('asc', 'desc'))}",
            "$select": ",".join(random.sample(names, min(2, len(names)))),
            "$expand": random.choice([*entity.navigations]),
        }[option]
    case.query = query


def faultless(found: Found, least: int) -> None:
    """Check that nothing was wrong with at least so many requests."""
    assert found.faults == {}
    assert found.requests >= least


def test_a_few_requests_of_each_sort_are_answered_as_described(served: Served, key: dict[str, str]) -> None:
    root = f"http://127.0.0.1:{served.port}"
    faultless(fuzz(f"{root}/api/v1/openapi.json", examples=2), 25)
    sets_and_entities = r"^/[$A-Z][A-Za-z]+(\(\{id\}\))?$"
    found = fuzz(f"{root}/sensorthings/v1.1/api", examples=1, headers=key, paths=sets_and_entities, prepare=likely)
    faultless(found, 50)


@pytest.mark.slow
@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_many_requests_are_answered_as_described(writes: bool, seed: int, served: Served, key: dict[str, str]) -> None:
    root, headers = f"http://127.0.0.1:{served.port}", key if writes else {}
    faultless(fuzz(f"{root}/api/v1/openapi.json", examples=100, seed=seed, headers=headers), 1_000)
    description = f"{root}/sensorthings/v1.1/api"
    faultless(fuzz(description, examples=15, seed=seed, headers=headers, prepare=likely), 2_000)
