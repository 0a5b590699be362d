"""How far the factors, the fleet and the cold share may be off, drawn at random.

What is drawn is one and the same for all links and hours, so that sums over them are as uncertain as their parts are:

- each segment's factor, log-normal after the guidebook's ratings (EMEP/EEA guidebook, part A, chapter 5: A up to 30 %,
  B up to 60 %, C up to 200 % for single factors; ratings and ranges were not compared with it);
- between models, one draw for each pollutant: at its 95th percentile the factors are those of HBEFA 4, at its 5th as
  far away to the other side;
- shares of classes and of segments within them, Dirichlet;
- the share of cold kilometres.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.emissions.factors import Segment

Floats = NDArray[np.float64]

TAIL: Final = 1.645  # standard deviations to the 5th or 95th percentile of a normal distribution
# By what the factor of one segment is multiplied or divided at those percentiles.
SPREAD: Final = {
    ("co2", "hot"): 1.10,  # A; efficiency and mass of a segment's vehicles
    ("co2", "cold"): 1.30,
    ("nox", "hot"): 1.40,  # B
    ("nox", "cold"): 2.00,  # C
    ("pm_exhaust", "hot"): 1.60,  # B to C
    ("pm_exhaust", "cold"): 2.00,
    ("pm_non_exhaust", "tyre"): 1.60,  # the guidebook's range of cars, 6.7 to 16.2 mg/km about 10.7
    ("pm_non_exhaust", "brake"): 1.60,  # 4.4 to 10.0 about 7.5
    ("pm_non_exhaust", "road"): 2.00,  # C
}
# HBEFA 4's NOx over the guidebook's at 50 km/h, by the emissionsMap of SUMO 1.28; of others OTHER.
HBEFA_NOX: Final = {
    Segment("car", "petrol", "euro3"): 0.64,
    Segment("car", "petrol", "euro4"): 1.22,
    Segment("car", "petrol", "euro5"): 1.00,
    Segment("car", "petrol", "euro6"): 1.44,
    Segment("car", "petrol", "euro6c"): 0.40,
    Segment("car", "diesel", "euro3"): 1.28,
    Segment("car", "diesel", "euro4"): 1.29,
    Segment("car", "diesel", "euro5"): 1.79,
    Segment("car", "diesel", "euro6"): 1.97,
    Segment("car", "diesel", "euro6c"): 0.30,
    Segment("van", "diesel", "euro4"): 1.67,
    Segment("van", "diesel", "euro5"): 1.60,
    Segment("van", "diesel", "euro6"): 1.69,
    Segment("van", "diesel", "euro6c"): 2.43,
    Segment("truck", "diesel", "euro5"): 0.61,
    Segment("truck", "diesel", "euro6"): 0.93,
    Segment("bus", "diesel", "euro5"): 0.87,
    Segment("bus", "diesel", "euro6"): 1.81,
    Segment("motorcycle", "petrol", "euro2"): 2.61,
    Segment("motorcycle", "petrol", "euro3"): 1.18,
}
OTHER: Final = 1.8
# HBEFA 4's CO2 over the energy model's about where they differ most between 20 and 100 km/h: 1.10 of Euro 6d cars, 1.2
# of Euro 3; vans of HBEFA are the largest.
HBEFA_CO2: Final = {"car": 1.15, "van": 1.45, "truck": 1.30, "bus": 1.18, "motorcycle": 1.78}
SAMPLE_OF_CLASSES: Final = 400.0  # shares are as uncertain as those of a sample of so many vehicles
SAMPLE_OF_SEGMENTS: Final = 200.0
COLD_SPREAD: Final = 1.3  # of the share of cold kilometres


def draw_shares(random: np.random.Generator, shares: Floats, groups: Sequence[str], samples: int) -> Floats:
    """Draw shares of segments about given ones, each draw adding to 1; (samples, segments)."""
    _, group = np.unique(groups, return_inverse=True)
    total: Floats = np.bincount(group, shares).astype(np.float64)
    classes = _dirichlet(random, total * SAMPLE_OF_CLASSES, np.zeros(len(total), int), samples)
    relative = np.divide(shares, total[group], out=np.zeros_like(shares), where=total[group] > 0)
    return _dirichlet(random, relative * SAMPLE_OF_SEGMENTS, group, samples) * classes[:, group]


def _dirichlet(random: np.random.Generator, weight: Floats, group: NDArray[np.intp], samples: int) -> Floats:
    """Draw parts that add to 1 in each group; parts of no weight are 0."""
    drawn = random.standard_gamma(weight, (samples, len(weight)))
    totals = np.zeros((samples, int(group.max()) + 1))
    np.add.at(totals.T, group, drawn.T)
    whole = totals[:, group]
    return np.divide(drawn, whole, out=np.zeros_like(drawn), where=whole > 0)


def draw_factors(
    random: np.random.Generator, pollutant: str, kinds: Sequence[str], segments: Sequence[Segment], samples: int
) -> Floats:
    """Draw what factors are multiplied by; (samples, kinds, segments). A segment's own has the mean 1."""
    between = random.standard_normal((samples, 1)) * np.log([_hbefa(pollutant, each) for each in segments]) / TAIL
    sigma = np.array([math.log(SPREAD[pollutant, kind]) / TAIL for kind in kinds])
    own = random.standard_normal((samples, len(kinds), len(segments))) * sigma[:, None]
    drawn: Floats = np.exp(own - sigma[:, None] ** 2 / 2 + between[:, None, :])
    return drawn


def draw_cold(random: np.random.Generator, samples: int) -> Floats:
    """Draw what the share of cold kilometres is multiplied by; (samples,), median 1."""
    drawn: Floats = np.exp(random.standard_normal(samples) * math.log(COLD_SPREAD) / TAIL)
    return drawn


def _hbefa(pollutant: str, segment: Segment) -> float:
    """Return the second model's factor over ours; 1 where it is not comparable."""
    if segment.fuel == "electric" or pollutant.startswith("pm"):
        return 1.0
    return HBEFA_CO2[segment.vehicle] if pollutant == "co2" else HBEFA_NOX.get(segment, OTHER)
