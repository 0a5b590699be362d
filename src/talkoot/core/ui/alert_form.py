"""The form of a rule that raises alerts: at most one condition of each sort, and who is told when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from talkoot.core.observations.alerts.engine import Above, Below, Condition, Demand, Rate, Stale
from talkoot.core.observations.models import AlertRule
from talkoot.core.people.models import Account

MINUTE: Final = 60.0
RATE_MINUTES: Final = 10.0
# The form's own names of what services find wrong.
FIELDS: Final = {"duration": "duration_minutes", "stale": "silent_minutes", "rate_clear": "rate"}


def _number(label: Any, help_text: Any = "", **bounds: float) -> forms.FloatField:
    widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
    return forms.FloatField(label=label, help_text=help_text, required=False, widget=widget, **bounds)  # type: ignore[arg-type]


def _clock(label: Any, help_text: Any = "") -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, help_text=help_text, required=False, widget=widget)


class RuleForm(forms.Form):
    """A rule's name, conditions, messages and quiet time; `unit` is that of its values."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    above = _number(gettext_lazy("Alert from this value up"))
    above_clear = _number(
        gettext_lazy("…until it is back down at"),
        gettext_lazy("Somewhat lower, so that one alert does not become many."),
    )
    below = _number(gettext_lazy("Alert from this value down"))
    below_clear = _number(gettext_lazy("…until it is back up at"), gettext_lazy("Somewhat higher."))
    rate = _number(gettext_lazy("Alert when it changes by so much an hour"), gettext_lazy("Up or down."), min_value=0)
    rate_minutes = _number(
        gettext_lazy("…measured over minutes"), gettext_lazy("10 if you give nothing."), min_value=0.02, max_value=1440
    )
    silent_minutes = _number(
        gettext_lazy("Alert when nothing has come for minutes"), min_value=0.02, max_value=366 * 1440
    )
    combine = forms.ChoiceField(
        label=gettext_lazy("Where you gave several"),
        choices=[("any", gettext_lazy("any one is enough")), ("all", gettext_lazy("all at the same time"))],
        widget=forms.RadioSelect,
        initial="any",
    )
    duration_minutes = _number(gettext_lazy("Only after it has lasted for minutes"), min_value=0, max_value=7 * 1440)
    people = forms.MultipleChoiceField(
        label=gettext_lazy("Tell by e-mail"), required=False, widget=forms.CheckboxSelectMultiple
    )
    webhook = forms.CharField(
        label=gettext_lazy("Tell a program (webhook)"),
        help_text=gettext_lazy("An https address on the open internet. It is sent JSON with a signature."),
        max_length=500,
        required=False,
        widget=forms.URLInput,
    )
    quiet_from = _clock(
        gettext_lazy("Quiet from"), gettext_lazy("Messages wait until the quiet is over; this page does not.")
    )
    quiet_to = _clock(gettext_lazy("Quiet until"))
    quiet_weekends = forms.BooleanField(label=gettext_lazy("Quiet on Saturdays and Sundays"), required=False)
    quiet_holidays = forms.BooleanField(
        label=gettext_lazy("Quiet on public holidays and the city's days off"), required=False
    )

    def __init__(self, accounts: Iterable[Account], unit: str, data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self._accounts = {str(account.pk): account for account in accounts}
        people = self.fields["people"]
        assert isinstance(people, forms.MultipleChoiceField)
        people.choices = [(key, f"{account} ({account.email})") for key, account in self._accounts.items()]
        if unit:
            for name in ("above", "above_clear", "below", "below_clear", "rate"):
                self.fields[name].label = f"{self.fields[name].label} ({unit})"

    def clean(self) -> dict[str, Any]:
        """Ask for at least one condition."""
        given = self.cleaned_data
        if not self.errors and not self._conditions():
            raise forms.ValidationError(_("Give at least one condition: a value, a change or a silence."))
        return given

    def demand(self) -> Demand:
        """Return what the rule asks."""
        duration = (self.cleaned_data["duration_minutes"] or 0.0) * MINUTE
        return Demand(tuple(self._conditions()), self.cleaned_data["combine"], duration)

    def _conditions(self) -> Sequence[Condition]:
        given = self.cleaned_data
        found: list[Condition] = []
        for name, condition in (("above", Above), ("below", Below)):
            if (raise_at := given[name]) is not None:
                clear_at = given[f"{name}_clear"]
                found.append(condition(raise_at, raise_at if clear_at is None else clear_at))
        if given["rate"] is not None:
            over = given["rate_minutes"] or RATE_MINUTES
            found.append(Rate(given["rate"], given["rate"], over * MINUTE))
        if given["silent_minutes"] is not None:
            found.append(Stale(given["silent_minutes"] * MINUTE))
        return found

    def values(self) -> dict[str, Any]:
        """Return what the services of rules take, beside what the rule is about."""
        same = ("name", "webhook", "quiet_from", "quiet_to", "quiet_weekends", "quiet_holidays")
        people = [self._accounts[key] for key in self.cleaned_data["people"]]
        return {name: self.cleaned_data[name] for name in same} | {"demand": self.demand(), "people": people}


def initial_of(rule: AlertRule, demand: Demand) -> Mapping[str, Any]:
    """Return a rule as the form shows it."""
    same = ("name", "webhook", "quiet_from", "quiet_to", "quiet_weekends", "quiet_holidays")
    initial: dict[str, Any] = {name: getattr(rule, name) for name in same}
    initial |= {
        "combine": demand.combine,
        "duration_minutes": demand.duration / MINUTE or None,
        "people": [str(key) for key in rule.people.values_list("pk", flat=True)],
    }
    for condition in demand.conditions:
        match condition:
            case Above(raise_at, clear_at):
                initial |= {"above": raise_at, "above_clear": clear_at}
            case Below(raise_at, clear_at):
                initial |= {"below": raise_at, "below_clear": clear_at}
            case Rate(raise_at, _clear_at, over):
                initial |= {"rate": raise_at, "rate_minutes": over / MINUTE}
            case Stale(seconds):
                initial |= {"silent_minutes": seconds / MINUTE}
    return initial
