"""The words of a query option, each with its position."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from talkoot.core.base.errors import InvalidError

MAX_LENGTH: Final = 100_000  # characters of one option
MAX_SHOWN: Final = 40
MAX_NUMBER: Final = 40  # characters

_CLOCK: Final = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,12})?)?"
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
# In an address that was not encoded with care, the + of an offset has become a space.
_DATETIME: Final = rf"{_DATE}T{_CLOCK}(?:Z|[+\- ][0-9]{{2}}:?[0-9]{{2}}(?![0-9]))?"
_HOURS: Final = r"T(?=[0-9])(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?"
DURATION: Final = rf"-?P(?=[0-9T])(?:[0-9]+D)?(?:{_HOURS})?"
_TOKENS: Final = re.compile(
    "|".join(
        (
            r"(?P<space>[ \t\r\n]+)",
            r"(?P<geography>geo(?:graphy|metry)'[^']*')",
            r"(?P<duration>duration'[^']*')",
            rf"(?P<interval>{_DATETIME}/(?:{_DATETIME}|{DURATION}))",
            rf"(?P<datetime>{_DATETIME})",
            rf"(?P<date>{_DATE}(?![0-9:T]))",
            rf"(?P<time>{_CLOCK})",
            r"(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+\-]?[0-9]+)?(?![\w.]))",
            r"(?P<text>'(?:[^']|'')*')",
            r"(?P<word>(?:[^\W\d]|[@$])(?:[\w@]|[.:\-](?=\w))*)",
            r"(?P<mark>[()\[\],;=/*\-])",
        )
    )
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a query: its kind (a group of the grammar above, "end" at the end), its text, and where it begins."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one query option, and its name for messages."""

    option: str
    text: str

    def refuse(self, at: int, message: str, fix: str) -> NoReturn:
        """Raise InvalidError that names the option and the position (counted from 1) of the fault."""
        raise InvalidError(self.option, f"At character {at + 1}: {message}", fix)


def tokens(source: Source) -> list[Token]:
    """Return the words of an option and an "end". Raises InvalidError for what is no word of the language."""
    if len(source.text) > MAX_LENGTH:
        source.refuse(MAX_LENGTH, f"the option is longer than {MAX_LENGTH} characters.", "Ask for less at once.")
    _refuse_signs(source)
    found, at = [], 0
    while at < len(source.text):
        match = _TOKENS.match(source.text, at)
        if match is None or not match.lastgroup:
            _refuse_word(source, at)
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    found.append(Token("end", "", at))
    return found


def shown(text: str) -> str:
    """Return a piece of the query as a message shows it: short and printable."""
    short = text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"
    return "".join(sign if sign.isprintable() else "�" for sign in short)


def _refuse_signs(source: Source) -> None:
    """Raise InvalidError for signs that no database keeps: U+0000 and halves of surrogate pairs."""
    if (sign := re.search("[\0\ud800-\udfff]", source.text)) is not None:
        source.refuse(sign.start(), f"the sign U+{ord(sign.group()):04X} cannot be in a text.", "Leave it out.")


def _refuse_word(source: Source, at: int) -> NoReturn:
    rest = source.text[at : at + MAX_SHOWN]
    if rest.startswith("'") or re.match(r"(geography|geometry|duration)'", rest):
        source.refuse(at, "a quotation mark is never closed.", "Close it; write a quotation mark in a text as ''.")
    source.refuse(at, f"“{shown(rest.split(' ')[0])}” is not understood.", "Compare OData 4.01, URL Conventions.")
