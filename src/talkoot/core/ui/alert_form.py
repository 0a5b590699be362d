"""The form of a rule that raises alerts: its conditions, who is told, and when messages wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django import forms
from django.forms.boundfield import BoundField
from django.forms.utils import ErrorDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from talkoot.core.observations.alerts.checks import MOST_CONDITIONS
from talkoot.core.observations.alerts.engine import Condition, Demand
from talkoot.core.observations.models import AlertRule
from talkoot.core.people.models import Account
from talkoot.core.ui.conditions import MINUTE, amount, rows

# The form's own names of what services find wrong.
FIELDS: Final = {"duration": "duration_minutes"}
KEPT: Final = ("name", "webhook", "quiet_from", "quiet_to", "quiet_weekends", "quiet_holidays")


def _clock(label: Any, help_text: Any = "") -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, help_text=help_text, required=False, widget=widget)


class RuleForm(forms.Form):
    """A rule's name, conditions (`rows`), messages and quiet time; `unit` is that of its values."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("What people read in the list of alerts and in messages."),
        max_length=120,
        error_messages={"required": gettext_lazy("Give the rule a name.")},
    )
    combine = forms.ChoiceField(
        label=gettext_lazy("Where there are several conditions"),
        choices=[("any", gettext_lazy("any one is enough")), ("all", gettext_lazy("all at the same time"))],
        widget=forms.RadioSelect,
        initial="any",
    )
    duration_minutes = amount(
        gettext_lazy("Only after it has lasted for minutes"),
        gettext_lazy("So that a short peak is no alert. At once if you give nothing."),
        min_value=0,
        max_value=7 * 1440,
    )
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
    quiet_from = _clock(gettext_lazy("Quiet from"))
    quiet_to = _clock(gettext_lazy("Quiet until"), gettext_lazy("An earlier time than the first is on the next day."))
    quiet_weekends = forms.BooleanField(label=gettext_lazy("Quiet on Saturdays and Sundays"), required=False)
    quiet_holidays = forms.BooleanField(
        label=gettext_lazy("Quiet on public holidays and the city's days off"), required=False
    )

    def __init__(
        self,
        accounts: Iterable[Account],
        unit: str,
        data: Any = None,
        initial: Any = None,
        conditions: Sequence[Condition] = (),
    ) -> None:
        super().__init__(data, initial=initial)
        self.rows = rows(data, conditions, unit)
        self._accounts = {str(account.pk): account for account in accounts}
        people = self.fields["people"]
        assert isinstance(people, forms.MultipleChoiceField)
        people.choices = [(key, f"{account} ({account.email})") for key, account in self._accounts.items()]

    @property
    def may_add(self) -> bool:
        """Whether there is room for another condition."""
        return len(self.rows) < MOST_CONDITIONS

    def hold_errors_back(self) -> None:
        """Say of nothing that it is wrong: more is still to be given."""
        for form in (self, *self.rows):
            form._errors = ErrorDict(renderer=form.renderer)  # type: ignore[attr-defined]

    def messages(self) -> list[BoundField]:
        """Return the fields of who is told."""
        return [self[name] for name in ("people", "webhook")]

    def quiet(self) -> list[BoundField]:
        """Return the fields of when messages wait."""
        return [self[name] for name in ("quiet_from", "quiet_to", "quiet_weekends", "quiet_holidays")]

    def clean(self) -> dict[str, Any]:
        """Ask for at least one condition, and for all of them to make sense."""
        if [row for row in self.rows if row.is_bound and not row.is_valid()]:
            raise forms.ValidationError(_("A condition needs to be corrected."))
        if not self.errors and not self._conditions():
            raise forms.ValidationError(_("Give at least one condition: a value, a change or a silence."))
        return self.cleaned_data

    def demand(self) -> Demand:
        """Return what the rule asks."""
        duration = (self.cleaned_data["duration_minutes"] or 0.0) * MINUTE
        return Demand(tuple(self._conditions()), self.cleaned_data["combine"], duration)

    def _conditions(self) -> list[Condition]:
        found = [row.condition() for row in self.rows if row.is_bound]
        return [condition for condition in found if condition is not None]

    def values(self) -> dict[str, Any]:
        """Return what the services of rules take, beside what the rule is about."""
        people = [self._accounts[key] for key in self.cleaned_data["people"]]
        return {name: self.cleaned_data[name] for name in KEPT} | {"demand": self.demand(), "people": people}


def initial_of(rule: AlertRule, demand: Demand) -> Mapping[str, Any]:
    """Return a rule, but for its conditions, as the form shows it."""
    initial: dict[str, Any] = {name: getattr(rule, name) for name in KEPT}
    return initial | {
        "combine": demand.combine,
        "duration_minutes": demand.duration / MINUTE or None,
        "people": [str(key) for key in rule.people.values_list("pk", flat=True)],
    }
