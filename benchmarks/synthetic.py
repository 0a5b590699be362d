"""A synthetic city of any size, the same for the same seed: what the register's benchmarks run on."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import shapely

# A box of about 30 x 22 km around Helsinki's centre, the middle denser than the edges.
WEST, SOUTH, EAST, NORTH = 24.68, 60.10, 25.22, 60.30
CENTRE = (24.94, 60.17)
BATCH = 5000

FIRST = (
    "Puisto",
    "Kaleva",
    "Manner",
    "Koivu",
    "Kuusi",
    "Vuori",
    "Laakso",
    "Ranta",
    "Saari",
    "Niitty",
    "Tuomi",
    "Pihlaja",
)
SECOND = ("", "n", "lan", "mäen", "lahden", "harjun", "kallion", "lammen")
LAST = ("katu", "tie", "kuja", "polku", "rinne", "kaari", "raitti")
PLACES = ("Kirjasto", "Päiväkoti", "Kahvila", "Kauppa", "Terveysasema", "Koulu", "Ravintola", "Apteekki")
PLACES_SV = ("Bibliotek", "Daghem", "Kafé", "Butik", "Hälsostation", "Skola", "Restaurang", "Apotek")
CATEGORIES = ("library", "kindergarten", "cafe", "shop", "clinic", "school", "restaurant", "pharmacy")
KINDS = ("building", "street_lamp", "tree", "road_link", "service_place", "footway")
SHARES = (35, 20, 20, 15, 5, 5)


def fill(things: int, *, seed: int = 20260101, say: Callable[[str], None] = print) -> float:
    """Write `things` synthetic things through the bulk path into this process's city; return seconds taken."""
    from talkoot.core.base.actors import operator
    from talkoot.core.base.text import Text
    from talkoot.core.register import bulk, services

    actor = operator()
    source = services.ensure_source(actor, code="synthetic", name=Text(en="Synthetic"), licence="CC0-1.0")
    began = time.perf_counter()
    written = 0
    batch: list[bulk.BulkThing] = []
    for thing in drafts(things, seed=seed):
        batch.append(thing)
        if len(batch) == BATCH:
            written += len(bulk.add_many(actor, source, batch))
            batch = []
            if written % 100_000 == 0:
                say(f"{written} things, {time.perf_counter() - began:.0f} s")
    if batch:
        bulk.add_many(actor, source, batch)
    return time.perf_counter() - began


def drafts(things: int, *, seed: int = 20260101) -> Iterator:
    """Yield `things` drafts: buildings, lamps, trees, roads, footways and places of service with their names."""
    from talkoot.core.base.text import Text
    from talkoot.core.register.bulk import BulkThing

    choose = random.Random(seed)
    for number in range(things):
        kind = choose.choices(KINDS, SHARES)[0]
        lon, lat = _somewhere(choose)
        street = choose.choice(FIRST) + choose.choice(SECOND) + choose.choice(LAST)
        name, attributes, tags = Text(), {}, {}
        if kind == "building":
            attributes = {"height_m": round(choose.uniform(3, 60), 1), "levels": choose.randint(1, 15)}
            tags = {"building": "yes", "addr:street": street, "addr:housenumber": str(choose.randint(1, 120))}
            size = choose.uniform(0.0001, 0.0004)
            shape = shapely.box(lon, lat, lon + 2 * size, lat + size)
        elif kind in ("road_link", "footway"):
            ends = [(lon, lat), (lon + choose.uniform(-1, 1) / 500, lat + choose.uniform(-1, 1) / 1000)]
            shape = shapely.LineString(ends)
            if kind == "road_link":
                name = Text(fi=street)
                attributes = {"road_class": "residential", "lanes": 2, "speed_kmh": 30, "oneway": "no"}
        else:
            shape = shapely.Point(lon, lat)
            if kind == "service_place":
                which = choose.randrange(len(PLACES))
                name = Text(fi=f"{PLACES[which]} {street} {number}", sv=f"{PLACES_SV[which]} {number}")
                attributes = {"category": CATEGORIES[which]}
            else:
                attributes = {"height_m": choose.choice((6, 8, 10, 12))}
        yield BulkThing(kind, name, f"synthetic/{number}", shapely.to_wkb(shape), attributes, {}, tags)


def _somewhere(choose: random.Random) -> tuple[float, float]:
    if choose.random() < 0.3:
        return choose.gauss(CENTRE[0], 0.02), choose.gauss(CENTRE[1], 0.01)
    return choose.uniform(WEST, EAST), choose.uniform(SOUTH, NORTH)
