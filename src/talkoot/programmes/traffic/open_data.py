"""The open data of traffic: what the adopted model says of the city's roads."""

from __future__ import annotations

from typing import Final

from talkoot.core.base.declare import Dataset
from talkoot.core.base.text import Text
from talkoot.programmes.traffic.kinds import SPEED, VARIABLES

ROWS: Final = "talkoot.programmes.traffic.runs"
LICENCE: Final = "ODbL-1.0"
ATTRIBUTION: Final = "© OpenStreetMap contributors"
UID: Final = Text(fi="Tunniste", sv="Identifierare", en="Identifier")


def _columns(*, speed: bool, per_hour: bool) -> dict[str, Text]:
    """Return the columns of values and their ranges."""
    found = {}
    for variable in VARIABLES:
        if variable.code != SPEED or speed:
            unit = variable.unit.replace("{veh}", "veh") if per_hour else variable.unit.split("/")[0].strip("{}")
            short = variable.code.removeprefix("traffic.")
            name = variable.name
            found[short] = Text(fi=f"{name.fi} ({unit})", sv=f"{name.sv} ({unit})", en=f"{name.en} ({unit})")
            found[f"{short}_low"] = Text(fi=f"{name.fi} vähintään", sv=f"{name.sv}, minst", en=f"{name.en}, low")
            found[f"{short}_high"] = Text(fi=f"{name.fi} enintään", sv=f"{name.sv}, högst", en=f"{name.en}, high")
    return found


DATASETS: Final = (
    Dataset(
        "traffic-roads",
        Text(
            fi="Liikenne ja päästöt teittäin", sv="Trafik och utsläpp väg för väg", en="Traffic and emissions by road"
        ),
        Text(
            fi="Kaupungin käytössä olevan liikennemallin ajoneuvot ja päästöt sen tunteina yhteensä: mallinnettu, ja "
            "kysyntä on synteettinen.",
            sv="Fordon och utsläpp enligt stadens gällande trafikmodell under dess timmar: modellerat, och "
            "efterfrågan är syntetisk.",
            en="Vehicles and emissions of the city's traffic model in use, over its hours: modelled, of synthetic "
            "demand.",
        ),
        rows=f"{ROWS}:daily_rows",
        licence=LICENCE,
        attribution=ATTRIBUTION,
        spatial=True,
        columns={
            "uid": UID,
            "name": Text(fi="Kadunnimi", sv="Gatunamn", en="Street name"),
            **_columns(speed=False, per_hour=False),
        },
    ),
    Dataset(
        "traffic-hours",
        Text(
            fi="Liikenne ja päästöt tunneittain", sv="Trafik och utsläpp per timme", en="Traffic and emissions by hour"
        ),
        Text(
            fi="Kaupungin käytössä olevan liikennemallin liikennemäärä, nopeus ja päästöt teittäin joka tunti: "
            "mallinnettu, ja kysyntä on synteettinen.",
            sv="Flöde, hastighet och utsläpp per väg och timme enligt stadens gällande trafikmodell: modellerat, och "
            "efterfrågan är syntetisk.",
            en="Flow, speed and emissions of each road in each hour by the city's traffic model in use: modelled, of "
            "synthetic demand.",
        ),
        rows=f"{ROWS}:hourly_rows",
        licence=LICENCE,
        attribution=ATTRIBUTION,
        columns={
            "uid": UID,
            "time": Text(fi="Tunti alkaa", sv="Timmen börjar", en="Beginning of the hour"),
            **_columns(speed=True, per_hour=True),
        },
    ),
)
