"""Lists of things: what the address asks for, found by the fitting index, page by page.

Without words or a box the whole register is open: pages follow the key, so that the last page is as quick as the
first. A box narrows the register to at most `NARROWED` things, words to the best
`FOUND_BY_WORDS`; these may be sorted in any way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from talkoot.core.base.programmes import kinds
from talkoot.core.register.models import Thing
from talkoot.core.register.queries import Box, search_things, things_in_box
from talkoot.core.ui.incoming import whole_number
from talkoot.core.ui.things import kind_title, title_of

NARROWED: Final = 1000
FOUND_BY_WORDS: Final = 100
PER_PAGE: Final = 50
NEWEST: Final = "-added"
SORTS: Final[dict[str, Callable[[Thing], Any]]] = {
    "name": lambda thing: title_of(thing).casefold(),
    "kind": lambda thing: (kind_title(thing.kind).casefold(), thing.pk),
    "added": lambda thing: thing.pk,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for: words, kinds, an owner's code, a box, and the order."""

    query: str = ""
    kinds: tuple[str, ...] = ()
    owner: str = ""
    box: Box | None = None
    sort: str = NEWEST

    @property
    def is_narrowed(self) -> bool:
        """Whether words or a box narrow the register."""
        return bool(self.query or self.box)

    def parameters(self) -> str:
        """Return the address' query that asks for the same."""
        box = self.box
        pairs = [
            ("q", self.query),
            *(("kind", kind) for kind in self.kinds),
            ("owner", self.owner),
            ("bbox", f"{box.min_lon},{box.min_lat},{box.max_lon},{box.max_lat}" if box else ""),
            ("sort", self.sort if self.sort != NEWEST else ""),
        ]
        return urlencode([(name, value) for name, value in pairs if value])


@dataclass(slots=True)
class Page:
    """One page of a list. `next` is the `after` parameter of the page that follows, "" on the last one.

    `bound` is the most that such a list can hold where it holds that many, else 0.
    """

    things: list[Thing]
    next: str = ""
    bound: int = 0
    columns: tuple[str, ...] = field(default=("added",))


def wanted(query: QueryDict) -> Wanted:
    """Read what a list is asked for out of an address. Unknown kinds are left out.

    Raises InvalidError for a box that is none.
    """
    sort = query.get("sort", NEWEST)
    words = " ".join(query.get("q", "").replace("\x00", "").split())[:200]
    box = box_of(query.get("bbox", ""))
    allowed = SORTS if words or box else {"added": None}
    return Wanted(
        query=words,
        kinds=tuple(kind for kind in query.getlist("kind") if kind in kinds()),
        owner=query.get("owner", "").replace("\x00", "")[:60],
        box=box,
        sort=sort if sort.removeprefix("-") in allowed else ("name" if words or box else NEWEST),
    )


def box_of(text: str) -> Box | None:
    """Read "west,south,east,north" in degrees; None where nothing is given. Raises InvalidError for anything else."""
    return Box.parse(text) if text else None


def page_of(asked: Wanted, after: str) -> Page:
    """Return one page; `after` is what the page before gave as `next`."""
    start = whole_number(after)
    if not asked.is_narrowed:
        return _keyset_page(asked, start)
    found = narrowed(asked)
    shown = found[start : start + PER_PAGE]
    following = start + PER_PAGE
    most = FOUND_BY_WORDS if asked.query else NARROWED
    return Page(
        shown,
        str(following) if following < len(found) else "",
        bound=most if len(found) >= most else 0,
        columns=tuple(SORTS),
    )


def _keyset_page(asked: Wanted, after: int) -> Page:
    things = whole(asked).select_related("owner")
    if asked.sort == NEWEST:
        things = things.order_by("-pk").filter(**({"pk__lt": after} if after else {}))
    else:
        things = things.order_by("pk").filter(pk__gt=after)
    found = list(things[: PER_PAGE + 1])
    return Page(found[:PER_PAGE], str(found[PER_PAGE - 1].pk) if len(found) > PER_PAGE else "")


def whole(asked: Wanted) -> QuerySet[Thing]:
    """Return the open things of the kinds and the owner asked for, without the parts that no list shows."""
    is_open = Q(valid_to__isnull=True) | Q(valid_to__gt=timezone.now())
    things = Thing.objects.defer("geometry", "tags", "attributes", "provenance", "source_digest").filter(is_open)
    if asked.kinds:
        things = things.filter(kind__in=asked.kinds)
    return things.filter(owner__code=asked.owner) if asked.owner else things


def narrowed(asked: Wanted, limit: int = NARROWED) -> list[Thing]:
    """Return the things with the words and in the box, of the kinds and the owner asked for, in the order asked.

    Of a box, at most `limit` things are looked at.
    """
    if asked.query:
        found = search_things(asked.query, limit=FOUND_BY_WORDS, kinds=asked.kinds)
        if asked.box:
            found = [thing for thing in found if _touches(thing, asked.box)]
    else:
        assert asked.box is not None
        found = things_in_box(asked.box, kinds=asked.kinds, limit=limit)
    if asked.owner:
        owners = owners_of(found)
        found = [thing for thing in found if owners.get(thing.owner_id or 0) == asked.owner]
    return sorted(found, key=SORTS[asked.sort.removeprefix("-")], reverse=asked.sort.startswith("-"))


def owners_of(things: list[Thing]) -> dict[int, str]:
    """Return the codes of the things' owners by their keys, in one query."""
    from talkoot.core.people.models import Organisation

    keys = {thing.owner_id for thing in things if thing.owner_id}
    return dict(Organisation.objects.filter(pk__in=keys).values_list("pk", "code")) if keys else {}


def _touches(thing: Thing, box: Box) -> bool:
    if thing.min_lon is None or thing.min_lat is None or thing.max_lon is None or thing.max_lat is None:
        return False
    return (
        thing.min_lon <= box.max_lon
        and thing.max_lon >= box.min_lon
        and thing.min_lat <= box.max_lat
        and thing.max_lat >= box.min_lat
    )


def every(asked: Wanted) -> Iterator[Thing]:
    """Yield all things of a list for an export, a few thousand in memory at a time."""
    if asked.is_narrowed:
        yield from narrowed(asked)
        return
    things = Thing.objects.defer("tags", "source_digest").filter(pk__in=whole(asked).values("pk"))
    yield from things.order_by("pk").iterator(chunk_size=2000)
