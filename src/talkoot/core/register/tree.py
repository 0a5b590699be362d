"""The tree of what stands within what: site, building, floor, room. No thing stands within itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError
from talkoot.core.register.models import Thing

MAX_DEPTH: Final = 20


def require_no_cycles(placed: Sequence[tuple[int, int | None]]) -> None:
    """Raise InvalidError where placing each thing (key) within another (key or None) would close a ring.

    Also raises it where the other does not exist, or the tree would grow deeper than `MAX_DEPTH`.
    """
    parent = dict(placed)
    frontier = {within for within in parent.values() if within is not None} - parent.keys()
    for _level in range(MAX_DEPTH):
        if not frontier:
            break
        found = dict(Thing.objects.filter(pk__in=frontier).values_list("pk", "within_id"))
        if missing := frontier - found.keys():
            words = _("There is no thing with the key {key}.").format(key=min(missing))
            raise InvalidError("within", words, _("Name one that exists."))
        parent.update(found)
        frontier = {within for within in found.values() if within is not None} - parent.keys()
    for thing, _within in placed:
        _climb(thing, parent)


def _climb(thing: int, parent: dict[int, int | None]) -> None:
    above = parent.get(thing)
    for _level in range(MAX_DEPTH):
        if above is None:
            return
        if above == thing:
            words = _("The thing would stand within itself.")
            raise InvalidError("within", words, _("Name one that is not inside it."))
        above = parent.get(above)
    words = _("The tree would be deeper than {depth}.").format(depth=MAX_DEPTH)
    raise InvalidError("within", words, _("Name one further up."))
