"""What a rule must meet before it is kept: numbers that make sense, an address that leads outside."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import msgspec
from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError, Problem
from talkoot.core.observations.alerts import webhooks
from talkoot.core.observations.alerts.engine import Above, Below, Condition, Demand, Rate, Stale
from talkoot.core.observations.alerts.models import AlertRule

MOST_CONDITIONS: Final = 5
MOST_SECONDS: Final = 366 * 86400
MOST_DURATION: Final = 7 * 86400
OVER: Final = (1.0, 86400.0)  # seconds that a rate may be measured over


def line(field: str, text: str, limit: int) -> str:
    """Return one line of text without outer white space. Raises InvalidError where it is long or has line breaks."""
    found = text.strip()
    if len(found) > limit or any(unicodedata.category(character) in ("Cc", "Cs") for character in found):
        raise InvalidError(field, _("This is too long or no line of text."), _("Use at most %d characters.") % limit)
    return found


def demand_json(demand: Demand | Mapping[str, Any]) -> dict[str, Any]:
    """Return a demand as it is kept. Raises InvalidError with each of its fields that makes no sense."""
    if not isinstance(demand, Demand):
        try:
            demand = msgspec.convert(demand, Demand)
        except msgspec.ValidationError as error:
            raise InvalidError("demand", str(error), _("Write it as the documentation shows.")) from error
    if problems := list(_problems(demand)):
        raise InvalidError(problems)
    return dict(msgspec.json.decode(msgspec.json.encode(demand)))


def _problems(demand: Demand) -> Iterator[Problem]:
    if not 1 <= len(demand.conditions) <= MOST_CONDITIONS:
        yield Problem("demand", _("The rule has no condition, or too many."), _("Give 1 to %d.") % MOST_CONDITIONS)
    if not 0 <= demand.duration <= MOST_DURATION:
        yield Problem("duration", _("This is no time to wait."), _("Give 0 to 7 days."))
    for condition in demand.conditions:
        yield from condition_problems(condition)


def condition_problems(condition: Condition) -> Iterator[Problem]:
    """Yield what makes no sense in a condition; the field is its kind, with "_clear" where it ends."""
    field = str(condition.__struct_config__.tag)
    numbers = msgspec.structs.astuple(condition)
    if not all(math.isfinite(number) for number in numbers):
        yield Problem(field, _("This is no number."), _("Give a finite number."))
        return
    match condition:
        case Above(raise_at, clear_at) if clear_at > raise_at:
            yield Problem(f"{field}_clear", _("The alert would end above where it begins."), _("Give a lower number."))
        case Below(raise_at, clear_at) if clear_at < raise_at:
            yield Problem(f"{field}_clear", _("The alert would end below where it begins."), _("Give a higher number."))
        case Rate(raise_at, clear_at, over):
            if raise_at <= 0 or not 0 <= clear_at <= raise_at:
                yield Problem(field, _("This is no change."), _("Give numbers above 0, the lower one for the end."))
            if not OVER[0] <= over <= OVER[1]:
                yield Problem(field, _("A change is measured over a second to a day."), _("Give another time."))
        case Stale(seconds) if not 1 <= seconds <= MOST_SECONDS:
            yield Problem(field, _("This is no time of silence."), _("Give a second to a year."))


def require_sound(rule: AlertRule, allowed: Collection[str]) -> None:
    """Raise InvalidError with each field of a rule, beside its demand, that makes no sense."""
    problems = []
    rule.name = line("name", rule.name, 120)
    if not rule.name:
        problems.append(Problem("name", _("The name is missing."), _("Give one.")))
    if (rule.quiet_from is None) != (rule.quiet_to is None):
        problems.append(Problem("quiet_to", _("Quiet time needs a beginning and an end."), _("Give both or neither.")))
    elif rule.quiet_from is not None and rule.quiet_from == rule.quiet_to:
        problems.append(Problem("quiet_to", _("Quiet time would have no length."), _("Give another end.")))
    if rule.webhook and (problem := webhook_problem(rule.webhook, allowed)):
        problems.append(Problem("webhook", problem, _("Give an https address on the open internet.")))
    if problems:
        raise InvalidError(problems)


def webhook_problem(url: str, allowed: Collection[str]) -> str:
    """Return why an address cannot be called, as far as it can be told without calling it; "" where it can."""
    if len(url) > 500:
        return _("The address is too long.")
    try:
        webhooks.resolve(webhooks.parse(url), allowed)
    except webhooks.WebhookError as error:
        return str(error)
    return ""
