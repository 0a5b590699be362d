"""Reading the words of an option one after another, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

from talkoot.core.observations.sta.query.lexer import Source, Token, shown, tokens

MAX_TERMS: Final = 500  # names and values in one option
MAX_NESTING: Final = 40  # brackets in brackets, and operators on operators
MAX_NAVIGATION: Final = 6  # navigation properties on the way to one property
MAX_EXPAND_DEPTH: Final = 6
MAX_EXPANDS: Final = 100


class Cursor:
    """Where one is in the words of an option."""

    def __init__(self, source: Source) -> None:
        """Begin at the first word. Raises InvalidError for what is no word of the language."""
        self.source = source
        self._tokens = tokens(source)
        self._next = 0
        self._terms = 0
        self._expands = 0
        self._nesting = 0

    @property
    def token(self) -> Token:
        """The word to be read next."""
        return self._tokens[self._next]

    def take(self) -> Token:
        """Return the next word and go on behind it; the end stays the end."""
        token = self.token
        if token.kind != "end":
            self._next += 1
        return token

    def accept(self, *texts: str) -> Token | None:
        """Take the next word if it is one of these marks or words, else leave it and return None."""
        token = self.token
        return self.take() if token.kind in ("mark", "word") and token.text in texts else None

    def expect(self, text: str, fix: str) -> Token:
        """Take the mark `text`. Raises InvalidError where something else stands."""
        return self.accept(text) or self.unexpected(f"“{text}”", fix)

    def word(self, what: str, fix: str) -> Token:
        """Take a name. Raises InvalidError where something else stands."""
        return self.take() if self.token.kind == "word" else self.unexpected(what, fix)

    def end(self) -> None:
        """Raise InvalidError unless everything is read."""
        if self.token.kind != "end":
            self.unexpected("the end of the option", "Join conditions with and, or; close brackets once.")

    def unexpected(self, wanted: str, fix: str) -> NoReturn:
        """Raise InvalidError that says what was expected where the next word stands."""
        there = f"not “{shown(self.token.text)}”" if self.token.kind != "end" else "but the option ends"
        self.refuse(self.token.at, f"{wanted} is expected here, {there}.", fix)

    def refuse(self, at: int, message: str, fix: str) -> NoReturn:
        """Raise InvalidError for what stands at the position `at`."""
        self.source.refuse(at, message, fix)

    def count_term(self) -> None:
        """Count a name or a value. Raises InvalidError for one too many."""
        self._terms += 1
        if self._terms > MAX_TERMS:
            self.refuse(self.token.at, f"there are more than {MAX_TERMS} names and values.", "Ask in several requests.")

    def count_expand(self) -> None:
        """Count an expanded property. Raises InvalidError for one too many."""
        self._expands += 1
        if self._expands > MAX_EXPANDS:
            self.refuse(self.token.at, f"more than {MAX_EXPANDS} properties are expanded.", "Ask in several requests.")

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Read what stands in a bracket. Raises InvalidError where brackets are nested too deep."""
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            self.refuse_depth(self.token.at)
        yield
        self._nesting -= 1

    def refuse_depth(self, at: int) -> NoReturn:
        """Raise InvalidError for an expression that is nested too deep."""
        self.refuse(at, f"the expression is nested deeper than {MAX_NESTING} levels.", "Write it in fewer levels.")
