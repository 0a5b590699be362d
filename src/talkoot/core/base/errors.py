"""The errors that services raise; every door (page, API, shell) shows them in its own form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input: the field, what is wrong, and how to mend it."""

    field: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"{where}{self.message}{' ' + self.fix if self.fix else ''}"


class TalkootError(Exception):
    """Base of every error a service raises on purpose."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def as_problem(self) -> dict[str, Any]:
        """Return the problem details document (RFC 9457, section 3)."""
        return {"type": "about:blank", "title": self.title, "status": self.status, "detail": str(self)}


class InvalidError(TalkootError):
    """The input cannot be accepted; `problems` names each field with its fix."""

    status = 422
    title = "The input has errors"

    def __init__(self, problems: Iterable[Problem] | str, message: str = "", fix: str = "") -> None:
        one = isinstance(problems, str)
        self.problems: list[Problem] = [Problem(problems, message, fix)] if one else list(problems)  # type: ignore[arg-type]
        super().__init__("; ".join(map(str, self.problems)))

    def as_problem(self) -> dict[str, Any]:
        return {**super().as_problem(), "errors": [asdict(problem) for problem in self.problems]}


class NotAllowedError(TalkootError):
    """The actor lacks the permission; the message says who can give it."""

    status = 403
    title = "You may not do this"


class NotFoundError(TalkootError):
    """What was asked for does not exist, or may not be seen."""

    status = 404
    title = "Not found"


class ConflictError(TalkootError):
    """The state of the thing forbids this now (already closed, already running, changed meanwhile)."""

    status = 409
    title = "Not possible in the present state"
