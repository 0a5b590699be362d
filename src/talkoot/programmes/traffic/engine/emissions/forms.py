"""The forms of the EMEP/EEA guidebook's speed functions: grams a kilometre from a mean speed in km/h.

Source: EMEP/EEA air pollutant emission inventory guidebook, chapter 1.A.3.b.i-iv, annex workbooks of 2013 (update of
September 2014, forms by number) and of 2019 and later (one form for all, here "2019").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.emissions.errors import EmissionsError

Floats = NDArray[np.float64]
COEFFICIENTS: Final = 7  # the most that any form has


def _form_1(v: Floats, a: float, b: float, c: float, d: float, e: float, f: float, _: float) -> Floats:
    return (a + c * v + e * v**2 + f / v) / (1 + b * v + d * v**2)


def _form_6(v: Floats, a: float, b: float, c: float, d: float, e: float, *_: float) -> Floats:
    return a + b / (1 + np.exp(-c + d * np.log(v) + e * v))


def _form_7(v: Floats, a: float, b: float, c: float, d: float, *_: float) -> Floats:
    return a * v**3 + b * v**2 + c * v + d


def _form_8(v: Floats, a: float, b: float, c: float, *_: float) -> Floats:
    return a * b**v * v**c


def _form_9(v: Floats, a: float, b: float, c: float, d: float, *_: float) -> Floats:
    return a * v**b + c * v**d


def _form_12(v: Floats, a: float, b: float, c: float, *_: float) -> Floats:
    return 1 / (c * v**2 + b * v + a)


def _form_15(v: Floats, a: float, b: float, c: float, *_: float) -> Floats:
    return a * v**2 + b * v + c


def _form_16(v: Floats, a: float, b: float, c: float, d: float, *_: float) -> Floats:
    return a - b * np.exp(-c * v**d)


def _form_17(v: Floats, a: float, b: float, c: float, d: float, e: float, f: float, _: float) -> Floats:
    return ((((a * v + b) * v + c) * v + d) * v + e) * v + f


def _form_2019(v: Floats, a: float, b: float, c: float, d: float, e: float, f: float, g: float) -> Floats:
    return (a * v**2 + b * v + c + d / v) / (e * v**2 + f * v + g)


FORMS: Final[dict[str, Callable[..., Floats]]] = {
    "1": _form_1,
    "6": _form_6,
    "7": _form_7,
    "8": _form_8,
    "9": _form_9,
    "12": _form_12,
    "15": _form_15,
    "16": _form_16,
    "17": _form_17,
    "2019": _form_2019,
}


def value(form: str, coefficients: Sequence[float], speed_kmh: Floats) -> Floats:
    """Return a speed function's value; raises EmissionsError for a form that is none.

    Parameters
    ----------
    form : str
        A key of FORMS.
    coefficients : sequence of 7 floats
        In the guidebook's order (alpha, beta, gamma, ...); those that the form has not are 0.
    speed_kmh : ndarray
        Mean speeds, more than 0.
    """
    if form not in FORMS:
        raise EmissionsError("form", f"{form!r} is none that is known.", f"Known are {', '.join(FORMS)}.")
    return FORMS[form](speed_kmh, *coefficients)
