"""The gardens' procedure: the engine over the register, as a run."""

from typing import Any

import numpy as np
import pyarrow as pa

from gardens.engine import litres_a_day
from talkoot.core.register.queries import arrays


def need_of_water(context: Any) -> None:
    """Compute the litres each garden of the register needs, as a table of the run."""
    gardens = arrays(("community_garden",), attributes=("area_m2",))
    context.add_input("gardens", gardens.digest)
    areas = np.array([area or 0.0 for area in gardens.attributes["area_m2"]], dtype=float)
    litres = litres_a_day(areas, context.parameters["evaporation_mm"], context.parameters["rain_mm"])
    context.progress(0.9, "Writing")
    context.add_table("need", pa.table({"thing": [str(uid) for uid in gardens.uids], "litres_a_day": litres}))
    context.summarise(gardens=len(litres), litres_a_day=float(litres.sum()))
