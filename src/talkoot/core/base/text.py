"""Text in the city's three languages: one type for names in code and in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LANGUAGES: Final = ("fi", "sv", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """A short text in Finnish, Swedish and English; `str()` gives the active language.

    A language that is absent is an empty string, and the first that is present stands in for it.
    """

    fi: str = ""
    sv: str = ""
    en: str = ""

    def in_language(self, language: str | None) -> str:
        """Return the text in `language`, else in Finnish, Swedish or English, whichever is first present."""
        wanted = (language or "")[:2]
        chosen = getattr(self, wanted) if wanted in LANGUAGES else ""
        return chosen or self.fi or self.sv or self.en

    def __str__(self) -> str:
        from django.utils.translation import get_language  # the shell's --help does without Django

        return self.in_language(get_language())

    def __bool__(self) -> bool:
        return bool(self.fi or self.sv or self.en)

    def as_dict(self) -> dict[str, str]:
        """Return only the languages present, as the JSON forms of the API use them."""
        return {code: value for code in LANGUAGES if (value := getattr(self, code))}

    @classmethod
    def of(cls, value: Text | Mapping[str, str] | str | None) -> Text:
        """Make a Text of a mapping by language; a plain string is taken for every language as one (Finnish)."""
        if value is None:
            return cls()
        if isinstance(value, Text):
            return value
        if isinstance(value, str):
            return cls(fi=value)
        return cls(**{code: str(value[code]) for code in LANGUAGES if value.get(code)})
