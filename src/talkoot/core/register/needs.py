"""What every question to the register must meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.programmes import kinds as declared_kinds

LAST_KEY: Final = 2**63 - 1


def require_kinds(kinds: Sequence[str]) -> None:
    """Raise InvalidError unless each kind is declared."""
    if unknown := [kind for kind in kinds if kind not in declared_kinds()]:
        known = ", ".join(sorted(declared_kinds()))
        raise InvalidError("kind", f"{unknown[0][:60]!r} is no declared kind.", f"Use one of: {known}.")


def require_count(field: str, count: int, most: int) -> None:
    """Raise InvalidError unless 1 <= count <= most."""
    if not 1 <= count <= most:
        raise InvalidError(field, f"{count} is out of range.", f"Give 1 to {most}.")


def require_key(field: str, key: int) -> None:
    """Raise InvalidError unless `key` can be a primary key, or 0 for the place before the first."""
    if not 0 <= key <= LAST_KEY:
        raise InvalidError(field, "This is no place in the list.", "Follow the address in `next` of the page before.")
