"""The conditions of a rule that raises alerts: rows of its form, and how they are told in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from talkoot.core.observations.alerts.checks import MOST_CONDITIONS, condition_problems
from talkoot.core.observations.alerts.engine import Above, Below, Condition, Demand, Rate, Stale
from talkoot.core.ui.forms import AmountInput
from talkoot.core.ui.templatetags.ui import number

MINUTE: Final = 60.0
RATE_MINUTES: Final = 10.0
PREFIX: Final = "condition-"
SORTS: Final = [
    ("above", gettext_lazy("the value is at or above")),
    ("below", gettext_lazy("the value is at or below")),
    ("rate", gettext_lazy("the value changes in an hour by")),
    ("stale", gettext_lazy("no reading has come for")),
]


def amount(label: Any, help_text: Any = "", **bounds: float) -> forms.FloatField:
    """Return a field for a number that may be left empty."""
    widget = AmountInput(attrs={"step": "any", "inputmode": "decimal"})
    return forms.FloatField(label=label, help_text=help_text, required=False, widget=widget, **bounds)  # type: ignore[arg-type]


class ConditionForm(forms.Form):
    """One condition: of which sort, and its numbers; without a first number it is none. `unit` is the values'."""

    sort = forms.ChoiceField(label=gettext_lazy("When"), choices=SORTS, initial="above")
    limit = amount(gettext_lazy("Value"))
    minutes = amount(gettext_lazy("Minutes"), min_value=0.02, max_value=366 * 1440)
    back = amount(gettext_lazy("It ends when the value is back at"))
    over = amount(gettext_lazy("Measured over minutes"), min_value=0.02, max_value=1440)

    def __init__(self, place: int, unit: str, data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial, prefix=f"{PREFIX}{place}")
        self.number = place + 1
        for name in ("limit", "back") if unit else ():
            self.fields[name].label = f"{self.fields[name].label} ({unit})"

    def clean(self) -> dict[str, Any]:
        """Say at its field what makes no sense."""
        condition = None if self.errors else self.condition()
        for problem in condition_problems(condition) if condition else ():
            field = "back" if problem.field.endswith("_clear") else "minutes" if problem.field == "stale" else "limit"
            self.add_error(field, f"{problem.message} {problem.fix}".strip())
        return self.cleaned_data

    def condition(self) -> Condition | None:
        """Return the condition, None where no first number was given."""
        given = self.cleaned_data
        sort, limit = given["sort"], given["limit"]
        if sort == "stale":
            return None if given["minutes"] is None else Stale(given["minutes"] * MINUTE)
        if limit is None:
            return None
        if sort == "rate":
            return Rate(limit, limit, (given["over"] or RATE_MINUTES) * MINUTE)
        back = limit if given["back"] is None else given["back"]
        return Above(limit, back) if sort == "above" else Below(limit, back)


def rows(data: Any, conditions: Sequence[Condition], unit: str) -> list[ConditionForm]:
    """Return the rows of what was sent, else of these conditions with an empty one where there are none.

    What was sent with `add` gets one row more, up to as many as a rule may have.
    """
    if data is None:
        found = [initial_of(condition) for condition in conditions] or [{}]
        return [ConditionForm(place, unit, initial=initial) for place, initial in enumerate(found)]
    count = sum(f"{PREFIX}{place}-sort" in data for place in range(MOST_CONDITIONS))
    made = [ConditionForm(place, unit, data) for place in range(count)]
    if not made or ("add" in data and len(made) < MOST_CONDITIONS):
        made.append(ConditionForm(len(made), unit))
    return made


def initial_of(condition: Condition) -> Mapping[str, Any]:
    """Return a condition as a row shows it."""
    match condition:
        case Above(raise_at, clear_at):
            return {"sort": "above", "limit": raise_at, "back": clear_at}
        case Below(raise_at, clear_at):
            return {"sort": "below", "limit": raise_at, "back": clear_at}
        case Rate(raise_at, _clear_at, over):
            return {"sort": "rate", "limit": raise_at, "over": over / MINUTE}
        case Stale(seconds):
            return {"sort": "stale", "minutes": seconds / MINUTE}


def in_words(demand: Demand, unit: str) -> str:
    """Return what a rule asks, in words."""
    joint = _(" and ") if demand.combine == "all" else _(" or ")
    words = joint.join(_words(demand.conditions, f" {unit}" if unit else ""))
    if demand.duration:
        words = _("{conditions}, for {minutes}").format(conditions=words, minutes=_minutes(demand.duration))
    return words


def _words(conditions: Iterable[Condition], unit: str) -> Iterable[str]:
    for condition in conditions:
        match condition:
            case Above(raise_at, _clear_at):
                yield _("at or above {value}").format(value=f"{number(raise_at)}{unit}")
            case Below(raise_at, _clear_at):
                yield _("at or below {value}").format(value=f"{number(raise_at)}{unit}")
            case Rate(raise_at, _clear_at, _over):
                yield _("changes by {value} an hour").format(value=f"{number(raise_at)}{unit}")
            case Stale(seconds):
                yield _("no reading for {minutes}").format(minutes=_minutes(seconds))


def _minutes(seconds: float) -> str:
    minutes = float(f"{seconds / MINUTE:.3g}")
    return ngettext("{count} minute", "{count} minutes", round(minutes) if minutes >= 1 else 2).format(
        count=number(minutes)
    )
