"""Forms of this room's pages. They read; the services check."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from talkoot.core.base.errors import InvalidError
from talkoot.core.people.models import Account
from talkoot.core.people.roles import roles
from talkoot.core.people.validation import CODE_LENGTH, EMAIL_LENGTH, NAME_LENGTH, URL_LENGTH


def show_problems(form: forms.Form, error: InvalidError) -> None:
    """Put what a service refused beside the form's fields, or above the form where no field has the name."""
    for problem in error.problems:
        words = f"{problem.message} {problem.fix}".strip()
        name = problem.field.replace(".", "_")
        form.add_error(name if name in form.fields else None, words)


class ProfileForm(forms.Form):
    """What a person says of themselves."""

    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=NAME_LENGTH,
        help_text=_("As others in your organisation will see it. You may leave it empty."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class EraseForm(forms.Form):
    """Confirms an erasure by typing the address of the account."""

    email = forms.CharField(
        label=_("Your e-mail address"),
        max_length=EMAIL_LENGTH,
        help_text=_("Write the address of this account to confirm that it is to be erased."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._account = account

    def clean_email(self) -> str:
        """Accept the account's own address only."""
        email = str(self.cleaned_data["email"]).strip().lower()
        if email != self._account.email:
            raise forms.ValidationError(_("This is not the address of your account."))
        return email


class OrganisationForm(forms.Form):
    """A new organisation."""

    code = forms.CharField(
        label=_("Code"), max_length=CODE_LENGTH, help_text=_("A short name for addresses, such as school-3.")
    )
    name_fi = forms.CharField(label=_("Name in Finnish"), max_length=NAME_LENGTH, required=False)
    name_sv = forms.CharField(label=_("Name in Swedish"), max_length=NAME_LENGTH, required=False)
    name_en = forms.CharField(label=_("Name in English"), max_length=NAME_LENGTH, required=False)
    website = forms.CharField(label=_("Website"), max_length=URL_LENGTH, required=False)


class GrantForm(forms.Form):
    """A role for somebody in an organisation."""

    email = forms.CharField(
        label=_("E-mail address"),
        max_length=EMAIL_LENGTH,
        help_text=_("Of a person who has an account."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"))
    until = forms.DateField(
        label=_("Until"),
        required=False,
        help_text=_("The last day. Leave it empty if the role has no end."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["role"]
        choice.choices = [(role.code, str(role.name)) for role in roles().values()]

    @property
    def valid_to(self) -> datetime | None:
        """The end of the last day in the city's time, or None."""
        day = self.cleaned_data.get("until")
        return timezone.make_aware(datetime(day.year, day.month, day.day, 23, 59, 59)) if day else None


class TrailForm(forms.Form):
    """Which entries of the audit trail to show."""

    verb = forms.CharField(
        label=_("Verb"), required=False, max_length=120, help_text=_("A part of it, such as grant_role.")
    )
    actor = forms.CharField(
        label=_("Key of who did it"), required=False, max_length=40, help_text=_("Or: system, visitor.")
    )
    target = forms.CharField(label=_("Target"), required=False, max_length=200)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
