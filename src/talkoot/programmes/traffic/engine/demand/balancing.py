"""Iterative proportional fitting: brings an array to totals along each of its axes.

Each turn scales the array along one axis after the other to the totals there. Cells that are 0 stay 0. What is found is
the array nearest to the seed, in relative entropy, that has these totals.

References
----------
Furness, K. P. (1965), "Time function iteration", Traffic Engineering and Control 7, 458-460.
Deming, W. E., Stephan, F. F. (1940), "On a least squares adjustment of a sampled frequency table when the expected
marginal totals are known", Annals of Mathematical Statistics 11(4), 427-444.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkoot.programmes.traffic.engine.network import NAMED, NetworkError

MOST_TURNS: Final = 10_000
AGREE: Final = 1e-6  # relative difference up to which sums of totals are the same
AXES: Final = ("row_totals", "column_totals", "layer_totals")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Balanced:
    """An array with the totals asked for.

    `error` is the largest difference from a total, as a share of the mean total of its axis, after `turns` turns.
    """

    array: Floats
    error: float
    turns: int


def furness(seed: ArrayLike, row_totals: ArrayLike, column_totals: ArrayLike, tolerance: float = 1e-9) -> Floats:
    """Return the matrix nearest to a seed that has these totals; see `balance`.

    Parameters
    ----------
    seed : array_like, shape (rows, columns)
        Not negative; what is 0 stays 0.
    row_totals, column_totals : array_like, shapes (rows,) and (columns,)
        Not negative, with the same sum.
    tolerance : float
        Largest difference from a total, as a share of the mean total.
    """
    return balance(seed, (row_totals, column_totals), tolerance).array


def balance(
    seed: ArrayLike, totals: Sequence[ArrayLike], tolerance: float = 1e-9, *, turns: int = MOST_TURNS
) -> Balanced:
    """Bring an array of two or three axes to totals along each.

    Parameters
    ----------
    seed : array_like
        Not negative; what is 0 stays 0.
    totals : sequence of array_like
        The sums over all other axes, for each axis; not negative, each with the same sum.
    tolerance : float
        Largest difference from a total, as a share of the mean total of its axis.
    turns : int
        At most so many.

    Raises
    ------
    NetworkError
        Where an amount is negative or no finite number, sums of totals differ, or no array with zeros where the seed
        has them has these totals; names the rows or columns.
    """
    array, aims = _checked(seed, totals)
    if not (0.0 < tolerance < 1.0):
        raise NetworkError("tolerance", f"{tolerance} makes no sense.", "Give a share between 0 and 1.")
    mean = [max(float(aim.mean()), np.finfo(float).tiny) for aim in aims]
    error = np.inf
    for turn in range(turns + 1):
        sums = [_sums(array, axis) for axis in range(array.ndim)]
        error = max(float(np.abs(s - aim).max()) / m for s, aim, m in zip(sums, aims, mean, strict=True))
        if error <= tolerance:
            return Balanced(array, error, turn)
        for axis, aim in enumerate(aims):
            now = _sums(array, axis)
            factor = np.divide(aim, now, out=np.zeros_like(aim), where=now > 0.0)
            array = array * factor.reshape([-1 if other == axis else 1 for other in range(array.ndim)])
    raise _never(array, aims, turns, error)


def _sums(array: Floats, axis: int) -> Floats:
    return np.asarray(array.sum(axis=tuple(other for other in range(array.ndim) if other != axis)))


def _checked(seed: ArrayLike, totals: Sequence[ArrayLike]) -> tuple[Floats, list[Floats]]:
    array = amounts(seed, "seed")
    if array.ndim not in (2, 3) or len(totals) != array.ndim or not array.size:
        raise NetworkError(
            "seed", f"it has {array.ndim} axes, there are totals of {len(totals)}.", "Give two or three, and as many."
        )
    aims = [amounts(total, name) for name, total in zip(AXES, totals, strict=False)]
    for axis, (name, aim) in enumerate(zip(AXES, aims, strict=False)):
        if aim.shape != (array.shape[axis],):
            raise NetworkError(name, f"there are {aim.size} for {array.shape[axis]}.", "Give one of each.")
        if not np.isclose(aim.sum(), aims[0].sum(), rtol=AGREE, atol=0.0):
            raise NetworkError(
                name, f"they add up to {aim.sum():.10g}, {AXES[0]} to {aims[0].sum():.10g}.", "Let both be the same."
            )
        empty = (aim > 0.0) & (_sums(array, axis) <= 0.0)
        if empty.any():
            raise NetworkError(
                name, f"{named(empty)} has a total, and only zeros in the seed.", "Give it a cell, or the total 0."
            )
    return array, [aims[0], *(aim * (aims[0].sum() / aim.sum()) if aim.sum() else aim for aim in aims[1:])]


def _never(array: Floats, aims: Sequence[Floats], turns: int, error: float) -> NetworkError:
    """Return the error that no array was found, with what is farthest from its total."""
    sums = [_sums(array, axis) for axis in range(array.ndim)]
    away = [
        np.abs(now - aim) / max(float(aim.mean()), np.finfo(float).tiny) for now, aim in zip(sums, aims, strict=True)
    ]
    axis = int(np.argmax([each.max() for each in away]))
    at = int(np.argmax(away[axis]))
    return NetworkError(
        AXES[axis],
        f"number {at + 1} is {sums[axis][at]:.6g} instead of {aims[axis][at]:.6g} after {turns} turns ({error:.1e}).",
        "The zeros of the seed do not allow these totals: fill cells, change totals, or allow a larger tolerance.",
    )


def amounts(values: ArrayLike, name: str) -> Floats:
    """Return an array of finite numbers that are not negative; raises NetworkError, naming the place."""
    array = np.asarray(values, np.float64)
    if (wrong := ~np.isfinite(array) | (array < 0.0)).any():
        at = tuple(int(axis[0]) for axis in np.nonzero(wrong))
        place = ", ".join(str(number + 1) for number in at)
        raise NetworkError(name, f"number {place} is {array[at]}.", "Give a finite number, 0 or more.")
    return array


def named(wrong: NDArray[np.bool_]) -> str:
    """Return the numbers, from 1, of those that are wrong, in words; not all if there are many."""
    at = (np.flatnonzero(wrong) + 1).tolist()
    more = f" and {len(at) - NAMED} more" if len(at) > NAMED else ""
    return f"number {', '.join(map(str, at[:NAMED]))}{more}"
