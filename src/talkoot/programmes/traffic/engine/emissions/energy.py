"""CO2 and electricity from the energy that driving takes at a mean speed.

Work at the wheels = rolling + air + acceleration, each in newtons (joules a metre). Fuel = work / efficiency, and what
the engine takes whatever the work is (friction, idling, auxiliaries), which is a power and so weighs most at low
speeds: the straight line of Willans between fuel and work. CO2 = fuel times the carbon in it.

References
----------
Guzzella, L., Sciarretta, A. (2013), Vehicle Propulsion Systems, chapters 2 and 3 (longitudinal work, Willans' line).
Regulation (EU) 2017/1151, annex IIIA, appendix 7a (relative positive acceleration, the least of a valid trip).
EMEP/EEA guidebook, 1.A.3.b.i-iv (3.17 and 3.16 kg of CO2 from a kg of petrol and of diesel).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GRAVITY: Final = 9.81  # m/s2
AIR: Final = 1.2  # kg/m3
TURNING: Final = 1.05  # mass with that of turning parts, over mass
CO2_OF_FUEL: Final = {"petrol": 3.17, "diesel": 3.16}  # kg/kg
HEAT_OF_FUEL: Final = {"petrol": 43.0, "diesel": 42.7}  # MJ/kg
LEAST_SPEED: Final = 5.0  # km/h; below, standing outweighs driving and the model says nothing
MOST_SPEED: Final = 130.0
RECOVERED: Final = 0.6  # share of the work of braking that an electric vehicle takes back
CHARGING: Final = 0.88  # of what is drawn from the grid, what reaches the battery
WARM: Final = 18.0  # Celsius; below, the cabin is heated from the battery
HEATING: Final = 90.0  # W for each kelvin below


@dataclass(frozen=True)
class Body:
    """What driving a vehicle takes.

    Parameters
    ----------
    mass : float
        With its load, kg.
    drag_area : float
        Coefficient of drag times frontal area, m2.
    rolling : float
        Coefficient of rolling on real roads.
    efficiency : float
        Work at the wheels over further fuel (or battery's) energy.
    constant : float
        Power that fuel (or the battery) gives whatever the work is, W.
    vigour : float
        Its acceleration over that of a car.
    """

    mass: float
    drag_area: float
    rolling: float
    efficiency: float
    constant: float
    vigour: float = 1.0


# Assumed typical vehicles, within published ranges: cars in use in Europe weigh 1.3 to 1.9 t, c_d A is 0.6 to 0.9 m2,
# c_r on real roads 0.009 to 0.012 (of trucks 0.006 to 0.008); slope of Willans' line times transmission 0.32 to 0.40;
# friction and auxiliaries of a car's engine take 10 to 14 kW of fuel.
BODIES: Final = {
    ("car", "petrol"): Body(1500, 0.68, 0.0100, 0.345, 12_000),
    ("car", "diesel"): Body(1800, 0.80, 0.0100, 0.360, 13_500),
    ("car", "electric"): Body(1900, 0.70, 0.0100, 0.850, 500),
    ("van", "petrol"): Body(2000, 1.10, 0.0100, 0.345, 13_000),
    ("van", "diesel"): Body(2100, 1.15, 0.0100, 0.370, 13_500),
    ("van", "electric"): Body(2400, 1.15, 0.0100, 0.850, 700),
    ("truck", "diesel"): Body(12_000, 4.50, 0.0070, 0.400, 32_000, 0.7),
    ("bus", "diesel"): Body(14_000, 5.00, 0.0075, 0.390, 45_000, 0.7),
    ("bus", "electric"): Body(15_000, 5.00, 0.0075, 0.850, 6_000, 0.7),
    ("motorcycle", "petrol"): Body(280, 0.65, 0.0150, 0.280, 9_000),
}


def clamped(speed_kmh: Floats) -> Floats:
    """Return the speeds within what the model says something about."""
    return np.clip(speed_kmh, LEAST_SPEED, MOST_SPEED)


def acceleration(speed_kmh: Floats) -> Floats:
    """Return the relative positive acceleration, J/(kg m), of ordinary traffic at a mean speed."""
    return np.maximum(0.1755 - 0.0016 * speed_kmh, 0.025)


def work(body: Body, speed_kmh: Floats, recovered: float = 0.0) -> Floats:
    """Return the work at the wheels in J/m, of which a share of that for acceleration is got back."""
    air = 0.5 * AIR * body.drag_area * (speed_kmh / 3.6) ** 2
    gained = TURNING * body.vigour * acceleration(speed_kmh) * (1 - recovered)
    return body.mass * (GRAVITY * body.rolling + gained) + air


def co2(vehicle: str, fuel: str, speed_kmh: Floats) -> Floats:
    """Return grams of CO2 a kilometre from the exhaust of a warm vehicle; none of an electric one."""
    if fuel == "electric":
        return np.zeros_like(speed_kmh)
    body, speed = BODIES[vehicle, fuel], clamped(speed_kmh)
    joules_a_metre = work(body, speed) / body.efficiency + body.constant / (speed / 3.6)
    return joules_a_metre / HEAT_OF_FUEL[fuel] * CO2_OF_FUEL[fuel]


def electricity(vehicle: str, speed_kmh: Floats, temperature_c: float = 15.0) -> Floats:
    """Return kilowatt-hours a kilometre that an electric vehicle draws from the grid."""
    body, speed = BODIES[vehicle, "electric"], clamped(speed_kmh)
    heating = HEATING * max(WARM - temperature_c, 0.0)
    joules_a_metre = work(body, speed, RECOVERED) / body.efficiency + (body.constant + heating) / (speed / 3.6)
    return joules_a_metre / CHARGING / 3600.0
