"""What light_poles plugs into the house: which light poles carry 5G transmitters, and what they serve."""

from __future__ import annotations

from typing import Final

from talkoot.core.base.declare import Dataset, Layer, NavItem, Panel, Permission, Procedure, Programme, Variable
from talkoot.core.base.text import Text
from talkoot.programmes.light_poles.devices.kinds import KINDS
from talkoot.programmes.light_poles.devices.variables import VARIABLES
from talkoot.programmes.light_poles.parameters import PARAMETERS

PACKAGE: Final = "talkoot.programmes.light_poles"

PERMISSIONS: Final = (
    Permission(
        "light_poles.view",
        Text(fi="Pylvässuunnitelmien katselu", sv="Se stolpplaner", en="See plans of light poles"),
        anyone=True,
    ),
    Permission(
        "light_poles.plan",
        Text(fi="Pylvässuunnitelmien laskeminen", sv="Beräkna stolpplaner", en="Make plans of light poles"),
        frozenset({"planner"}),
    ),
)

POLES_LAYER: Final = Layer(
    "light_poles.chosen",
    Text(fi="5G-pylväät suunnitelmassa", sv="5G-stolpar i planen", en="5G poles in the plan"),
    url_name="api:light-poles-poles",
    paint=(
        {
            "type": "circle",
            "paint": {
                "circle-color": "var(--rowan)",
                "circle-radius": ["interpolate", ["linear"], ["zoom"], 12, 2.5, 17, 8],
                "circle-stroke-color": "var(--sheet)",
                "circle-stroke-width": 1,
            },
        },
    ),
    legend=(
        (
            "var(--rowan)",
            Text(
                fi="kantaa 5G-lähettimen (mallinnettu)",
                sv="bär en 5G-sändare (modellerad)",
                en="carries a 5G transmitter (modelled)",
            ),
        ),
    ),
    order=25,
)

PROCEDURE: Final = Procedure(
    "light_poles.plan",
    Text(fi="5G-valaisinpylväät", sv="Belysningsstolpar för 5G", en="Light poles for 5G"),
    run=f"{PACKAGE}.planning:plan",
    permission="light_poles.plan",
    version="2",
    parameters=PARAMETERS,
    view="light_poles.view",
    summary={
        "poles": Text(fi="Pylväitä", sv="Stolpar", en="Poles"),
        "lower_bound": Text(fi="Vähintään tarvitaan", sv="Minst behövs", en="At least needed"),
        "gap": Text(fi="Ero alarajaan (osuus)", sv="Gap till den undre gränsen (andel)", en="Gap to the bound (share)"),
        "status": Text(fi="Ratkaisu", sv="Lösning", en="Solution"),
        "covered_share": Text(fi="Katettu osuus", sv="Täckt andel", en="Share covered"),
        "covered_share_low": Text(fi="Katettu osuus vähintään", sv="Täckt andel minst", en="Share covered, low"),
        "covered_share_high": Text(fi="Katettu osuus enintään", sv="Täckt andel högst", en="Share covered, high"),
        "expected_share": Text(
            fi="Odotusarvo, kun yhteydet häipyvät toisistaan riippumatta",
            sv="Väntevärde när länkarna fädar oberoende av varandra",
            en="Share expected where every link fades by itself",
        ),
        "candidates": Text(fi="Pylväitä, joista valita", sv="Stolpar att välja bland", en="Poles to choose from"),
        "outdoor_m2": Text(fi="Tarkasteltu ulkotila (m²)", sv="Utomhusyta som räknas (m²)", en="Outdoor space (m²)"),
    },
    results={
        "plan": Text(fi="Suunnitelma", sv="Planen", en="The plan"),
        "bit_rate": Text(fi="Latausnopeus pisteittäin", sv="Hastighet punkt för punkt", en="Bit rate by points"),
        "buildings": Text(
            fi="Latausnopeus rakennusten vierellä", sv="Hastighet intill byggnader", en="Bit rate beside buildings"
        ),
        "bit_rate_areas": Text(
            fi="Alueet latausnopeuden mukaan", sv="Områden efter hastighet", en="Areas by their bit rate"
        ),
    },
)

