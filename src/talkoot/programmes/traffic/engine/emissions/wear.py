"""Particles (PM10) that tyres, brakes and road surfaces give off: EMEP/EEA guidebook, 1.A.3.b.vi-vii (2019).

Not what lies on the road and is whirled up again, and not what studded tyres wear off in spring: both can be several
times as much on Nordic streets. Exhaust and wear are kept apart. HBEFA's "PMx" holds both, so it is compared with
neither.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

KINDS: Final = ("tyre", "brake", "road")
# All particles, mg/km: of tyres and brakes at 80 and 65 km/h, of the road at any speed.
TOTAL: Final = {
    "tyre": {"car": 10.7, "van": 16.9, "truck": 45.0, "bus": 45.0, "motorcycle": 4.6},
    "brake": {"car": 7.5, "van": 11.7, "truck": 32.7, "bus": 32.7, "motorcycle": 3.7},
    "road": {"car": 15.0, "van": 15.0, "truck": 76.0, "bus": 76.0, "motorcycle": 6.0},
}
PM10_OF_TOTAL: Final = {"tyre": 0.6, "brake": 0.98, "road": 0.5}
ELECTRIC: Final = {"tyre": 1.2, "brake": 0.4, "road": 1.2}  # assumed: heavier, and braking mostly by the motor


def wear(kind: str, vehicle: str, fuel: str, speed_kmh: Floats) -> Floats:
    """Return grams of PM10 a kilometre from tyres, brakes or the road."""
    grams = TOTAL[kind][vehicle] * PM10_OF_TOTAL[kind] / 1000
    return grams * (ELECTRIC[kind] if fuel == "electric" else 1.0) * _of_speed(kind, speed_kmh)


def _of_speed(kind: str, speed_kmh: Floats) -> Floats:
    if kind == "tyre":
        return np.clip(1.78 - 0.00974 * speed_kmh, 0.902, 1.39)
    if kind == "brake":
        return np.clip(2.75 - 0.027 * speed_kmh, 0.185, 1.67)
    return np.ones_like(speed_kmh)
