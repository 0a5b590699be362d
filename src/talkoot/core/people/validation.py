"""Checks of what people write about themselves and their organisations."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email, validate_slug
from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.text import LANGUAGES, Text
from talkoot.core.people.models import Account

NAME_LENGTH: Final = 120
EMAIL_LENGTH: Final = 254
CODE_LENGTH: Final = 60
URL_LENGTH: Final = 200


def unknown(value: str) -> str:
    """Say that a value is not among those there are."""
    return _("{value} is not known.").format(value=repr(value))


def choose(values: Iterable[str]) -> str:
    """Say which values there are."""
    return _("Choose one of: {values}.").format(values=", ".join(values))


def clean_line(field: str, value: str, limit: int = NAME_LENGTH) -> str:
    """Return one line of text without outer white space.

    Raises InvalidError where it is longer than `limit` or holds control characters (line breaks, NUL, overrides of
    the writing direction). Anything else is kept as it is: pages escape what they show.
    """
    line = value.strip()
    if len(line) > limit:
        raise InvalidError(
            field,
            _("It has {number} characters.").format(number=len(line)),
            _("Use at most {number}.").format(number=limit),
        )
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in line):
        raise InvalidError(field, _("It holds invisible control characters."), _("Write it on one line, by hand."))
    return line


def clean_email(value: str) -> str:
    """Return the address in lower case, or raise InvalidError."""
    email = clean_line("email", value, EMAIL_LENGTH).lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidError(
            "email",
            _("{email} is no e-mail address.").format(email=repr(email)),
            _("Write it as name@example.org."),
        ) from error
    return email


def clean_language(value: str) -> str:
    """Return the language's code, or raise InvalidError."""
    if value not in LANGUAGES:
        raise InvalidError("language", unknown(value), choose(LANGUAGES))
    return value


def clean_code(value: str) -> str:
    """Return an organisation's code, or raise InvalidError."""
    code = clean_line("code", value, CODE_LENGTH)
    try:
        validate_slug(code)
    except ValidationError as error:
        raise InvalidError(
            "code", _("{code} is no code.").format(code=repr(code)), _("Use letters a-z, digits, - and _.")
        ) from error
    return code


def clean_name(value: Text) -> Text:
    """Return an organisation's name in the languages present, or raise InvalidError."""
    name = Text(**{code: clean_line(f"name.{code}", text) for code, text in value.as_dict().items()})
    if not name:
        raise InvalidError("name", _("It is empty."), _("Give it in at least one language."))
    return name


def clean_website(value: str) -> str:
    """Return the address of a website, "" for none, or raise InvalidError."""
    url = clean_line("website", value, URL_LENGTH)
    try:
        if url:
            URLValidator(schemes=["http", "https"])(url)
    except ValidationError as error:
        raise InvalidError(
            "website", _("{url} is no web address.").format(url=repr(url)), _("Begin it with https://.")
        ) from error
    return url


def check_password(password: str, account: Account) -> None:
    """Raise InvalidError, with every rule that is broken, unless the password is good enough for the account."""
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise InvalidError("password", " ".join(error.messages), _("Choose a longer, less common one.")) from error
