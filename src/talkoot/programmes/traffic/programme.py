"""What traffic plugs into the house: where traffic goes and what it emits."""

from __future__ import annotations

from typing import Final

from talkoot.core.base.declare import Layer, NavItem, Panel, Permission, PersonalData, Procedure, Programme
from talkoot.core.base.text import Text
from talkoot.programmes.traffic.kinds import KINDS, VARIABLES
from talkoot.programmes.traffic.open_data import DATASETS
from talkoot.programmes.traffic.painting import AMOUNTS, WIDTHS, paint
from talkoot.programmes.traffic.parameters import PARAMETERS

PACKAGE: Final = "talkoot.programmes.traffic"

PERMISSIONS: Final = (
    Permission(
        "traffic.view",
        Text(fi="Liikennemallien katselu", sv="Se trafikmodeller", en="See models of traffic"),
        anyone=True,
    ),
    Permission(
        "traffic.plan",
        Text(fi="Liikenteen mallintaminen", sv="Modellera trafik", en="Model traffic"),
        frozenset({"planner"}),
    ),
)

FLOW_LAYER: Final = Layer(
    "traffic.flow",
    Text(fi="Autoliikenne, vilkkain tunti", sv="Biltrafik, livligaste timmen", en="Car traffic, busiest hour"),
    url_name="api:traffic-links",
    paint=paint(AMOUNTS, WIDTHS),
    legend=(
        (
            "var(--amount-1)",
            Text(fi="vähän autoja (mallinnettu)", sv="få bilar (modellerat)", en="few cars (modelled)"),
        ),
        (
            "var(--amount-5)",
            Text(fi="paljon autoja (mallinnettu)", sv="många bilar (modellerat)", en="many cars (modelled)"),
        ),
    ),
    shown=False,
    order=30,
)

PROCEDURE: Final = Procedure(
    "traffic.model",
    Text(fi="Liikenne ja sen päästöt", sv="Trafik och dess utsläpp", en="Traffic and its emissions"),
    run=f"{PACKAGE}.modelling:model",
    permission="traffic.plan",
    version="1",
    parameters=PARAMETERS,
    view="traffic.view",
    summary={
        "vehicles": Text(fi="Automatkoja", sv="Bilresor", en="Vehicle trips"),
        "vehicles_left_out": Text(
            fi="Automatkoja ilman reittiä", sv="Bilresor utan väg", en="Vehicle trips that no path leads to"
        ),
        "vehicle_km": Text(fi="Ajosuorite (ajon.km)", sv="Trafikarbete (fordonskm)", en="Distance driven (vehicle-km)"),
        "mean_speed_kmh": Text(fi="Keskinopeus (km/h)", sv="Medelhastighet (km/h)", en="Mean speed (km/h)"),
        "delay_share": Text(fi="Ruuhkan osuus ajasta", sv="Köernas andel av tiden", en="Share of time lost to traffic"),
        "co2_kg": Text(fi="Hiilidioksidi (kg)", sv="Koldioxid (kg)", en="Carbon dioxide (kg)"),
        "co2_kg_low": Text(fi="Hiilidioksidi vähintään (kg)", sv="Koldioxid minst (kg)", en="Carbon dioxide, low (kg)"),
        "co2_kg_high": Text(
            fi="Hiilidioksidi enintään (kg)", sv="Koldioxid högst (kg)", en="Carbon dioxide, high (kg)"
        ),
        "nox_kg": Text(fi="Typen oksidit (kg)", sv="Kväveoxider (kg)", en="Nitrogen oxides (kg)"),
        "pm_exhaust_kg": Text(fi="Pakokaasun hiukkaset (kg)", sv="Avgaspartiklar (kg)", en="Exhaust particles (kg)"),
        "pm_non_exhaust_kg": Text(fi="Kulumisen hiukkaset (kg)", sv="Slitagepartiklar (kg)", en="Wear particles (kg)"),
        "relative_gap": Text(fi="Suurin suhteellinen ero", sv="Största relativa avstånd", en="Largest relative gap"),
        "zones": Text(fi="Alueita", sv="Områden", en="Zones"),
        "counts": Text(fi="Laskentoja, joilla korjattiin", sv="Räkningar att korrigera med", en="Counts corrected to"),
        "counts_met": Text(fi="Laskennoista GEH alle 5", sv="Räkningar med GEH under 5", en="Counts with GEH below 5"),
    },
    results={
        "links": Text(fi="Tieosuudet tunneittain", sv="Väglänkar timme för timme", en="Road links by the hour"),
        "zones": Text(fi="Alueet", sv="Områden", en="Zones"),
        "summary": Text(fi="Yhteenveto", sv="Sammandrag", en="Summary"),
        "roads": Text(fi="Tiet kartalla", sv="Vägarna på kartan", en="Roads on the map"),
    },
)

INPUTS_OF_PEOPLE: Final = PersonalData(
    "traffic.inputs",
    Text(fi="Tuomasi liikenneaineistot", sv="Trafikmaterial du har läst in", en="Traffic files you sent in"),
    Text(
        fi="Tieto siitä, kuka verkon, matkat tai laskennat toi, jotta häneltä voi kysyä niistä.",
        sv="Vem som läste in ett vägnät, resor eller räkningar, så att man kan fråga hen om dem.",
        en="Who sent a network, trips or counts in, so that they can be asked about them.",
    ),
    keep_days=3650,
    export=f"{PACKAGE}.personal:export",
    erase=f"{PACKAGE}.personal:erase",
)

PROGRAMME: Final = Programme(
    code="traffic",
    title=Text(fi="Vähäpäästöinen liikenne", sv="Trafik med låga utsläpp", en="Low-emission traffic"),
    app=f"{PACKAGE}.apps.TrafficConfig",
    urls=f"{PACKAGE}.urls",
    mount="traffic",
    api=f"{PACKAGE}.api:router",
    commands=f"{PACKAGE}.cli:app",
    commands_help="Find where traffic goes and what it emits.",
    commands_alone=frozenset({"assign", "correct", "emissions", "transit"}),
    kinds=KINDS,
    variables=VARIABLES,
    permissions=PERMISSIONS,
    procedures=(PROCEDURE,),
    datasets=DATASETS,
    demo=(f"{PACKAGE}.demo:first_model",),
    personal_data=(INPUTS_OF_PEOPLE,),
    layers=(FLOW_LAYER,),
    panels=(
        Panel(
            "traffic.link",
            Text(fi="Liikenne tällä tiellä", sv="Trafiken på den här vägen", en="Traffic on this road"),
            render=f"{PACKAGE}.showing:panel",
            kinds=("road_link",),
        ),
    ),
    figures=(f"{PACKAGE}.showing:figures",),
    navigation=(
        NavItem(
            "see",
            Text(fi="Liikenne", sv="Trafik", en="Traffic"),
            "traffic:traffic",
            Text(
                fi="Missä autoilla ajetaan tunti tunnilta ja mitä ne päästävät.",
                sv="Var bilar körs timme för timme och vad de släpper ut.",
                en="Where cars drive hour by hour, and what they emit.",
            ),
            order=30,
        ),
        NavItem(
            "plan",
            Text(fi="Liikenteen skenaariot", sv="Trafikscenarier", en="Traffic scenarios"),
            "traffic:new",
            Text(
                fi="Mitä tapahtuu, jos katu suljetaan, nopeuksia lasketaan tai autot sähköistyvät.",
                sv="Vad som händer om en gata stängs, hastigheter sänks eller bilar blir elektriska.",
                en="What happens if a street closes, speeds fall or cars become electric.",
            ),
            permission="traffic.plan",
            order=20,
        ),
    ),
)
