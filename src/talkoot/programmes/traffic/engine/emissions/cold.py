"""What engines that are still cold emit on top, after the EMEP/EEA guidebook, 1.A.3.b.i-iv (2013, tables 3-39 to 3-49).

Excess of a kilometre driven cold = hot factor times (quotient of cold to hot - 1). For NOx of petrol vehicles with
catalysts the hot factor is that of Euro 1, and later standards have a share of its excess. The guidebook's share of
cold kilometres is of all driving, so the excess is spread over all links; quotients that depend on speed hold up to
45 km/h and stay as they are there above. Trucks, buses and motorcycles have none in this version.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.emissions.energy import co2
from talkoot.programmes.traffic.engine.emissions.errors import EmissionsError
from talkoot.programmes.traffic.engine.emissions.factors import Segment, Table, shipped

Floats = NDArray[np.float64]

TRIP_KM: Final = 12.4  # the guidebook's mean trip of Europe
LEAST_C: Final = -20.0
MOST_C: Final = 30.0
EURO_1: Final = Segment("car", "petrol", "euro1")
OF_EURO_1: Final = {"euro1": 1.0, "euro2": 0.72, "euro3": 0.32}  # share of the excess; 0.18 from Euro 4 on
LATER: Final = 0.18
QUOTIENT: Final = {  # (a, b): a + b t, t in Celsius
    ("petrol", "co2"): (1.47, -0.009),
    ("diesel", "co2"): (1.34, -0.008),
    ("diesel", "nox"): (1.3, -0.013),
    ("diesel", "pm_exhaust"): (3.1, -0.1),
}
# NOx of petrol engines of 1.4 to 2.0 l, A V + B t + C: below 25 km/h, up to 45 km/h, and above 15 Celsius; MILD was not
# compared with the guidebook's table.
SLOW: Final = (4.58e-2, 7.47e-3, 0.764)
FASTER: Final = (4.84e-2, 2.28e-2, 0.685)
MILD: Final = (3.43e-2, 5.66e-3, 0.827)


def cold_mileage(temperature_c: float, trip_km: float = TRIP_KM) -> float:
    """Return the share of kilometres that are driven cold (beta); raises EmissionsError for a trip of no length."""
    if not (np.isfinite(temperature_c) and np.isfinite(trip_km) and trip_km > 0):
        raise EmissionsError("temperature_c, trip_km", "not numbers, or no trip.", "Give Celsius and kilometres.")
    degrees = float(np.clip(temperature_c, LEAST_C, MOST_C))
    share = 0.6474 - 0.02545 * trip_km - (0.00974 - 0.000385 * trip_km) * degrees
    return float(np.clip(share, 0.0, 1.0))


def excess(segment: Segment, pollutant: str, speed_kmh: Floats, temperature_c: float, table: Table) -> Floats:
    """Return grams a kilometre on top of the hot factor while the engine is cold, never below 0."""
    none: Floats = np.zeros_like(speed_kmh)
    if segment.vehicle not in ("car", "van") or segment.fuel == "electric":
        return none
    degrees = float(np.clip(temperature_c, LEAST_C, MOST_C))
    if (segment.fuel, pollutant) == ("petrol", "nox"):
        hot = table.get((EURO_1, "nox"), shipped()[EURO_1, "nox"]).at(speed_kmh)
        share = OF_EURO_1.get(segment.euro, LATER)
        return share * hot * np.maximum(_petrol_nox(speed_kmh, degrees) - 1, 0.0)
    if (segment.fuel, pollutant) not in QUOTIENT:
        return none
    first, slope = QUOTIENT[segment.fuel, pollutant]
    hot = co2(*segment[:2], speed_kmh) if pollutant == "co2" else table[segment, pollutant].at(speed_kmh)
    return hot * max(first + slope * degrees - 1, 0.0)


def _petrol_nox(speed_kmh: Floats, degrees: float) -> Floats:
    speed = np.clip(speed_kmh, 5.0, 45.0)
    if degrees > 15:
        return MILD[0] * speed + MILD[1] * degrees + MILD[2]
    slow, faster = (a * speed + b * degrees + c for a, b, c in (SLOW, FASTER))
    return np.where(speed <= 25, slow, faster)
