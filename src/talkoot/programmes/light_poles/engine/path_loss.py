"""Path loss of a street below its roofs: 3GPP TR 38.901, scenario UMi - Street Canyon.

References
----------
3GPP TR 38.901 V17.0.0, "Study on channel model for frequencies from 0.5 to 100 GHz": table 7.4.1-1 (path loss,
with its notes). The report calculates with c = 3e8 m/s.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

SPEED_OF_LIGHT_M_S: Final = 3.0e8  # note 1 of table 7.4.1-1
SHADOW_SIGMA_LOS_DB: Final = 4.0
SHADOW_SIGMA_NLOS_DB: Final = 7.82

FREQUENCY_GHZ: Final = (0.5, 100.0)
DISTANCE_M: Final = (10.0, 5000.0)
TRANSMITTER_HEIGHT_M: Final = 10.0
RECEIVER_HEIGHT_M: Final = (1.5, 22.5)
ENVIRONMENT_HEIGHT_M: Final = 1.0

Floats = NDArray[np.float64]


class Validity(StrEnum):
    """How an input lies outside the conditions that the model was fitted in."""

    TRANSMITTER_HEIGHT = "transmitter_height"
    RECEIVER_HEIGHT = "receiver_height"
    SHORT_DISTANCE = "short_distance"
    LONG_DISTANCE = "long_distance"


def validity(
    distance_2d_m: ArrayLike, transmitter_height_m: ArrayLike, receiver_height_m: ArrayLike
) -> tuple[Validity, ...]:
    """Name what in the inputs lies outside table 7.4.1-1; the model then extrapolates.

    Parameters
    ----------
    distance_2d_m, transmitter_height_m, receiver_height_m : array_like
        As in `umi_los`.

    Returns
    -------
    tuple of Validity
        Empty where the model applies as published: 10 m to 5 km, transmitter at 10 m, receiver at 1.5 to 22.5 m.
    """
    distance, transmitter = np.asarray(distance_2d_m), np.asarray(transmitter_height_m)
    receiver = np.asarray(receiver_height_m)
    outside = {
        Validity.TRANSMITTER_HEIGHT: np.any(transmitter != TRANSMITTER_HEIGHT_M),
        Validity.RECEIVER_HEIGHT: np.any((receiver < RECEIVER_HEIGHT_M[0]) | (receiver > RECEIVER_HEIGHT_M[1])),
        Validity.SHORT_DISTANCE: np.any(distance < DISTANCE_M[0]),
        Validity.LONG_DISTANCE: np.any(distance > DISTANCE_M[1]),
    }
    return tuple(name for name, found in outside.items() if found)


def breakpoint_distance(frequency_ghz: float, transmitter_height_m: ArrayLike, receiver_height_m: ArrayLike) -> Floats:
    """Return the distance d'BP beyond which the ground's reflection doubles the slope.

    d'BP = 4 h'BS h'UT f / c with effective heights h' = h - 1 m (note 1 of table 7.4.1-1).

    Returns
    -------
    ndarray
        Metres; broadcast over the heights.
    """
    transmitter = np.maximum(np.asarray(transmitter_height_m, float) - ENVIRONMENT_HEIGHT_M, 0.0)
    receiver = np.maximum(np.asarray(receiver_height_m, float) - ENVIRONMENT_HEIGHT_M, 0.0)
    return np.asarray(4.0 * transmitter * receiver * frequency_ghz * 1e9 / SPEED_OF_LIGHT_M_S)


def umi_los(
    distance_2d_m: ArrayLike,
    frequency_ghz: float,
    transmitter_height_m: ArrayLike = TRANSMITTER_HEIGHT_M,
    receiver_height_m: ArrayLike = 1.5,
) -> Floats:
    """Median path loss in line of sight (table 7.4.1-1, UMi - Street Canyon, LOS: PL1 and PL2).

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance, metres, not negative.
    frequency_ghz : float
        Carrier frequency, 0.5 to 100 GHz.
    transmitter_height_m, receiver_height_m : array_like
        Antenna heights above the ground, metres, positive; broadcast with the distance.

    Returns
    -------
    ndarray
        Decibels. Shadow fading about it is normal with `SHADOW_SIGMA_LOS_DB`.

    Raises
    ------
    ValueError
        Where an input is not finite or lies outside the bounds above.
    """
    distance, transmitter, receiver = _checked(distance_2d_m, frequency_ghz, transmitter_height_m, receiver_height_m)
    slant = np.hypot(distance, transmitter - receiver)
    near = 32.4 + 21.0 * np.log10(np.maximum(slant, 1e-3)) + 20.0 * np.log10(frequency_ghz)
    turn = breakpoint_distance(frequency_ghz, transmitter, receiver)
    squares = np.maximum(turn**2 + (transmitter - receiver) ** 2, 1e-6)
    far = 32.4 + 40.0 * np.log10(np.maximum(slant, 1e-3)) + 20.0 * np.log10(frequency_ghz) - 9.5 * np.log10(squares)
    return np.asarray(np.where(distance <= turn, near, far))


def umi_nlos(
    distance_2d_m: ArrayLike,
    frequency_ghz: float,
    transmitter_height_m: ArrayLike = TRANSMITTER_HEIGHT_M,
    receiver_height_m: ArrayLike = 1.5,
) -> Floats:
    """Median path loss without line of sight (table 7.4.1-1, UMi - Street Canyon, NLOS), never below `umi_los`.

    Parameters, errors and shape as in `umi_los`; shadow fading has `SHADOW_SIGMA_NLOS_DB`.
    """
    distance, transmitter, receiver = _checked(distance_2d_m, frequency_ghz, transmitter_height_m, receiver_height_m)
    slant = np.maximum(np.hypot(distance, transmitter - receiver), 1e-3)
    around = 22.4 + 35.3 * np.log10(slant) + 21.3 * np.log10(frequency_ghz) - 0.3 * (receiver - 1.5)
    return np.asarray(np.maximum(umi_los(distance, frequency_ghz, transmitter, receiver), around))


def umi_los_range(
    loss_db: float, frequency_ghz: float, transmitter_height_m: float, receiver_height_m: float = 1.5
) -> float:
    """Return the horizontal distance at which `umi_los` reaches `loss_db`: no link reaches further.

    Returns
    -------
    float
        Metres, found by bisection to a millimetre within 0 to 5 km; 0 where even beside the pole the loss is greater.
    """
    low, high = 0.0, DISTANCE_M[1]
    while high - low > 1e-3:
        middle = (low + high) / 2.0
        within = float(umi_los(middle, frequency_ghz, transmitter_height_m, receiver_height_m)) <= loss_db
        low, high = (middle, high) if within else (low, middle)
    return low


def _checked(
    distance: ArrayLike, frequency_ghz: float, transmitter: ArrayLike, receiver: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    if not FREQUENCY_GHZ[0] <= frequency_ghz <= FREQUENCY_GHZ[1]:
        raise ValueError(f"frequency_ghz must lie between 0.5 and 100, not {frequency_ghz}")
    arrays = [np.asarray(values, float) for values in (distance, transmitter, receiver)]
    if not all(np.all(np.isfinite(values)) for values in arrays):
        raise ValueError("distances and heights must be finite")
    if np.any(arrays[0] < 0.0):
        raise ValueError("distance_2d_m must not be negative")
    if np.any(arrays[1] <= 0.0) or np.any(arrays[2] <= 0.0):
        raise ValueError("heights must be positive")
    return arrays[0], arrays[1], arrays[2]
