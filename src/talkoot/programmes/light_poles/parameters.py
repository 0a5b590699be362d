"""What a plan can be asked for: the procedure's parameters with names, help, units, bounds and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from talkoot.core.base.schemas import Schema, amount, described
from talkoot.core.base.text import Text

if TYPE_CHECKING:
    from talkoot.programmes.light_poles.engine.link_budget import Radio

PROPERTIES: Final[dict[str, Schema]] = {
    "target_mbps": amount(
        Text(fi="Tavoitenopeus", sv="Målhastighet", en="Target bit rate"),
        "Mbit/s",
        300,
        (1, 10_000),
        Text(
            fi="Latausnopeus, jonka yksi laite saa, kun se on ainoa käyttäjä.",
            sv="Nedladdningshastighet för en enhet som är ensam i nätet.",
            en="Download speed of one device that has the network to itself.",
        ),
    ),
    "coverage": amount(
        Text(fi="Katettava osuus", sv="Andel som ska täckas", en="Share to cover"),
        "1",
        0.9,
        (0.01, 1),
        Text(
            fi="Osuus ulkotilasta, jolla tavoitenopeus toteutuu: 0,9 on 90 prosenttia.",
            sv="Den andel av utomhusytan där målhastigheten nås: 0,9 är 90 procent.",
            en="Share of outdoor space where the target holds: 0.9 is 90 percent.",
        ),
    ),
    "frequency_ghz": amount(
        Text(fi="Taajuus", sv="Frekvens", en="Frequency"),
        "GHz",
        26,
        (0.5, 100),
        Text(
            fi="Kantoaallon taajuus. Suomessa 5G:n katuverkot käyttävät 26 GHz:n aluetta.",
            sv="Bärvågens frekvens. I Finland används 26 GHz-bandet för 5G på gatunivå.",
            en="Carrier frequency. Street-level 5G in Finland uses the 26 GHz band.",
        ),
    ),
    "eirp_class": described(
        Text(fi="Teholuokka", sv="Effektklass", en="Power class"),
        Text(
            fi="Pienalueen tukiaseman luokka EU:n asetuksessa 2020/1070: E2 säteilee enintään 2 W, E10 enintään 10 W.",
            sv="Klass enligt EU:s förordning 2020/1070: E2 strålar högst 2 W, E10 högst 10 W.",
            en="Class of an access point by EU regulation 2020/1070: E2 radiates at most 2 W, E10 at most 10 W.",
        ),
        {"enum": ["E2", "E10"], "default": "E10"},
    ),
    "bandwidth_mhz": amount(
        Text(fi="Kaistanleveys", sv="Bandbredd", en="Bandwidth"),
        "MHz",
        200,
        (5, 2000),
        Text(
            fi="Yhden kantoaallon leveys. Leveämpi kuljettaa enemmän mutta kuulee enemmän kohinaa.",
            sv="Bredden på en bärvåg. En bredare överför mer men hör också mer brus.",
            en="Width of one carrier. A wider one carries more and hears more noise.",
        ),
    ),
    "margin_db": amount(
        Text(fi="Häipymävara", sv="Fädningsmarginal", en="Fading margin"),
        "dB",
        4,
        (0, 30),
        Text(
            fi="Varaa liikenteen, puiden ja kalusteiden varjostukselle. 4 dB on yksi keskihajonta näköyhteydellä.",
            sv="Reserv för skuggning av trafik, träd och möbler. 4 dB är en standardavvikelse vid fri sikt.",
            en="Kept for what traffic, trees and furniture shade. 4 dB is one standard deviation in line of sight.",
        ),
    ),
    "device_gain_dbi": amount(
        Text(fi="Laitteen antennivahvistus", sv="Enhetens antennförstärkning", en="Antenna gain of the device"),
        "dBi",
        8,
        (-10, 40),
        Text(
            fi="Puhelimen yksi antennielementti on noin 8 dBi.",
            sv="Ett antennelement i en telefon har ungefär 8 dBi.",
            en="One antenna element of a phone has about 8 dBi.",
        ),
    ),
    "range_m": amount(
        Text(fi="Pisin yhteys", sv="Längsta länk", en="Longest link"),
        "m",
        200,
        (10, 2000),
        Text(
            fi="Pidempiä yhteyksiä ei oteta lukuun, vaikka laskelma sallisi ne.",
            sv="Längre länkar räknas inte, även om beräkningen skulle tillåta dem.",
            en="Longer links do not count, even where the model would allow them.",
        ),
    ),
    "antenna_height_m": amount(
        Text(fi="Antennin oletuskorkeus", sv="Antagen antennhöjd", en="Assumed height of antennas"),
        "m",
        6,
        (2, 50),
        Text(
            fi="Käytetään pylväissä, joiden korkeutta rekisteri ei tiedä.",
            sv="Används för stolpar vars höjd inte finns i registret.",
            en="Used for poles whose height the register does not know.",
        ),
    ),
    "surroundings_m": amount(
        Text(fi="Suunnittelualueen reuna", sv="Planområdets kant", en="Reach of the plan's area"),
        "m",
        50,
        (5, 500),
        Text(
            fi="Alueeseen kuuluu ulkotila, josta lähimpään valaisinpylvääseen on enintään näin pitkä matka.",
            sv="Till området hör den utomhusyta som ligger högst så här långt från en belysningsstolpe.",
            en="The area is the outdoor space that lies no farther than this from a light pole.",
        ),
    ),
    "grid_m": amount(
        Text(fi="Ruudun koko", sv="Rutstorlek", en="Grid spacing"),
        "m",
        10,
        (2, 100),
        Text(
            fi="Ulkotila lasketaan pisteinä näin harvassa. Tiheämpi on tarkempi ja hitaampi.",
            sv="Utomhusytan räknas i punkter med detta avstånd. Tätare är noggrannare och långsammare.",
            en="Outdoor space is counted in points this far apart. A finer grid is more exact and slower.",
        ),
    ),
    "time_limit_s": amount(
        Text(fi="Aikaraja", sv="Tidsgräns", en="Time limit"),
        "s",
        20,
        (1, 600),
        Text(
            fi="Näin kauan etsitään todistettua parasta; aina kerrotaan, kuinka lähelle päästiin.",
            sv="Så länge söks det bevisat bästa; det sägs alltid hur nära man kom.",
            en="How long to look for the proven best; how near it came is always told.",
        ),
    ),
}

PARAMETERS: Final[Schema] = {"type": "object", "properties": PROPERTIES, "required": list(PROPERTIES)}


def radio_of(parameters: Mapping[str, Any]) -> Radio:
    """Return the radio link that a plan's parameters describe; a transmitter uses all its class allows."""
    # Imported here: the declaration names these parameters to a shell that only asks for help.
    from talkoot.programmes.light_poles.engine.link_budget import EirpClass, Radio, overhead_share

    frequency = float(parameters["frequency_ghz"])
    return Radio(
        frequency_ghz=frequency,
        eirp_dbm=EirpClass[parameters["eirp_class"]].eirp_dbm,
        bandwidth_mhz=float(parameters["bandwidth_mhz"]),
        device_gain_dbi=float(parameters["device_gain_dbi"]),
        margin_db=float(parameters["margin_db"]),
        overhead_share=overhead_share(frequency),
    )
