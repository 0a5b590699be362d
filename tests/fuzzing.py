"""Requests of every sort by an OpenAPI description, sent to a served city: answers must be as the description says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

CHECKS: Final = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
MODES: Final = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)


Prepare = Callable[[Any, Random], None]


def as_it_is(case: Any, random: Random) -> None:
    """Leave a request as it is."""


@dataclass
class Found:
    """What came of requests: how many there were by status, and what was wrong, by operation."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return sum(self.statuses.values())


def fuzz(
    description: str,
    *,
    examples: int,
    seed: int = 1,
    headers: Mapping[str, str] | None = None,
    paths: str = "",
    prepare: Prepare = as_it_is,
) -> Found:
    """Send `examples` requests to each operation of the description at an address, right and wrong ones.

    Parameters: `seed`, from which the requests follow; `headers` of all; `paths`, a pattern of those that are asked;
    `prepare`, which may change a request.
    """
    schema = schemathesis.openapi.from_url(description)
    if paths:
        schema = schema.include(path_regex=paths)
    found = Found()
    with requests.Session() as session:
        for result in schema.get_all_operations():
            operation = result.ok()
            ask = _asking(operation, found, session, dict(headers or {}), prepare)
            try:
                _bounded(ask, examples, seed)()
            except (Exception, FailureGroup) as error:
                found.faults[operation.label] = str(error)
    return found


def _asking(
    operation: Any, found: Found, session: requests.Session, headers: dict[str, str], prepare: Prepare
) -> Callable[[], None]:
    """Return what sends any request of an operation and checks its answer."""

    @given(
        case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES)),
        random=st.randoms(use_true_random=False),
    )
    def ask(case: Any, random: Random) -> None:
        prepare(case, random)
        response = case.call(session=session, headers=headers, timeout=60)
        found.statuses[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    return ask


def _bounded(ask: Callable[[], None], examples: int, seed: int) -> Callable[[], None]:
    chosen = hypothesis.settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    return hypothesis.seed(seed)(chosen(ask))
