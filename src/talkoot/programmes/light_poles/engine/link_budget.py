"""From transmitted power to bit rate, and back to the path loss that a bit rate bears.

References
----------
3GPP TR 38.803 V14.3.0, section 5.2.7: throughput from the signal-to-noise ratio by an attenuated Shannon bound.
3GPP TS 38.306, section 4.1.2: control channels take 0.18 of a downlink above 24 GHz, 0.14 below.
Commission Implementing Regulation (EU) 2020/1070, as amended by 2024/2000: classes of small-area access points.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

THERMAL_NOISE_DBM_HZ: Final = -174.0
DOWNLINK_ALPHA: Final = 0.6
DOWNLINK_SINR_DB: Final = (-10.0, 30.0)
FIRST_MILLIMETRE_WAVE_GHZ: Final = 24.25  # where frequency range 2 begins (3GPP TS 38.104, table 5.1-1)

Floats = NDArray[np.float64]


class EirpClass(Enum):
    """Classes of small-area access points: the most they may radiate, dBm, and how high they must hang, m."""

    E2 = (33.0, 0.0)
    E10 = (40.0, 2.2)

    @property
    def eirp_dbm(self) -> float:
        """Greatest equivalent isotropically radiated power: 2 W or 10 W."""
        return self.value[0]

    @property
    def lowest_height_m(self) -> float:
        """Least height of the lowest radiating part above the ground."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Radio:
    """The radio on a pole and the device that receives it.

    Attributes
    ----------
    frequency_ghz : float
        Carrier frequency.
    eirp_dbm : float
        Radiated power towards the device; the transmitter's own losses are within it.
    bandwidth_mhz : float
        Width of the carrier.
    device_gain_dbi, device_loss_db, body_loss_db : float
        The device's antenna, its ohmic losses and the hand and body that hold it.
    noise_figure_db : float
        Noise that the device adds.
    margin_db : float
        Kept against shadow fading: the median loss may be this much greater and the bit rate still holds.
    downlink_share, overhead_share : float
        Share of time that the carrier sends down, and share of that spent on control.
    """

    frequency_ghz: float
    eirp_dbm: float
    bandwidth_mhz: float
    device_gain_dbi: float = 8.0
    device_loss_db: float = 3.0
    body_loss_db: float = 4.0
    noise_figure_db: float = 10.0
    margin_db: float = 4.0
    downlink_share: float = 0.75
    overhead_share: float = 0.18

    def __post_init__(self) -> None:
        """Refuse what no radio is.

        Raises
        ------
        ValueError
            Where the bandwidth is not positive or a share does not lie between 0 and 1.
        """
        if not self.bandwidth_mhz > 0.0:
            raise ValueError(f"bandwidth_mhz must be positive, not {self.bandwidth_mhz}")
        if not (0.0 < self.downlink_share <= 1.0 and 0.0 <= self.overhead_share < 1.0):
            raise ValueError("downlink_share and overhead_share must lie between 0 and 1")


def overhead_share(frequency_ghz: float) -> float:
    """Return the share of a downlink that control channels take (TS 38.306, section 4.1.2)."""
    return 0.18 if frequency_ghz >= FIRST_MILLIMETRE_WAVE_GHZ else 0.14


def noise_dbm(bandwidth_mhz: float, noise_figure_db: float) -> float:
    """Return thermal noise at 290 K over the bandwidth plus what the receiver adds, dBm."""
    return THERMAL_NOISE_DBM_HZ + 10.0 * float(np.log10(bandwidth_mhz * 1e6)) + noise_figure_db


def spectral_efficiency(sinr_db: ArrayLike) -> Floats:
    """Return the downlink's bits per second per hertz at a signal-to-noise ratio (TR 38.803, section 5.2.7).

    Parameters
    ----------
    sinr_db : array_like
        Decibels; below -10 dB nothing passes, above 30 dB nothing is gained.

    Returns
    -------
    ndarray
        0.6 log2(1 + SINR), at most 5.98.
    """
    ratio = np.asarray(sinr_db, float)
    capped = np.minimum(ratio, DOWNLINK_SINR_DB[1])
    efficiency = DOWNLINK_ALPHA * np.log2(1.0 + 10.0 ** (capped / 10.0))
    return np.asarray(np.where(ratio < DOWNLINK_SINR_DB[0], 0.0, efficiency))


def sinr_db(loss_db: ArrayLike, radio: Radio) -> Floats:
    """Return the signal-to-noise ratio behind a path loss, dB; interference between poles is not counted."""
    received = (
        radio.eirp_dbm - np.asarray(loss_db, float) + radio.device_gain_dbi - radio.device_loss_db - radio.body_loss_db
    )
    return np.asarray(received - noise_dbm(radio.bandwidth_mhz, radio.noise_figure_db))


def bit_rate_mbps(loss_db: ArrayLike, radio: Radio) -> Floats:
    """Return the downlink's bit rate behind a path loss.

    Parameters
    ----------
    loss_db : array_like
        Path loss, decibels; infinite where there is no link. The margin is not taken off.
    radio : Radio
        The link's ends.

    Returns
    -------
    ndarray
        Megabits per second for one device that has the carrier to itself.
    """
    usable_mhz = radio.bandwidth_mhz * radio.downlink_share * (1.0 - radio.overhead_share)
    return usable_mhz * spectral_efficiency(sinr_db(loss_db, radio))


def greatest_bit_rate_mbps(radio: Radio) -> float:
    """Return the bit rate of a perfect link: what the bandwidth can carry at most."""
    return float(bit_rate_mbps(-np.inf, radio))


def greatest_loss_db(target_mbps: float, radio: Radio) -> float:
    """Return the greatest median path loss at which the target holds with the margin in hand.

    Parameters
    ----------
    target_mbps : float
        Bit rate asked for, positive.
    radio : Radio
        The link's ends.

    Returns
    -------
    float
        Decibels.

    Raises
    ------
    ValueError
        Where the target is not positive, or more than the bandwidth can carry at all.
    """
    most = greatest_bit_rate_mbps(radio)
    if not 0.0 < target_mbps <= most:
        raise ValueError(
            f"target_mbps must be positive and at most {most:.0f}, which {radio.bandwidth_mhz:g} MHz carry"
        )
    usable_mhz = radio.bandwidth_mhz * radio.downlink_share * (1.0 - radio.overhead_share)
    needed = 10.0 * float(np.log10(2.0 ** (target_mbps / usable_mhz / DOWNLINK_ALPHA) - 1.0))
    needed = min(max(needed, DOWNLINK_SINR_DB[0]), DOWNLINK_SINR_DB[1])
    return float(sinr_db(0.0, radio)) - needed - radio.margin_db
