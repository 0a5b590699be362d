"""The gardens as open data and on the home page."""

from collections.abc import Iterator
from typing import Any

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import Figure
from talkoot.core.register.models import Thing


def rows() -> Iterator[dict[str, Any]]:
    """Yield the open gardens, one flat row each."""
    for garden in Thing.objects.filter(kind="community_garden", valid_to__isnull=True).iterator():
        yield {"uid": str(garden.uid), "name": str(garden.name), "area_m2": garden.attributes.get("area_m2")}


def figures(actor: Actor) -> list[Figure]:
    """Return the number of gardens."""
    number = Thing.objects.filter(kind="community_garden", valid_to__isnull=True).count()
    return [Figure(title="Gardens", value=str(number), unit="gardens", source="the register", badge="registered")]
