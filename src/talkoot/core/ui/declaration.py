"""What the frame declares to the house: the layers of the city's map and the places that every city has."""

from __future__ import annotations

from typing import Any, Final

from talkoot.core.base.declare import Layer, NavItem, Panel, Programme
from talkoot.core.base.text import Text


def dots(colour: str, *, least: float = 1.5, most: float = 7, from_zoom: float = 12) -> tuple[dict[str, Any], ...]:
    """Return the paint of points: `least` and `most` are radii in pixels at zoom 13 and 18."""
    return (
        {
            "type": "circle",
            "minzoom": from_zoom,
            "paint": {
                "circle-color": colour,
                "circle-radius": ["interpolate", ["linear"], ["zoom"], 13, least, 18, most],
                "circle-stroke-color": "var(--sheet)",
                "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 13, 0.3, 17, 1.5],
            },
        },
    )


def name_labels(colour: str) -> dict[str, Any]:
    """Return the paint of names beside points, from the zoom at which they have room."""
    return {
        "type": "symbol",
        "minzoom": 16,
        "layout": {
            "text-field": ["get", "name"],
            "text-font": ["Inter Variable"],
            "text-size": 11.5,
            "text-anchor": "top",
            "text-offset": [0, 0.8],
            "text-max-width": 9,
            "text-optional": True,
        },
        "paint": {"text-color": colour, "text-halo-color": "var(--map-halo)", "text-halo-width": 1.5},
    }


LAYERS: Final = (
    Layer(
        "services",
        Text(fi="Palvelupaikat", sv="Serviceställen", en="Places of service"),
        kinds=("service_place",),
        paint=(*dots("var(--lake)", least=2.5, most=8), name_labels("var(--lake)")),
        legend=(
            (
                "var(--lake)",
                Text(fi="koulu, kirjasto, kauppa…", sv="skola, bibliotek, butik…", en="school, library, shop…"),
            ),
        ),
        order=10,
    ),
    Layer(
        "lamps",
        Text(fi="Valaisinpylväät", sv="Belysningsstolpar", en="Light poles"),
        kinds=("street_lamp",),
        paint=dots("var(--sun)"),
        legend=(("var(--sun)", Text(fi="valaisinpylväs", sv="belysningsstolpe", en="light pole")),),
        order=20,
    ),
    Layer(
        "trees",
        Text(fi="Puut", sv="Träd", en="Trees"),
        kinds=("tree",),
        paint=dots("var(--moss)"),
        legend=(("var(--moss)", Text(fi="puu", sv="träd", en="tree")),),
        shown=False,
        order=30,
    ),
    Layer(
        "signals",
        Text(fi="Liikennevalot", sv="Trafikljus", en="Traffic signals"),
        kinds=("traffic_signal",),
        paint=dots("var(--rowan)", least=2),
        legend=(("var(--rowan)", Text(fi="liikennevalo", sv="trafikljus", en="traffic signal")),),
        shown=False,
        order=40,
    ),
    Layer(
        "cycling",
        Text(fi="Pyörätiet", sv="Cykelvägar", en="Cycleways"),
        kinds=("cycleway",),
        paint=(
            {
                "type": "line",
                "paint": {"line-color": "var(--lake)", "line-width": 2.5, "line-opacity": 0.8},
                "layout": {"line-cap": "round"},
            },
        ),
        legend=(("var(--lake)", Text(fi="pyörätie", sv="cykelväg", en="cycleway")),),
        shown=False,
        order=50,
    ),
)

