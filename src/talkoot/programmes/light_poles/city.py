"""What a plan needs of the register, in metres: lamps, buildings, water, and what had to be assumed of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.register.metres import to_degrees, to_metres
from talkoot.core.register.models import Thing
from talkoot.core.register.queries import ThingArrays, arrays
from talkoot.programmes.light_poles.engine.link_budget import EirpClass
from talkoot.programmes.light_poles.engine.outdoor import demand_grid
from talkoot.programmes.light_poles.engine.prisms import Prisms

BUILDING_HEIGHT_M: Final = 10.0  # of a building whose height no source tells
HEADROOM_M: Final = 2.5  # one can stand below what is higher than this
LEAST_STOREY_M: Final = 3.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class City:
    """The city as the engine takes it.

    `uids` name the lamps of `lamps` (x, y and height, metres), `building_uids` the buildings of `footprints` (shapes
    in metres) and of `prisms`; `places` are the outdoor points to serve;
    `digests` tell the register's content apart; `assumptions` counts what had to be assumed, by code.
    """

    uids: NDArray[np.object_]
    lamps: Floats
    building_uids: NDArray[np.object_]
    footprints: NDArray[np.object_]
    prisms: Prisms
    places: Floats
    digests: dict[str, str]
    assumptions: dict[str, int]


def read_city(parameters: Mapping[str, Any]) -> City:
    """Read the open lamps, buildings and waters of the register.

    Raises NotFoundError where the register has no light poles, and InvalidError where none may carry the class or
    the grid is too fine for the area.
    """
    lamps = arrays(["street_lamp"], attributes=("height_m",))
    buildings = arrays(["building"], attributes=("height_m", "base_m"))
    waters = arrays(["water"])
    uids, spots = _candidates(lamps, parameters)
    building_uids, footprints, tops, bases = _footprints(buildings)
    area = _area(spots, footprints, float(parameters["surroundings_m"]))
    blocked = footprints[bases < HEADROOM_M]
    try:
        places = demand_grid(area, np.concatenate([blocked, _areas(waters)]), float(parameters["grid_m"]))
    except ValueError as error:
        problem = _("A grid this fine has too many points for this city.")
        raise InvalidError("grid_m", problem, _("Use a larger spacing.")) from error
    if not len(places):
        problem = _("No point of the grid lies outdoors near a light pole.")
        raise InvalidError("grid_m", problem, _("Use a smaller spacing or a larger area."))
    return City(
        uids=uids,
        lamps=spots,
        building_uids=building_uids,
        footprints=footprints,
        prisms=Prisms.of(footprints, tops, bases),
        places=places,
        digests={"street_lamp": lamps.digest, "building": buildings.digest, "water": waters.digest},
        assumptions=_assumptions(lamps, buildings, spots, footprints, tops, bases),
    )


def in_degrees(points: Floats) -> Floats:
    """Return longitude and latitude of points in metres, shape (n, 2), to a tenth of a metre."""
    return np.asarray(np.round(shapely.get_coordinates(to_degrees(shapely.points(points[:, :2]))), 6))


def _candidates(lamps: ThingArrays, parameters: Mapping[str, Any]) -> tuple[NDArray[np.object_], Floats]:
    """Return the lamps that may carry a transmitter of the class: those that stand somewhere, and high enough."""
    if not lamps.ids.size:
        words = _("The register has no light poles yet. Import them first, under Plan.")
        raise NotFoundError(words)
    shapes = to_metres(lamps.geometries)
    there = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    heights = _numbers(lamps.attributes["height_m"], float(parameters["antenna_height_m"]))
    lowest = EirpClass[parameters["eirp_class"]].lowest_height_m
    fit = there & (heights >= lowest) & (heights > 0.0)
    if not fit.any():
        problem = _("No light pole may carry this class: none is high enough.")
        raise InvalidError("eirp_class", problem, _("Choose another class, or correct the heights of the poles."))
    spots = np.column_stack([shapely.get_coordinates(shapes[fit]), heights[fit]])
    return lamps.uids[fit], spots


def _footprints(buildings: ThingArrays) -> tuple[NDArray[np.object_], NDArray[np.object_], Floats, Floats]:
    """Return uids, footprints, tops and bases; a top that does not lie above its base stands a storey above it."""
    shapes = to_metres(buildings.geometries)
    areal = np.array([_is_area(shape) for shape in shapes], dtype=bool)
    bases = np.maximum(_numbers(buildings.attributes["base_m"], 0.0)[areal], 0.0)
    tops = _numbers(buildings.attributes["height_m"], BUILDING_HEIGHT_M)[areal]
    return buildings.uids[areal], shapes[areal], np.where(tops > bases, tops, bases + LEAST_STOREY_M), bases


def _areas(things: ThingArrays) -> NDArray[np.object_]:
    shapes = to_metres(things.geometries)
    return np.asarray(shapes[np.array([_is_area(shape) for shape in shapes], dtype=bool)])


def _is_area(shape: Any) -> bool:
    return shape is not None and shape.geom_type in ("Polygon", "MultiPolygon")


def _numbers(values: NDArray[np.object_], otherwise: float) -> Floats:
    return np.array([otherwise if value is None else float(value) for value in values], dtype=float)


def _area(lamps: Floats, footprints: NDArray[np.object_], surroundings_m: float) -> Any:
    """Return what lies near the lamps, within the bounds of what the register knows: beyond it no building is known."""
    points = shapely.points(lamps[:, :2])
    known = shapely.box(*shapely.total_bounds(np.concatenate([points, footprints])))
    return shapely.multipoints(points).buffer(surroundings_m, quad_segs=4).intersection(known)


def _assumptions(
    lamps: ThingArrays,
    buildings: ThingArrays,
    spots: Floats,
    footprints: NDArray[np.object_],
    tops: Floats,
    bases: Floats,
) -> dict[str, int]:
    assumed = Thing.objects.filter(provenance__height_m__startswith="assumed:", valid_to__isnull=True)
    inside, around = shapely.STRtree(footprints).query(shapely.points(spots[:, :2]), predicate="within")
    indoors = (spots[inside, 2] < tops[around]) & (spots[inside, 2] > bases[around])
    counted = {
        "lamp_heights": assumed.filter(kind="street_lamp").count() + _absent(lamps.attributes["height_m"]),
        "building_heights": assumed.filter(kind="building").count() + _absent(buildings.attributes["height_m"]),
        "lamps_indoors": int(np.unique(inside[indoors]).size),
        "lamps_unfit": int(lamps.ids.size - len(spots)),
        "no_buildings": int(not len(footprints)),
    }
    return {code: count for code, count in counted.items() if count}


def _absent(values: NDArray[np.object_]) -> int:
    return sum(value is None for value in values)