DATASET: Final = Dataset(
    "light-poles-plan",
    Text(fi="5G-valaisinpylväät", sv="Belysningsstolpar för 5G", en="Light poles for 5G"),
    Text(
        fi="Kaupungin käytössä olevan suunnitelman pylväät: mallinnettu, mitä kukin palvelee ja lisää.",
        sv="Stolparna i stadens gällande plan: modellerat vad var och en betjänar och tillför.",
        en="The poles of the city's plan in use: modelled, what each serves and adds.",
    ),
    rows=f"{PACKAGE}.plans:dataset_rows",
    licence="ODbL-1.0",
    attribution="© OpenStreetMap contributors",
    spatial=True,
    columns={
        "uid": Text(fi="Tunniste", sv="Identifierare", en="Identifier"),
        "height_m": Text(fi="Korkeus (m)", sv="Höjd (m)", en="Height (m)"),
        "serves_m2": Text(fi="Palvelee (m²)", sv="Betjänar (m²)", en="Serves (m²)"),
        "adds_m2": Text(fi="Lisää (m²)", sv="Tillför (m²)", en="Adds (m²)"),
        "share_so_far": Text(
            fi="Katettu osuus edeltävien kanssa",
            sv="Täckt andel med de föregående",
            en="Share covered with those before",
        ),
    },
)

PROGRAMME = Programme(
    code="light_poles",
    title=Text(fi="Valaisinpylväät ja 5G", sv="Belysningsstolpar och 5G", en="Light poles and 5G"),
    app=f"{PACKAGE}.apps.LightPolesConfig",
    urls=f"{PACKAGE}.urls",
    mount="poles",
    api=f"{PACKAGE}.api:router",
    commands=f"{PACKAGE}.cli:app",
    commands_name="poles",
    commands_help="Plan which light poles carry 5G transmitters.",
    kinds=KINDS,
    variables=(
        Variable(
            "light_poles.bit_rate",
            Text(fi="5G-latausnopeus ulkona", sv="5G-hastighet utomhus", en="5G bit rate outdoors"),
            "Mbit/s",
            Text(
                fi="Latausnopeus, jonka yksi laite saa ulkona: rakennuksesta sen seinien lähellä.",
                sv="Hastigheten som en enhet får utomhus: för en byggnad nära dess väggar.",
                en="The bit rate that one device has outdoors: of a building, near its walls.",
            ),
        ),
        *VARIABLES,
    ),
    permissions=PERMISSIONS,
    layers=(POLES_LAYER,),
    panels=(
        Panel(
            "light_poles.plan",
            Text(fi="5G-suunnitelma", sv="5G-plan", en="5G plan"),
            render=f"{PACKAGE}.showing:panel",
            kinds=("street_lamp",),
        ),
        Panel(
            "light_poles.devices",
            Text(fi="Laitteet tässä pylväässä", sv="Enheter på den här stolpen", en="Devices on this pole"),
            render=f"{PACKAGE}.devices.showing:devices_panel",
            kinds=("street_lamp",),
            order=10,
            replaces="measurements",
        ),
        Panel(
            "light_poles.carrier",
            Text(fi="Missä se on kiinni", sv="Var den är fäst", en="Where it is mounted"),
            render=f"{PACKAGE}.devices.showing:carrier_panel",
            kinds=tuple(kind.code for kind in KINDS),
            order=5,
        ),
    ),
    datasets=(DATASET,),
    procedures=(PROCEDURE,),
    figures=(f"{PACKAGE}.showing:figures",),
    navigation=(
        NavItem(
            "plan",
            Text(fi="5G valaisinpylväissä", sv="5G i belysningsstolpar", en="5G on light poles"),
            "light_poles:plan",
            Text(
                fi="Mitkä pylväät kantavat lähettimen, jotta verkko riittää kaduille.",
                sv="Vilka stolpar som bär en sändare så att nätet räcker till gatorna.",
                en="Which poles carry a transmitter, so that the streets are served.",
            ),
            order=10,
        ),
    ),
    demo=(f"{PACKAGE}.demo:first_plan",),
    simulators={"poles": f"{PACKAGE}.devices.cli:app"},
)
