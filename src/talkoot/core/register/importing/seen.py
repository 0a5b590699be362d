"""Which things an import has seen, at one bit for each primary key."""

from __future__ import annotations

from collections.abc import Iterable


class SeenThings:
    """A growing set of primary keys. A million keys in a row take 125 kilobytes."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, key: int) -> None:
        """Take the key in."""
        index = key >> 3
        if index >= len(self._bits):
            self._bits.extend(bytes(max(index + 1 - len(self._bits), len(self._bits) // 2, 1024)))
        self._bits[index] |= 1 << (key & 7)

    def update(self, keys: Iterable[int]) -> None:
        """Take all the keys in."""
        for key in keys:
            self.add(key)

    def __contains__(self, key: int) -> bool:
        index = key >> 3
        return index < len(self._bits) and bool(self._bits[index] & 1 << (key & 7))
