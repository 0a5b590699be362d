"""What a traffic model's run can be asked for: the procedure's parameters with names, help, units, bounds, defaults."""

from __future__ import annotations

from typing import Final

from talkoot.core.base.schemas import Schema, amount, described, whole
from talkoot.core.base.text import Text

HOURS: Final = 24
MOST_NAMED: Final = 500
MOST_COUNT_DAYS: Final = 90


def _uids(name: Text, explanation: Text) -> Schema:
    item = {"type": "string", "maxLength": 60}
    return described(name, explanation, {"type": "array", "items": item, "maxItems": MOST_NAMED, "default": []})


def _upload(name: Text, explanation: Text) -> Schema:
    return described(name, explanation, {"type": "string", "maxLength": 60, "default": ""})


PROPERTIES: Final[dict[str, Schema]] = {
    "network": _upload(
        Text(fi="Tieverkko", sv="Vägnät", en="Network"),
        Text(
            fi="Tuodun verkon tunniste; tyhjä tarkoittaa rekisterin teitä.",
            sv="Identifieraren för ett inläst vägnät; tomt betyder registrets vägar.",
            en="The identifier of an uploaded network; empty means the register's roads.",
        ),
    ),
    "trips": _upload(
        Text(fi="Matkat", sv="Resor", en="Trips"),
        Text(
            fi="Tuodun huipputunnin matkataulukon tunniste; tyhjä tarkoittaa kaupungista arvioituja matkoja.",
            sv="Identifieraren för en inläst resmatris för maxtimmen; tomt betyder resor som uppskattas ur staden.",
            en="The identifier of uploaded trips of the busiest hour; empty means trips estimated from the city.",
        ),
    ),
    "counts": _upload(
        Text(fi="Laskennat", sv="Räkningar", en="Counts"),
        Text(
            fi="Tuotujen liikennelaskentojen tunniste; tyhjä tarkoittaa kaupungin omia laskimia.",
            sv="Identifieraren för inlästa trafikräkningar; tomt betyder stadens egna räknare.",
            en="The identifier of uploaded counts; empty means the city's own counters.",
        ),
    ),
    "count_days": whole(
        Text(fi="Laskentapäivät", sv="Räkningsdagar", en="Days of counts"),
        "d",
        7,
        (0, MOST_COUNT_DAYS),
        Text(
            fi="Näin monen viime päivän laskimilla matkoja korjataan; 0 jättää korjaamatta.",
            sv="Resorna korrigeras med räknare från så här många senaste dagar; 0 korrigerar inte.",
            en="Trips are corrected by the counters of so many last days; 0 corrects nothing.",
        ),
    ),
    "demand_factor": amount(
        Text(fi="Matkojen kerroin", sv="Faktor för resor", en="Demand factor"),
        "1",
        1,
        (0.05, 5),
        Text(
            fi="Kaikki automatkat kerrotaan tällä: 0,9 on kymmenesosa vähemmän.",
            sv="Alla bilresor multipliceras med detta: 0,9 är en tiondel färre.",
            en="All car trips are multiplied by this: 0.9 is a tenth fewer.",
        ),
    ),
    "ev_share": amount(
        Text(fi="Sähköautojen osuus", sv="Andel elbilar", en="Share of electric cars"),
        "1",
        0.08,
        (0, 1),
        Text(
            fi="Osuus autojen ajosuoritteesta; muut säilyttävät keskinäiset osuutensa.",
            sv="Andel av bilarnas trafikarbete; övriga behåller sina inbördes andelar.",
            en="Share of cars' kilometres; the others keep their shares among themselves.",
        ),
    ),
    "speed_factor": amount(
        Text(fi="Nopeusrajoitusten kerroin", sv="Faktor för hastighetsgränser", en="Speed limit factor"),
        "1",
        1,
        (0.3, 2),
        Text(
            fi="Kaikki nopeusrajoitukset kerrotaan tällä.",
            sv="Alla hastighetsgränser multipliceras med detta.",
            en="All speed limits are multiplied by this.",
        ),
    ),
    "closed_links": _uids(
        Text(fi="Suljetut tieosuudet", sv="Stängda väglänkar", en="Closed links"),
        Text(
            fi="Tieosuuksien tunnisteet, joilla ei ajeta.",
            sv="Identifierare för väglänkar där ingen kör.",
            en="Identifiers of road links on which nobody drives.",
        ),
    ),
    "toll_links": _uids(
        Text(fi="Maksulliset tieosuudet", sv="Avgiftsbelagda väglänkar", en="Tolled links"),
        Text(
            fi="Tieosuuksien tunnisteet, joista maksetaan.",
            sv="Identifierare för väglänkar som kostar.",
            en="Identifiers of road links that cost a toll.",
        ),
    ),
    "toll_eur": amount(
        Text(fi="Tiemaksu", sv="Vägavgift", en="Toll"),
        "{EUR}",
        0,
        (0, 100),
        Text(
            fi="Maksu kultakin maksulliselta osuudelta. Se muuttaa reittejä, ei matkojen määrää.",
            sv="Avgift för varje avgiftsbelagd länk. Den ändrar vägval, inte antalet resor.",
            en="What each tolled link costs. It changes routes, not the number of trips.",
        ),
    ),
    "value_of_time_eur_h": amount(
        Text(fi="Ajan arvo", sv="Tidsvärde", en="Value of time"),
        "{EUR}/h",
        12,
        (1, 200),
        Text(
            fi="Näin monta euroa tunti on kuljettajalle.",
            sv="Så många euro är en timme värd för en förare.",
            en="How many euros an hour is worth to a driver.",
        ),
    ),
    "car_share": amount(
        Text(
            fi="Auton osuus matkoista kaupungin ulkopuolelle",
            sv="Bilens andel av resor till och från staden",
            en="Share of cars in trips to and from outside",
        ),
        "1",
        0.35,
        (0, 1),
        Text(
            fi="Kaupungin sisäisten matkojen kulkutapa lasketaan; ulkopuolelta tuleville se oletetaan.",
            sv="Färdsättet för resor inom staden beräknas; för resor utifrån antas det.",
            en="The mode of trips within the city is computed; for those from outside it is assumed.",
        ),
    ),
    "cell_m": amount(
        Text(fi="Ruudun leveys", sv="Rutans bredd", en="Width of cells"),
        "m",
        250,
        (100, 5000),
        Text(
            fi="Matkat alkavat ja päättyvät näin leveissä ruuduissa, jos rekisterissä ei ole liikennealueita.",
            sv="Resor börjar och slutar i så här breda rutor om registret inte har trafikområden.",
            en="Trips begin and end in cells this wide where the register has no traffic zones.",
        ),
    ),
    "temperature_c": amount(
        Text(fi="Lämpötila", sv="Temperatur", en="Temperature"),
        "Cel",
        5,
        (-30, 35),
        Text(
            fi="Ulkoilman lämpötila: kylmä moottori päästää enemmän.",
            sv="Utomhustemperaturen: en kall motor släpper ut mer.",
            en="Outdoor temperature: a cold engine emits more.",
        ),
    ),
    "hours": described(
        Text(fi="Tunnit", sv="Timmar", en="Hours"),
        Text(
            fi="Vuorokauden tunnit, jotka lasketaan (0 on keskiyöstä yhteen).",
            sv="De timmar på dygnet som beräknas (0 är från midnatt till ett).",
            en="The hours of the day to compute (0 is from midnight to one).",
        ),
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": HOURS - 1},
            "uniqueItems": True,
            "minItems": 1,
            "default": list(range(HOURS)),
        },
    ),
    "date": described(
        Text(fi="Päivä", sv="Dag", en="Day"),
        Text(
            fi="Arkipäivä, jonka tunneiksi tulokset merkitään (VVVV-KK-PP); tyhjä tarkoittaa laskentapäivää.",
            sv="Den vardag som resultaten gäller (ÅÅÅÅ-MM-DD); tomt betyder dagen för beräkningen.",
            en="The workday that results are said to be of (YYYY-MM-DD); empty means the day of the run.",
        ),
        {"type": "string", "pattern": r"^(\d{4}-\d{2}-\d{2})?$", "default": ""},
    ),
    "gap": amount(
        Text(fi="Suhteellinen ero tasapainoon", sv="Relativt avstånd till jämvikt", en="Relative gap"),
        "1",
        1e-6,
        (1e-12, 0.1),
        Text(
            fi="Näin lähellä käyttäjätasapainoa lasku päättyy.",
            sv="Så nära användarjämvikten slutar beräkningen.",
            en="How near the user equilibrium the search stops.",
        ),
    ),
    "flow_cv": amount(
        Text(fi="Liikennemäärien hajonta", sv="Flödenas spridning", en="Spread of flows"),
        "1",
        0.3,
        (0, 1),
        Text(
            fi="Arvioitujen matkojen variaatiokerroin; siitä ja laskennoista tulee liikennemäärien vaihteluväli.",
            sv="Variationskoefficienten för uppskattade resor; den och räkningarna ger flödenas intervall.",
            en="Coefficient of variation of estimated trips; with the counts it gives the range of flows.",
        ),
    ),
    "seed": whole(
        Text(fi="Siemenluku", sv="Frö", en="Seed"),
        "1",
        0,
        (0, 2**31 - 1),
        Text(
            fi="Sama luku antaa samat vaihteluvälit.",
            sv="Samma tal ger samma intervall.",
            en="The same number gives the same ranges.",
        ),
    ),
}

PARAMETERS: Final[Schema] = {"type": "object", "properties": PROPERTIES, "required": list(PROPERTIES)}
