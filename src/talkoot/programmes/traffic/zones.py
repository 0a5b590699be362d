"""The zones of the city: where trips begin and end, with who lives and works there.

A city that has statistical areas registers them as things of the kind `traffic_zone`, with population and jobs. Where
there are none, zones are the cells of a grid over the buildings, and residents and jobs are assumed from floor areas.
Roads that lead out of the register are zones too, without anybody in them: gateways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import shapely
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.register.metres import to_degrees, to_metres
from talkoot.core.register.models import Thing
from talkoot.core.register.queries import ThingArrays, arrays

KIND: Final = "traffic_zone"
LEVEL_M: Final = 3.2
ROOF_M: Final = 1.0
MOST_ZONES: Final = 1500  # what runs in minutes: pairs of zones grow with its square
UNKNOWN_USE: Final = "unknown"
# Residents and jobs on 100 m2 of gross floor area, by the building's use. A person has 41 m2 of dwelling (Statistics
# Finland, Dwellings and housing conditions), which is about 80 % of the gross area. Jobs are the usual planning values:
# a workplace takes 30 m2 in offices, 50 m2 in shops, 60 to 100 m2 in public and educational buildings and hotels.
DENSITIES: Final = {
    **dict.fromkeys(("apartments", "residential", "block", "dormitory"), (2.0, 0.1)),
    **dict.fromkeys(("house", "detached", "semidetached_house", "terrace", "bungalow"), (1.6, 0.0)),
    **dict.fromkeys(("office", "commercial", "government"), (0.0, 3.3)),
    **dict.fromkeys(("retail", "supermarket", "train_station", "hospital"), (0.0, 2.0)),
    **dict.fromkeys(("public", "civic", "university", "college", "museum", "tower", "pavilion"), (0.0, 1.4)),
    **dict.fromkeys(("school", "kindergarten", "hotel", "industrial", "utility", "service"), (0.0, 1.0)),
    **dict.fromkeys(("warehouse", "church", "cathedral", "chapel", "glasshouse"), (0.0, 0.3)),
    **dict.fromkeys(("roof", "shed", "hut", "garage", "garages", "carport", "kiosk", "ship", "atrium"), (0.0, 0.0)),
    UNKNOWN_USE: (1.0, 1.4),
}

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Zones:
    """Zones, one position each.

    `points` are longitude and latitude, shape (zones, 2); `population` and `jobs` persons. A gateway has neither, but
    `inbound` and `outbound`: the vehicles an hour that its roads can bring into the city and take out of it. `shapes`
    are areas in metres, None where a zone has none. `digests` tell apart what they were made of, `assumptions` counts
    what had to be assumed.
    """

    uids: list[str]
    names: list[str]
    points: Floats
    population: Floats
    jobs: Floats
    inbound: Floats = field(default_factory=lambda: np.empty(0))
    outbound: Floats = field(default_factory=lambda: np.empty(0))
    shapes: Shapes = field(default_factory=lambda: np.empty(0, object))
    digests: dict[str, str] = field(default_factory=dict)
    assumptions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("inbound", "outbound"):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.zeros(len(self)))
        if not len(self.shapes):
            object.__setattr__(self, "shapes", np.full(len(self), None, object))

    def __len__(self) -> int:
        return len(self.uids)

    @property
    def is_gateway(self) -> NDArray[np.bool_]:
        """Whether a zone is a road that leads out of the register."""
        return (self.inbound > 0.0) | (self.outbound > 0.0)

    def with_gateways(
        self, uids: Sequence[str], names: Sequence[str], points: Floats, inbound: Floats, outbound: Floats
    ) -> Zones:
        """Return these zones followed by gateways: points in degrees, capacities in vehicles an hour."""
        nobody = np.zeros(len(uids))
        return replace(
            self,
            uids=[*self.uids, *uids],
            names=[*self.names, *names],
            points=np.concatenate([self.points, np.reshape(points, (-1, 2))]),
            population=np.concatenate([self.population, nobody]),
            jobs=np.concatenate([self.jobs, nobody]),
            inbound=np.concatenate([self.inbound, inbound]),
            outbound=np.concatenate([self.outbound, outbound]),
            shapes=np.concatenate([self.shapes, np.full(len(uids), None, object)]),
        )


def zones_of_city(cell_m: float = 250.0) -> Zones:
    """Return the zones of the register: its own ones, else the cells of a grid `cell_m` metres wide over buildings.

    Raises NotFoundError where the register has neither, and InvalidError where the grid is too fine for the city.
    """
    registered = arrays([KIND], attributes=("population", "jobs"))
    if registered.ids.size:
        return _registered(registered)
    return _cells(arrays(["building"], attributes=("use", "levels", "height_m")), cell_m)


def _registered(areas: ThingArrays) -> Zones:
    there = np.array([shape is not None and not shape.is_empty for shape in areas.geometries], bool)
    if not 0 < there.sum() <= MOST_ZONES:
        problem = _("There are %d traffic zones that have a place.") % there.sum()
        fix = _("Register 1 to %d of them, or none to use cells over the buildings.") % MOST_ZONES
        raise InvalidError("traffic_zone", problem, fix)
    shapes = areas.geometries[there]
    uids = [str(uid) for uid in areas.uids[there]]
    names = {str(one.uid): str(one.name) for one in Thing.objects.filter(kind=KIND).only("uid", "name")}
    population, jobs = (_numbers(areas.attributes[name][there]) for name in ("population", "jobs"))
    pairs = zip(*(areas.attributes[name][there] for name in ("population", "jobs")), strict=True)
    silent = sum(residents is None or work is None for residents, work in pairs)
    counted = {"zones_without_numbers": silent, "zones_nowhere": int((~there).sum())}
    return Zones(
        uids=uids,
        names=[names.get(uid) or _("Zone %d") % (at + 1) for at, uid in enumerate(uids)],
        points=shapely.get_coordinates(shapely.point_on_surface(shapes)),
        population=population,
        jobs=jobs,
        shapes=to_metres(shapes),
        digests={KIND: areas.digest},
        assumptions={code: count for code, count in counted.items() if count},
    )


def _numbers(values: Shapes) -> Floats:
    return np.array([0.0 if value is None else float(value) for value in values])


def _cells(buildings: ThingArrays, cell_m: float) -> Zones:
    shapes = to_metres(buildings.geometries)
    areal = np.array([_is_area(shape) for shape in shapes], bool)
    if not areal.any():
        words = _("The register has neither traffic zones nor buildings. Import them first.")
        raise NotFoundError(words)
    floor, levels_assumed = _floor_areas(shapes[areal], buildings, areal)
    residents, jobs, uses_assumed = _people(floor, buildings.attributes["use"][areal])
    centres = shapely.get_coordinates(shapely.centroid(shapes[areal]))
    corner = np.floor(centres.min(axis=0) / cell_m) * cell_m
    places = np.floor((centres - corner) / cell_m).astype(np.int64)
    cells, at = np.unique(places, axis=0, return_inverse=True)
    at = at.ravel()
    people = [_sums(at, weights) for weights in (residents, jobs)]
    lived_in = people[0] + people[1] > 0.0
    cells, (population, work) = cells[lived_in], (each[lived_in] for each in people)
    if not 0 < len(cells) <= MOST_ZONES:
        problem = _("A grid this fine has %d zones.") % len(cells) if len(cells) else _("Nobody lives or works here.")
        raise InvalidError("cell_m", problem, _("Use wider cells.") if len(cells) else _("Import buildings in use."))
    middles = _middles(centres, at, residents + jobs)[lived_in]
    lows = corner + cells * cell_m
    return Zones(
        uids=[f"cell/{cell_m:g}/{int(x)}/{int(y)}" for x, y in lows],
        names=[_("Cell %(row)d-%(column)d") % {"row": y + 1, "column": x + 1} for x, y in cells.tolist()],
        points=np.round(shapely.get_coordinates(to_degrees(shapely.points(middles))), 7),
        population=population,
        jobs=work,
        shapes=shapely.box(lows[:, 0], lows[:, 1], lows[:, 0] + cell_m, lows[:, 1] + cell_m),
        digests={"building": buildings.digest},
        assumptions={
            "people_from_floor_area": len(floor),
            "levels_from_height": levels_assumed,
            "uses_unknown": uses_assumed,
        },
    )


def _is_area(shape: Any) -> bool:
    return shape is not None and shape.geom_type in ("Polygon", "MultiPolygon") and not shape.is_empty


def _floor_areas(shapes: Shapes, buildings: ThingArrays, areal: NDArray[np.bool_]) -> tuple[Floats, int]:
    """Return gross floor areas, m2, and of how many the levels were assumed from their height."""
    said = buildings.attributes["levels"][areal]
    heights = _numbers(buildings.attributes["height_m"][areal])
    from_height = np.maximum(np.round((heights - ROOF_M) / LEVEL_M), 1.0)
    levels = np.array([float(one) if one else otherwise for one, otherwise in zip(said, from_height, strict=True)])
    return shapely.area(shapes) * levels, sum(not one for one in said)


def _people(floor: Floats, uses: Shapes) -> tuple[Floats, Floats, int]:
    """Return residents and jobs of buildings, and of how many the use is not known."""
    known = [use if use in DENSITIES else UNKNOWN_USE for use in uses]
    density = np.array([DENSITIES[use] for use in known])
    return floor * density[:, 0] / 100.0, floor * density[:, 1] / 100.0, known.count(UNKNOWN_USE)


def _middles(places: Floats, at: NDArray[np.int64], weight: Floats) -> Floats:
    """Return where the people of each cell are in the middle; of an empty cell that of its buildings."""
    weight = weight + 1e-9
    return np.column_stack([_sums(at, weight * places[:, axis]) / _sums(at, weight) for axis in (0, 1)])


def _sums(at: NDArray[np.int64], weight: Floats) -> Floats:
    return np.asarray(np.bincount(at, weights=weight), np.float64)
