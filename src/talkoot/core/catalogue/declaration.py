"""What the catalogue declares to the house."""

from __future__ import annotations

from talkoot.core.base.declare import NavItem, Programme, Search
from talkoot.core.base.text import Text

ROOM = Programme(
    code="catalogue",
    title=Text(fi="Avoin data", sv="Öppna data", en="Open data"),
    api="talkoot.core.catalogue.api:router",
    searches=(
        Search(
            "catalogue.datasets",
            Text(fi="Avoin data", sv="Öppna data", en="Open data"),
            "talkoot.core.catalogue.search:find",
        ),
    ),
    navigation=(
        NavItem(
            "open",
            Text(fi="Avoin data", sv="Öppna data", en="Open data"),
            "ui:datasets",
            Text(
                fi="Lataa kaupungin tiedot taulukkona tai karttana ja käytä niitä vapaasti.",
                sv="Ladda ner stadens uppgifter som tabell eller karta och använd dem fritt.",
                en="Take the city's data along as a table or a map, and use it freely.",
            ),
            order=10,
        ),
        NavItem(
            "open",
            Text(fi="Rajapinnat", sv="Gränssnitt", en="Interfaces"),
            "plain:api-docs",
            Text(
                fi="Kaikki, mitä ohjelma voi kysyä kaupungilta, kuvattuna ja kokeiltavissa.",
                sv="Allt som ett program kan fråga staden om, beskrivet och klart att pröva.",
                en="All that a program can ask the city, described and ready to try.",
            ),
            order=20,
        ),
    ),
)
