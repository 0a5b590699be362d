"""How much water a garden needs: plain functions on arrays."""

import numpy as np
import numpy.typing as npt


def litres_a_day(areas_m2: npt.NDArray[np.float64], evaporation_mm: float, rain_mm: float) -> npt.NDArray[np.float64]:
    """Return the water each garden lacks in a day.

    Parameters
    ----------
    areas_m2 : array of shape (n,)
        Areas in square metres.
    evaporation_mm, rain_mm : float
        Evaporation and rain of the day in millimetres; one millimetre over a square metre is a litre.

    Returns
    -------
    array of shape (n,)
        Litres a day, never negative.
    """
    return areas_m2 * max(0.0, evaporation_mm - rain_mm)
