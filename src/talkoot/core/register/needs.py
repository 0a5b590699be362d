"""What every question to the register must meet."""

from __future__ import annotations

from collections.abc import Sequence

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.programmes import kinds as declared_kinds


def require_kinds(kinds: Sequence[str]) -> None:
    """Raise InvalidError unless each kind is declared."""
    if unknown := [kind for kind in kinds if kind not in declared_kinds()]:
        known = ", ".join(sorted(declared_kinds()))
        raise InvalidError("kind", f"{unknown[0][:60]!r} is no declared kind.", f"Use one of: {known}.")


def require_count(field: str, count: int, most: int) -> None:
    """Raise InvalidError unless 1 <= count <= most."""
    if not 1 <= count <= most:
        raise InvalidError(field, f"{count} is out of range.", f"Give 1 to {most}.")
