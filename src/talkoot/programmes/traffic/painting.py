"""How roads are painted on a map by the class of their value: colours from little to much; widths say the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

CLASSES: Final = 5
AMOUNTS: Final = tuple(f"var(--amount-{number})" for number in range(1, CLASSES + 1))
CHANGES: Final = ("var(--less-2)", "var(--less-1)", "var(--same)", "var(--more-1)", "var(--more-2)")
WIDTHS: Final = (1.5, 2.5, 3.5, 5.0, 7.0)
SPEED_WIDTHS: Final = (3.0,) * CLASSES
CHANGE_WIDTHS: Final = (5.0, 3.0, 1.5, 3.0, 5.0)


def paint(colours: Sequence[str], widths: Sequence[float], *, offset: bool = False) -> tuple[dict[str, Any], ...]:
    """Return MapLibre's layers of roads by their class: a line with a dark edge, so that pale colours show too.

    With `offset` a line is drawn beside its road's middle, so that both directions of a road are seen.
    """
    sorted_up = {"line-cap": "round", "line-join": "round", "line-sort-key": ["get", "class"]}
    beside = {"line-offset": _by_zoom(widths, 0.0, 0.55)} if offset else {}
    return (
        {
            "type": "line",
            "layout": sorted_up,
            "paint": {"line-color": "var(--ink)", "line-opacity": 0.55, "line-width": _by_zoom(widths, 1.2), **beside},
        },
        {
            "type": "line",
            "layout": sorted_up,
            "paint": {"line-color": _by_class(colours), "line-width": _by_zoom(widths), **beside},
        },
    )


def _by_zoom(widths: Sequence[float], more: float = 0.0, share: float = 1.0) -> list[Any]:
    steps = [
        (zoom, _by_class([round(share * scale * width + more, 2) for width in widths]))
        for zoom, scale in ((11, 0.4), (14, 1.0), (17, 2.4))
    ]
    return ["interpolate", ["linear"], ["zoom"], *(part for step in steps for part in step)]


def _by_class(choices: Sequence[Any]) -> list[Any]:
    steps = [part for number, choice in enumerate(choices[:-1]) for part in (number, choice)]
    return ["match", ["get", "class"], *steps, choices[-1]]
