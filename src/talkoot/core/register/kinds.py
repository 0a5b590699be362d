"""The kinds of things every city has, with their attributes, and the ways in which things relate.

An attribute's schema carries, beside the standard keywords, two annotations: `x-name` (its name by language) and,
for an amount, `x-unit` (its unit as a UCUM code). Pages and tables label values by them.
"""

from __future__ import annotations

from typing import Any, Final

from talkoot.core.base.declare import Kind
from talkoot.core.base.text import Text

POINT: Final = ("Point",)
LINE: Final = ("LineString", "MultiLineString")
AREA: Final = ("Polygon", "MultiPolygon")
PLACE: Final = (*POINT, *AREA)
ANYWHERE: Final = (*POINT, "MultiPoint", *LINE, *AREA)

Schema = dict[str, Any]


def _named(name: Text, schema: Schema) -> Schema:
    return {**schema, "title": name.en, "x-name": name.as_dict()}


def amount(name: Text, unit: str, minimum: float, maximum: float) -> Schema:
    """Return the schema of a number in `unit` (UCUM) between bounds beyond which it must be a mistake."""
    return _named(name, {"type": "number", "minimum": minimum, "maximum": maximum, "x-unit": unit})


def count(name: Text, minimum: int, maximum: int) -> Schema:
    """Return the schema of a whole number of pieces."""
    return _named(name, {"type": "integer", "minimum": minimum, "maximum": maximum, "x-unit": "1"})


def words(name: Text, length: int = 200) -> Schema:
    """Return the schema of a text of at most `length` characters."""
    return _named(name, {"type": "string", "maxLength": length})


def choice(name: Text, *values: str) -> Schema:
    """Return the schema of one word out of a list."""
    return _named(name, {"enum": list(values)})


