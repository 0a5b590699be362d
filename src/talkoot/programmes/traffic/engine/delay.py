"""How the time on a link grows with its flow: the BPR function and Spiess's conical one, with what one more costs all.

References
----------
Bureau of Public Roads (1964), Traffic Assignment Manual: t = t0 (1 + B x^p), x = flow / capacity.
Spiess, H. (1990), "Conical volume-delay functions", Transportation Science 24(2), 153-158:
t = t0 (2 + sqrt(a^2 (1 - x)^2 + b^2) - a (1 - x) - b), b = (2 a - 1) / (2 a - 2), a > 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkoot.compiled import compiled

BPR: Final = 0
CONICAL: Final = 1

Floats = NDArray[np.float64]


@compiled
def delay(kind: int, t0: float, scale: float, power: float, x: float, system: bool) -> tuple[float, float]:
    """Return the time on a link and its derivative by x, the flow per capacity (not negative).

    `scale` and `power` are B and p of the BPR function; of the conical one `power` is a. With `system` it is the time
    that one more vehicle costs all, t + x dt/dx, and its derivative.
    """
    if kind == CONICAL:
        b = (2.0 * power - 1.0) / (2.0 * power - 2.0)
        away = power * (1.0 - x)
        root = np.sqrt(away * away + b * b)
        time = t0 * (2.0 + root - away - b)
        first = t0 * power * (1.0 - away / root)
        if not system:
            return time, first
        second = t0 * power * power * b * b / (root * root * root)
        return time + x * first, 2.0 * first + x * second
    factor = t0 * scale * (power + 1.0) if system else t0 * scale
    if power == 4.0:
        cube = x * x * x
        return t0 + factor * cube * x, 4.0 * factor * cube
    if power == 0.0:
        return t0 + factor, 0.0
    if x <= 0.0:
        return t0, factor if power == 1.0 else 0.0
    grown = x ** (power - 1.0)
    return t0 + factor * grown * x, factor * power * grown


@compiled
def times(kind: NDArray[np.int8], t0: Floats, scale: Floats, power: Floats, x: Floats) -> Floats:
    """Return the time on each link; the parameters are arrays of what `delay` takes."""
    found = np.empty(len(t0))
    for link in range(len(t0)):
        found[link] = delay(kind[link], t0[link], scale[link], power[link], x[link], False)[0]
    return found


def integral(kind: NDArray[np.int8], t0: Floats, scale: Floats, power: Floats, x: Floats) -> Floats:
    """Return the integral of the time from 0 to x, of each link: Beckmann's objective is its sum times capacity.

    Parameters
    ----------
    kind, t0, scale, power, x : ndarrays of one shape
        As in `delay`.
    """
    bpr = t0 * x * (1.0 + scale * np.power(x, power) / (power + 1.0))
    conical = kind == CONICAL
    if not conical.any():
        return bpr
    return np.where(conical, _conical_integral(t0, np.where(conical, power, 2.0), x), bpr)


def _conical_integral(t0: Floats, a: Floats, x: Floats) -> Floats:
    """Return the conical function's integral; with u = a (1 - x), that of sqrt(u^2 + b^2) is elementary."""
    b = (2.0 * a - 1.0) / (2.0 * a - 2.0)

    def root(u: Floats) -> Floats:
        length = np.hypot(u, b)
        found: Floats = 0.5 * (u * length + b * b * np.log(u + length))
        return found

    from_root = (root(a) - root(a * (1.0 - x))) / a
    return np.asarray(t0 * ((2.0 - b) * x + from_root - a * (x - 0.5 * x * x)), np.float64)
