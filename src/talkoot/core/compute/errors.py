"""How work ends before its end. Raised by `progress`; a procedure or task lets them pass."""

from __future__ import annotations

from talkoot.core.base.errors import TalkootError


class Interrupted(BaseException):
    """Base of what ends work from outside: no error, so that work which catches every Exception lets it pass."""


class Cancelled(Interrupted):
    """Somebody asked to cancel the job."""


class Stopping(Interrupted):
    """The worker stops; the job goes back to the queue."""


class LeaseLost(Interrupted):
    """Another worker holds the job now: nothing may be written any more."""


class TryAgainError(TalkootError):
    """What the work needs is away for now: it is worth another try later."""

    status = 503
    title = "Not possible just now"
