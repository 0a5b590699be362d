"""The kinds of devices on smart poles.

A luminaire's attributes have the names of Streetlight in the FIWARE Smart Data Models (dataModel.Streetlighting,
version 0.1.0), so that what such systems export can be imported as it is. A device stands in the relation
"mounted_on" to its pole.
"""

from __future__ import annotations

from typing import Final

from talkoot.core.base.declare import Kind
from talkoot.core.base.text import Text
from talkoot.core.register.kinds import POINT, amount, attributes, choice, count, words

MODEL: Final = words(Text(fi="Malli", sv="Modell", en="Model"))
SERIAL: Final = words(Text(fi="Sarjanumero", sv="Serienummer", en="Serial number"), 100)
HEIGHT: Final = amount(Text(fi="Asennuskorkeus", sv="Monteringshöjd", en="Mounting height"), "m", 0, 100)

LUMINAIRE: Final = Kind(
    code="luminaire",
    name=Text(fi="Valaisin", sv="Armatur", en="Luminaire"),
    plural=Text(fi="Valaisimet", sv="Armaturer", en="Luminaires"),
    schema=attributes(
        powerState=choice(Text(fi="Tila", sv="Läge", en="Power state"), "on", "off", "low", "bootingUp"),
        status=choice(Text(fi="Kunto", sv="Skick", en="Status"), "ok", "defectiveLamp", "columnIssue", "brokenLantern"),
        lanternHeight=amount(Text(fi="Valaisimen korkeus", sv="Ljuspunktshöjd", en="Lantern height"), "m", 0, 100),
        circuit=words(Text(fi="Valaistuspiiri", sv="Belysningskrets", en="Circuit"), 100),
        illuminanceLevel=amount(Text(fi="Himmennystaso", sv="Ljusnivå", en="Dimming level"), "1", 0, 1),
        controllingMethod=choice(Text(fi="Ohjaustapa", sv="Styrning", en="Control"), "individual", "group"),
        locationCategory=choice(
            Text(fi="Sijaintiluokka", sv="Platskategori", en="Kind of place"),
            "bridge",
            "centralIsland",
            "facade",
            "garden",
            "park",
            "parking",
            "pedestrianPath",
            "playground",
            "road",
            "sidewalk",
            "tunnel",
        ),
        streetPoleNum=words(Text(fi="Pylvään numero", sv="Stolpens nummer", en="Number of the pole"), 100),
        model=MODEL,
    ),
    geometry=POINT,
    description=Text(
        fi="Pylvään valaisin, jonka tilaa ja tehoa voi seurata.",
        sv="Stolpens armatur, vars läge och effekt kan följas.",
        en="The lamp of a pole, whose state and power can be followed.",
    ),
)

AIR_STATION: Final = Kind(
    code="air_station",
    name=Text(fi="Ilmanlaatuasema", sv="Luftkvalitetsstation", en="Air station"),
    plural=Text(fi="Ilmanlaatuasemat", sv="Luftkvalitetsstationer", en="Air stations"),
    schema=attributes(height_m=HEIGHT, model=MODEL, serial=SERIAL),
    geometry=POINT,
    description=Text(
        fi="Mittaa ilman hiukkasia ja kaasuja.",
        sv="Mäter partiklar och gaser i luften.",
        en="Measures particles and gases in the air.",
    ),
)

WEATHER_STATION: Final = Kind(
    code="weather_station",
    name=Text(fi="Sääasema", sv="Väderstation", en="Weather station"),
    plural=Text(fi="Sääasemat", sv="Väderstationer", en="Weather stations"),
    schema=attributes(height_m=HEIGHT, model=MODEL, serial=SERIAL),
    geometry=POINT,
    description=Text(
        fi="Mittaa lämpötilaa, kosteutta, ilmanpainetta ja tuulta.",
        sv="Mäter temperatur, luftfuktighet, lufttryck och vind.",
        en="Measures temperature, humidity, pressure and wind.",
    ),
)

COUNTER: Final = Kind(
    code="counter",
    name=Text(fi="Liikennelaskin", sv="Trafikräknare", en="Counter"),
    plural=Text(fi="Liikennelaskimet", sv="Trafikräknare", en="Counters"),
    schema=attributes(
        counts=choice(Text(fi="Mitä laskee", sv="Vad den räknar", en="What it counts"), "people", "vehicles"),
        method=choice(
            Text(fi="Menetelmä", sv="Metod", en="Method"), "infrared", "radar", "inductive_loop", "thermal", "lidar"
        ),
        height_m=HEIGHT,
        model=MODEL,
        serial=SERIAL,
    ),
    geometry=POINT,
    description=Text(
        fi="Laskee ohikulkijat tai ajoneuvot. Lähettää vain lukumääriä, ei koskaan kuvia eikä tunnisteita.",
        sv="Räknar passerande eller fordon. Skickar bara antal, aldrig bilder eller identiteter.",
        en="Counts passers-by or vehicles. It sends numbers only, never images and nothing that tells who passed.",
    ),
)

CHARGER: Final = Kind(
    code="charger",
    name=Text(fi="Latauspiste", sv="Laddpunkt", en="Charger"),
    plural=Text(fi="Latauspisteet", sv="Laddpunkter", en="Chargers"),
    schema=attributes(
        connector=choice(
            Text(fi="Liitin", sv="Kontakt", en="Connector"), "type_2", "ccs_2", "chademo", "schuko", "other"
        ),
        sockets=count(Text(fi="Pistokkeita", sv="Uttag", en="Sockets"), 1, 50),
        max_power_kw=amount(Text(fi="Suurin teho", sv="Högsta effekt", en="Highest power"), "kW", 0, 1000),
        height_m=HEIGHT,
        model=MODEL,
        serial=SERIAL,
    ),
    geometry=POINT,
    description=Text(
        fi="Pylväässä oleva sähköauton tai -pyörän latauspiste.",
        sv="Laddpunkt för elbil eller elcykel på en stolpe.",
        en="A point on a pole where electric cars or bicycles are charged.",
    ),
)

KINDS: Final = (LUMINAIRE, AIR_STATION, WEATHER_STATION, COUNTER, CHARGER)