def attributes(**properties: Schema) -> Schema:
    """Return the schema of a thing's attributes: these and no others, none of them required."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


HEIGHT: Final = Text(fi="Korkeus", sv="Höjd", en="Height")
LENGTH: Final = Text(fi="Pituus", sv="Längd", en="Length")
ACCESS: Final = Text(fi="Kulkuoikeus", sv="Tillträde", en="Access")
SURFACE: Final = Text(fi="Päällyste", sv="Beläggning", en="Surface")
LIT: Final = Text(fi="Valaistus", sv="Belysning", en="Lighting")
ADDRESS: Final = Text(fi="Osoite", sv="Adress", en="Address")
ONE_WAY: Final = Text(fi="Yksisuuntaisuus", sv="Enkelriktning", en="One-way")
CATEGORY: Final = Text(fi="Laji", sv="Slag", en="Category")

ONE_WAYS: Final = ("no", "forward", "backward")
TURNS: Final = (
    "no_left_turn",
    "no_right_turn",
    "no_straight_on",
    "no_u_turn",
    "no_entry",
    "no_exit",
    "only_left_turn",
    "only_right_turn",
    "only_straight_on",
    "only_u_turn",
)
WHEELCHAIR: Final = ("yes", "limited", "no", "designated")


def _path_attributes() -> Schema:
    return attributes(
        length_m=amount(LENGTH, "m", 0, 1_000_000),
        surface=words(SURFACE),
        lit=words(LIT),
        oneway=choice(ONE_WAY, *ONE_WAYS),
        access=words(ACCESS),
        width_m=amount(Text(fi="Leveys", sv="Bredd", en="Width"), "m", 0, 200),
    )


KINDS: Final = (
    Kind(
        code="site",
        name=Text(fi="Alue", sv="Område", en="Site"),
        plural=Text(fi="Alueet", sv="Områden", en="Sites"),
        schema=attributes(use=words(Text(fi="Käyttötarkoitus", sv="Användning", en="Use")), address=words(ADDRESS)),
        geometry=PLACE,
        description=Text(
            fi="Kokonaisuus, johon kuuluu rakennuksia ja ulkotiloja, esimerkiksi koulun tontti.",
            sv="En helhet av byggnader och utrymmen utomhus, till exempel en skolas tomt.",
            en="Buildings and outdoor space that belong together, such as the grounds of a school.",
        ),
    ),
    Kind(
        code="building",
        name=Text(fi="Rakennus", sv="Byggnad", en="Building"),
        plural=Text(fi="Rakennukset", sv="Byggnader", en="Buildings"),
        schema=attributes(
            height_m=amount(HEIGHT, "m", 0, 1000),
            levels=amount(Text(fi="Kerrosluku", sv="Antal våningar", en="Levels"), "1", 0, 250),
            base_m=amount(Text(fi="Alareunan korkeus", sv="Underkantens höjd", en="Height of the base"), "m", 0, 1000),
            use=words(Text(fi="Käyttötarkoitus", sv="Användning", en="Use")),
            address=words(ADDRESS),
        ),
        geometry=PLACE,
        description=Text(
            fi="Rakennus tai sen muusta erottuva osa. Korkeus mitataan maanpinnasta.",
            sv="En byggnad eller en del som skiljer sig från resten. Höjden räknas från marken.",
            en="A building, or a part that differs from the rest of it. Heights are above the ground.",
        ),
    ),
    Kind(
        code="floor",
        name=Text(fi="Kerros", sv="Våning", en="Floor"),
        plural=Text(fi="Kerrokset", sv="Våningar", en="Floors"),
        schema=attributes(
            level=amount(Text(fi="Kerroksen numero", sv="Våningens nummer", en="Level"), "1", -20, 250),
            area_m2=amount(Text(fi="Pinta-ala", sv="Yta", en="Area"), "m2", 0, 1_000_000),
        ),
        geometry=PLACE,
    ),
    Kind(
        code="room",
        name=Text(fi="Huone", sv="Rum", en="Room"),
        plural=Text(fi="Huoneet", sv="Rum", en="Rooms"),
        schema=attributes(
            area_m2=amount(Text(fi="Pinta-ala", sv="Yta", en="Area"), "m2", 0, 1_000_000),
            height_m=amount(HEIGHT, "m", 0, 200),
            seats=count(Text(fi="Paikkoja", sv="Platser", en="Seats"), 0, 100_000),
            use=words(Text(fi="Käyttötarkoitus", sv="Användning", en="Use")),
            wheelchair=choice(Text(fi="Esteettömyys", sv="Tillgänglighet", en="Wheelchair access"), *WHEELCHAIR),
        ),
        geometry=PLACE,
    ),
    Kind(
        code="street_lamp",
        name=Text(fi="Valaisinpylväs", sv="Belysningsstolpe", en="Light pole"),
        plural=Text(fi="Valaisinpylväät", sv="Belysningsstolpar", en="Light poles"),
        schema=attributes(
            height_m=amount(HEIGHT, "m", 0, 100),
            lamp_type=words(Text(fi="Lampun tyyppi", sv="Lampans typ", en="Lamp type")),
            power_w=amount(Text(fi="Teho", sv="Effekt", en="Power"), "W", 0, 10_000),
            mount=words(Text(fi="Kiinnitys", sv="Fäste", en="Mount")),
            material=words(Text(fi="Materiaali", sv="Material", en="Material")),
        ),
        geometry=POINT,
    ),
    Kind(
        code="road_link",
        name=Text(fi="Tieosuus", sv="Väglänk", en="Road link"),
        plural=Text(fi="Tieosuudet", sv="Väglänkar", en="Road links"),
        schema=attributes(
            road_class=words(Text(fi="Tieluokka", sv="Vägklass", en="Road class"), 40),
            lanes=count(Text(fi="Kaistoja", sv="Körfält", en="Lanes"), 1, 30),
            speed_kmh=amount(Text(fi="Nopeusrajoitus", sv="Hastighetsgräns", en="Speed limit"), "km/h", 1, 200),
            oneway=choice(ONE_WAY, *ONE_WAYS),
            length_m=amount(LENGTH, "m", 0, 1_000_000),
            name=words(Text(fi="Kadunnimi", sv="Gatunamn", en="Street name")),
            surface=words(SURFACE),
            lit=words(LIT),
            access=words(ACCESS),
            bridge=_named(Text(fi="Silta", sv="Bro", en="Bridge"), {"type": "boolean"}),
            tunnel=_named(Text(fi="Tunneli", sv="Tunnel", en="Tunnel"), {"type": "boolean"}),
        ),
        geometry=LINE,
        description=Text(
            fi="Ajotien osa risteyksestä seuraavaan. Suunta on viivan piirtosuunta.",
            sv="En körväg från en korsning till nästa. Riktningen är den som linjen är ritad i.",
            en="A carriageway from one junction to the next. Its direction is that in which the line is drawn.",
        ),
    ),
    Kind(
        code="junction",
        name=Text(fi="Risteys", sv="Korsning", en="Junction"),
        plural=Text(fi="Risteykset", sv="Korsningar", en="Junctions"),
        schema=attributes(
            links=count(Text(fi="Tieosuuksia", sv="Väglänkar", en="Road links"), 1, 1000),
            control=words(Text(fi="Ohjaus", sv="Reglering", en="Control")),
        ),
        geometry=POINT,
        searchable=False,
        description=Text(
            fi="Tieosuuksien yhteinen päätepiste tai umpikujan pää.",
            sv="En punkt där väglänkar möts, eller slutet på en återvändsgata.",
            en="A point where road links meet, or the end of one that leads no further.",
        ),
    ),
    Kind(
        code="turn_restriction",
        name=Text(fi="Kääntymisrajoitus", sv="Svängförbud", en="Turn restriction"),
        plural=Text(fi="Kääntymisrajoitukset", sv="Svängförbud", en="Turn restrictions"),
        schema=attributes(
            restriction=choice(Text(fi="Rajoitus", sv="Förbud", en="Restriction"), *TURNS),
            exceptions=words(Text(fi="Ei koske", sv="Gäller inte", en="Does not apply to")),
            condition=words(Text(fi="Voimassa", sv="Gäller", en="Applies when")),
        ),
        geometry=POINT,
        searchable=False,
    ),
    Kind(
        code="traffic_signal",
        name=Text(fi="Liikennevalo", sv="Trafikljus", en="Traffic signal"),
        plural=Text(fi="Liikennevalot", sv="Trafikljus", en="Traffic signals"),
        schema=attributes(
            signal=words(Text(fi="Tyyppi", sv="Typ", en="Type")),
            sound=words(Text(fi="Äänimerkki", sv="Ljudsignal", en="Sound signal")),
        ),
        geometry=POINT,
    ),
    Kind(
        code="tree",
        name=Text(fi="Puu", sv="Träd", en="Tree"),
        plural=Text(fi="Puut", sv="Träd", en="Trees"),
        schema=attributes(
            height_m=amount(HEIGHT, "m", 0, 130),
            crown_m=amount(Text(fi="Latvuksen leveys", sv="Kronans bredd", en="Crown diameter"), "m", 0, 60),
            girth_m=amount(Text(fi="Rungon ympärysmitta", sv="Stammens omkrets", en="Trunk girth"), "m", 0, 60),
            species=words(Text(fi="Laji", sv="Art", en="Species")),
            leaf_type=words(Text(fi="Lehtityyppi", sv="Lövtyp", en="Leaf type")),
        ),
        geometry=POINT,
    ),
    Kind(
        code="footway",
        name=Text(fi="Kävelytie", sv="Gångväg", en="Footway"),
        plural=Text(fi="Kävelytiet", sv="Gångvägar", en="Footways"),
        schema=_path_attributes(),
        geometry=(*LINE, *AREA),
    ),
    Kind(
        code="cycleway",
        name=Text(fi="Pyörätie", sv="Cykelväg", en="Cycleway"),
        plural=Text(fi="Pyörätiet", sv="Cykelvägar", en="Cycleways"),
        schema=_path_attributes(),
        geometry=LINE,
    ),
    Kind(
        code="service_place",
        name=Text(fi="Palvelupaikka", sv="Serviceställe", en="Place of service"),
        plural=Text(fi="Palvelupaikat", sv="Serviceställen", en="Places of service"),
        schema=attributes(
            category=words(CATEGORY, 60),
            opening_hours=words(Text(fi="Aukioloajat", sv="Öppettider", en="Opening hours"), 1000),
            website=words(Text(fi="Verkkosivusto", sv="Webbplats", en="Website"), 500),
            phone=words(Text(fi="Puhelin", sv="Telefon", en="Telephone")),
            wheelchair=choice(Text(fi="Esteettömyys", sv="Tillgänglighet", en="Wheelchair access"), *WHEELCHAIR),
            operator=words(Text(fi="Ylläpitäjä", sv="Huvudman", en="Operator")),
            address=words(ADDRESS),
        ),
        geometry=PLACE,
        description=Text(
            fi="Koulu, kirjasto, terveysasema, kauppa tai muu paikka, jossa palvellaan ihmisiä.",
            sv="En skola, ett bibliotek, en hälsostation, en butik eller ett annat ställe som betjänar människor.",
            en="A school, library, health station, shop or other place where people are served.",
        ),
    ),
    Kind(
        code="water",
        name=Text(fi="Vesialue", sv="Vattenområde", en="Water"),
        plural=Text(fi="Vesialueet", sv="Vattenområden", en="Waters"),
        schema=attributes(category=words(CATEGORY, 60)),
        geometry=(*LINE, *AREA),
    ),
    Kind(
        code="green_area",
        name=Text(fi="Viheralue", sv="Grönområde", en="Green area"),
        plural=Text(fi="Viheralueet", sv="Grönområden", en="Green areas"),
        schema=attributes(category=words(CATEGORY, 60)),
        geometry=AREA,
    ),
    Kind(
        code="railway",
        name=Text(fi="Raide", sv="Spår", en="Railway"),
        plural=Text(fi="Raiteet", sv="Spår", en="Railways"),
        schema=attributes(
            category=words(CATEGORY, 60),
            length_m=amount(LENGTH, "m", 0, 1_000_000),
            tunnel=_named(Text(fi="Tunneli", sv="Tunnel", en="Tunnel"), {"type": "boolean"}),
        ),
        geometry=LINE,
    ),
    Kind(
        code="thing",
        name=Text(fi="Kohde", sv="Objekt", en="Thing"),
        plural=Text(fi="Kohteet", sv="Objekt", en="Things"),
        schema={"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"},
        geometry=ANYWHERE,
        description=Text(
            fi="Mikä tahansa, jolle ei ole omaa lajia. Ominaisuudet ovat vapaat.",
            sv="Vad som helst som saknar ett eget slag. Egenskaperna är fria.",
            en="Anything that has no kind of its own. Its attributes are free.",
        ),
    ),
)

RELATIONS: Final[dict[str, Text]] = {
    "from": Text(fi="alkaa kohteesta", sv="börjar vid", en="from"),
    "to": Text(fi="päättyy kohteeseen", sv="slutar vid", en="to"),
    "via": Text(fi="kulkee kautta", sv="går via", en="via"),
    "part_of": Text(fi="on osa kohdetta", sv="är en del av", en="part of"),
    "mounted_on": Text(fi="on kiinnitetty kohteeseen", sv="är fäst vid", en="mounted on"),
    "at": Text(fi="sijaitsee kohteessa", sv="finns i", en="at"),
    "serves": Text(fi="palvelee kohdetta", sv="betjänar", en="serves"),
    "succeeded_by": Text(fi="seuraaja on", sv="efterträds av", en="succeeded by"),
}
