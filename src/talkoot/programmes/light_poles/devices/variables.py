"""What devices on smart poles measure, with units as UCUM codes."""

from __future__ import annotations

from typing import Final

from talkoot.core.base.declare import Variable
from talkoot.core.base.text import Text

VARIABLES: Final = (
    Variable(
        "air.pm2_5", Text(fi="Pienhiukkaset PM2,5", sv="Fina partiklar PM2,5", en="Fine particles PM2.5"), "ug/m3"
    ),
    Variable(
        "air.pm10", Text(fi="Hengitettävät hiukkaset PM10", sv="Partiklar PM10", en="Inhalable particles PM10"), "ug/m3"
    ),
    Variable("air.no2", Text(fi="Typpidioksidi", sv="Kvävedioxid", en="Nitrogen dioxide"), "ug/m3"),
    Variable("weather.temperature", Text(fi="Lämpötila", sv="Temperatur", en="Temperature"), "Cel"),
    Variable("weather.humidity", Text(fi="Suhteellinen kosteus", sv="Relativ fuktighet", en="Relative humidity"), "%"),
    Variable("weather.pressure", Text(fi="Ilmanpaine", sv="Lufttryck", en="Air pressure"), "hPa"),
    Variable("weather.wind_speed", Text(fi="Tuulen nopeus", sv="Vindhastighet", en="Wind speed"), "m/s"),
    Variable("weather.wind_direction", Text(fi="Tuulen suunta", sv="Vindriktning", en="Wind direction"), "deg"),
    Variable("count.people", Text(fi="Ohikulkijoita", sv="Passerande", en="Passers-by"), "1"),
    Variable("count.vehicles", Text(fi="Ajoneuvoja", sv="Fordon", en="Vehicles"), "1"),
    Variable("luminaire.power", Text(fi="Valaisimen teho", sv="Armaturens effekt", en="Luminaire power"), "W"),
    Variable("luminaire.illuminance", Text(fi="Valaistusvoimakkuus", sv="Belysningsstyrka", en="Illuminance"), "lx"),
    Variable("charger.power", Text(fi="Latausteho", sv="Laddeffekt", en="Charging power"), "kW"),
)
BY_CODE: Final = {variable.code: variable for variable in VARIABLES}
