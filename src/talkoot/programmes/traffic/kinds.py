"""The things that traffic adds to the register, and what it says of roads."""

from __future__ import annotations

from typing import Final

from talkoot.core.base.declare import Kind, Variable
from talkoot.core.base.text import Text
from talkoot.core.register.kinds import AREA, amount, attributes

MOST_PEOPLE: Final = 50_000_000

ZONE: Final = Kind(
    code="traffic_zone",
    name=Text(fi="Liikennealue", sv="Trafikområde", en="Traffic zone"),
    plural=Text(fi="Liikennealueet", sv="Trafikområden", en="Traffic zones"),
    schema=attributes(
        population=amount(Text(fi="Asukkaita", sv="Invånare", en="Residents"), "1", 0, MOST_PEOPLE),
        jobs=amount(Text(fi="Työpaikkoja", sv="Arbetsplatser", en="Jobs"), "1", 0, MOST_PEOPLE),
    ),
    geometry=AREA,
    description=Text(
        fi="Alue, jolta matkat alkavat ja jolle ne päättyvät: kaupunginosa tai tilastoruutu.",
        sv="Ett område där resor börjar och slutar: en stadsdel eller en statistikruta.",
        en="An area in which trips begin and end: a district or a statistical cell.",
    ),
)
KINDS: Final = (ZONE,)

FLOW: Final = "traffic.flow"
SPEED: Final = "traffic.speed"
POLLUTANTS: Final = ("co2", "nox", "pm_exhaust", "pm_non_exhaust")

VARIABLES: Final = (
    Variable(
        FLOW,
        Text(fi="Liikennemäärä", sv="Trafikflöde", en="Traffic flow"),
        "{veh}/h",
        Text(
            fi="Ajoneuvoja tunnissa, molemmat suunnat yhteensä.",
            sv="Fordon per timme, båda riktningarna tillsammans.",
            en="Vehicles an hour, both directions together.",
        ),
    ),
    Variable(
        SPEED,
        Text(fi="Ajonopeus", sv="Körhastighet", en="Driving speed"),
        "km/h",
        Text(
            fi="Ajoneuvojen keskinopeus osuudella.",
            sv="Fordonens medelhastighet på länken.",
            en="The mean speed of vehicles along the link.",
        ),
    ),
    Variable(
        "traffic.co2",
        Text(fi="Liikenteen hiilidioksidi", sv="Trafikens koldioxid", en="Carbon dioxide of traffic"),
        "g/h",
        Text(
            fi="Hiilidioksidi, jonka osuuden ajoneuvot päästävät tunnissa.",
            sv="Koldioxid som fordonen på länken släpper ut i timmen.",
            en="Carbon dioxide that the vehicles on the link emit in an hour.",
        ),
    ),
    Variable(
        "traffic.nox",
        Text(fi="Liikenteen typen oksidit", sv="Trafikens kväveoxider", en="Nitrogen oxides of traffic"),
        "g/h",
        Text(
            fi="Typen oksidit, jotka osuuden ajoneuvot päästävät tunnissa.",
            sv="Kväveoxider som fordonen på länken släpper ut i timmen.",
            en="Nitrogen oxides that the vehicles on the link emit in an hour.",
        ),
    ),
    Variable(
        "traffic.pm_exhaust",
        Text(fi="Pakokaasun hiukkaset", sv="Avgaspartiklar", en="Exhaust particles of traffic"),
        "g/h",
        Text(
            fi="Hiukkaset, jotka osuuden ajoneuvojen pakoputkista tulevat tunnissa.",
            sv="Partiklar ur avgasrören på länkens fordon i timmen.",
            en="Particles that come out of the exhausts of vehicles on the link in an hour.",
        ),
    ),
    Variable(
        "traffic.pm_non_exhaust",
        Text(fi="Kulumisen hiukkaset", sv="Slitagepartiklar", en="Wear particles of traffic"),
        "g/h",
        Text(
            fi="Renkaiden, jarrujen ja tienpinnan kulumisen hiukkaset osuudella tunnissa.",
            sv="Partiklar från slitage av däck, bromsar och vägyta på länken i timmen.",
            en="Particles of worn tyres, brakes and road surface on the link in an hour.",
        ),
    ),
)