NAVIGATION: Final = (
    NavItem(
        "see",
        Text(fi="Kartta", sv="Karta", en="Map"),
        "ui:map",
        Text(
            fi="Mitä kaupungissa on ja missä.",
            sv="Vad som finns i staden, och var.",
            en="What the city has, and where.",
        ),
        order=10,
    ),
    NavItem(
        "see",
        Text(fi="Kohteet", sv="Objekt", en="Things"),
        "ui:things",
        Text(
            fi="Kaikki rekisterin kohteet luettelona: suodata, lajittele ja lataa.",
            sv="Allt i registret som lista: filtrera, sortera och ladda ner.",
            en="Everything in the register as a list: filter, sort and take along.",
        ),
        order=20,
    ),
    NavItem(
        "see",
        Text(fi="Mittaukset", sv="Mätningar", en="Measurements"),
        "ui:measurements",
        Text(
            fi="Mitä kaupungissa mitataan juuri nyt: viimeisimmät arvot ja niiden kulku ajassa.",
            sv="Vad som mäts i staden just nu: de senaste värdena och hur de har förändrats.",
            en="What is measured in the city now: the latest values, and how they went over time.",
        ),
        order=30,
    ),
    NavItem(
        "see",
        Text(fi="Hälytykset", sv="Larm", en="Alerts"),
        "ui:alerts",
        Text(
            fi="Missä mitattu arvo ei ole niin kuin pitäisi, nyt ja aiemmin.",
            sv="Var ett uppmätt värde inte är som det ska, nu och tidigare.",
            en="Where a measured value is not as it should be, now and before.",
        ),
        order=40,
    ),
    NavItem(
        "use",
        Text(fi="Palvelut lähelläsi", sv="Tjänster nära dig", en="Services near you"),
        "ui:services",
        Text(
            fi="Koulut, kirjastot, terveysasemat ja muut paikat, joissa sinua palvellaan.",
            sv="Skolor, bibliotek, hälsostationer och andra ställen som finns till för dig.",
            en="Schools, libraries, health stations and other places that are there for you.",
        ),
        order=10,
    ),
    NavItem(
        "plan",
        Text(fi="Laskennat", sv="Beräkningar", en="Computations"),
        "ui:runs",
        Text(
            fi="Mitä on laskettu, millä tiedoilla ja mikä tulos on kaupungin tilannekuva.",
            sv="Vad som har beräknats, med vilka uppgifter, och vilket resultat som är stadens lägesbild.",
            en="What was computed, from what, and which result is the city's current picture.",
        ),
        order=80,
    ),
    NavItem(
        "plan",
        Text(fi="Tuo aineisto", sv="Importera material", en="Import data"),
        "ui:imports",
        Text(
            fi="Tuo kaupungin omat luettelot rekisteriin: CSV, GeoJSON, GeoPackage tai OpenStreetMap.",
            sv="För in stadens egna förteckningar i registret: CSV, GeoJSON, GeoPackage eller OpenStreetMap.",
            en="Bring the city's own registers in: CSV, GeoJSON, GeoPackage or OpenStreetMap.",
        ),
        permission="register.import",
        order=85,
    ),
    NavItem(
        "plan",
        Text(fi="Työt", sv="Jobb", en="Jobs"),
        "ui:jobs",
        Text(
            fi="Mitä järjestelmä tekee parhaillaan ja mitä se on tehnyt.",
            sv="Vad systemet gör just nu och vad det har gjort.",
            en="What the system is doing now, and what it has done.",
        ),
        permission="compute.cancel_job",
        order=90,
    ),
    NavItem(
        "open",
        Text(fi="Tietolähteet", sv="Datakällor", en="Data sources"),
        "ui:sources",
        Text(
            fi="Mistä tiedot ovat peräisin ja millä ehdoilla niitä saa käyttää.",
            sv="Varifrån uppgifterna kommer och på vilka villkor de får användas.",
            en="Where the data comes from, and on what terms it may be used.",
        ),
        order=30,
    ),
)

ROOM = Programme(
    code="ui",
    title=Text(fi="Sivut", sv="Sidor", en="Pages"),
    layers=LAYERS,
    panels=(
        Panel(
            "measurements",
            Text(
                fi="Mitattua ja mallinnettua täällä",
                sv="Mätt och modellerat här",
                en="Measured and modelled here",
            ),
            "talkoot.core.ui.pages.measurements:panel",
            order=10,
        ),
    ),
    navigation=NAVIGATION,
)
