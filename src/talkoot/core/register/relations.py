"""The ways in which things may relate: those that the rooms and programmes declare."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.programmes import programmes
from talkoot.core.base.text import Text


@cache
def relation_types() -> dict[str, Text]:
    """Return the declared types of relations with their names."""
    return {code: name for programme in programmes() for code, name in programme.relations.items()}


def require_declared(types: Iterable[str]) -> None:
    """Raise InvalidError unless each of `types` is declared."""
    if unknown := sorted(set(types) - relation_types().keys()):
        known = ", ".join(sorted(relation_types()))
        words = _("{type!r} is no declared relation.").format(type=unknown[0][:60])
        raise InvalidError("type", words, _("Use one of: {known}.").format(known=known))
