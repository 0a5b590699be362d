"""The register's roads as directed links between nodes, with the turns that are not allowed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from django.db.models import Q
from django.utils import timezone
from numpy.typing import NDArray

from talkoot.core.register.metres import to_metres
from talkoot.core.register.models import Relation
from talkoot.core.register.queries import ThingArrays, arrays
from talkoot.programmes.traffic.road_classes import ASSUMED, CLOSED, CLOSED_TO, UNKNOWN, RoadClass

ATTRIBUTES: Final = ("road_class", "lanes", "speed_kmh", "oneway", "length_m", "access", "name")
SAME_PLACE: Final = 1e7  # ends are one node where they agree in the seventh decimal of a degree

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Objects = NDArray[np.object_]


@dataclass(frozen=True)
class Streets:
    """Directed links, one position each, and nodes.

    `tail` and `head` are nodes, `road` the position of the road link in `uids`, `names` and `road_class`; `points`
    are the nodes' places in degrees, `metres` in metres. `banned` are pairs of links that may not follow each other.
    `left_out` counts what is not in the network and why, `assumptions` what had to be assumed.
    """

    uids: Objects
    names: Objects
    road_class: Objects
    tail: Integers
    head: Integers
    road: Integers
    geometries: Objects
    length_m: Floats
    speed_kmh: Floats
    capacity: Floats
    b: Floats
    power: Floats
    points: Floats
    metres: Floats
    banned: Integers
    left_out: dict[str, int]
    assumptions: dict[str, int]
    digest: str


def read_streets(classes: Mapping[str, RoadClass] = ASSUMED) -> Streets:
    """Read the open roads of the register that cars may use."""
    roads = arrays(["road_link"], attributes=ATTRIBUTES)
    usable, left_out = _usable(roads)
    ids, shapes = roads.ids[usable], roads.geometries[usable]
    told = {name: values[usable] for name, values in roads.attributes.items()}
    nodes, points, node_of_junction = _ends(ids, shapes)
    one_way = np.array([str(value) for value in told["oneway"]])
    loops = nodes[:, 0] == nodes[:, 1]
    if loops.any():
        left_out["loops"] = int(loops.sum())
    ahead, back = (np.flatnonzero(~loops & (one_way != closed)) for closed in ("backward", "forward"))
    road = np.concatenate([ahead, back])
    columns, assumptions = _amounts(told, shapes, one_way, classes)
    tail = np.concatenate([nodes[ahead, 0], nodes[back, 1]])
    head = np.concatenate([nodes[ahead, 1], nodes[back, 0]])
    banned = _banned(ids, road, tail, head, node_of_junction, left_out)
    return Streets(
        uids=np.array([str(uid) for uid in roads.uids[usable]], object),
        names=told["name"],
        road_class=told["road_class"],
        tail=tail,
        head=head,
        road=road,
        geometries=np.concatenate([shapes[ahead], shapely.reverse(shapes[back])]),
        **{name: values[road] for name, values in columns.items()},
        points=points,
        metres=shapely.get_coordinates(to_metres(shapely.points(points))).reshape(-1, 2),
        banned=banned,
        left_out=left_out,
        assumptions=assumptions,
        digest=roads.digest,
    )


def _usable(roads: ThingArrays) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Tell which roads cars may use, and count the others by why not."""
    lines = np.array([shape is not None and shape.geom_type == "LineString" for shape in roads.geometries], bool)
    lines[lines] &= ~shapely.is_empty(roads.geometries[lines])
    closed = np.array([value in CLOSED for value in roads.attributes["road_class"]], bool)
    closed |= np.array([value in CLOSED_TO for value in roads.attributes["access"]], bool)
    counted = {"not_lines": int((~lines).sum()), "closed_to_cars": int((lines & closed).sum())}
    return lines & ~closed, {why: count for why, count in counted.items() if count}


def _ends(ids: Integers, shapes: Objects) -> tuple[Integers, Floats, dict[int, int]]:
    """Return the nodes at both ends of each road, shape (roads, 2), the nodes' points, and the node of each junction.

    An end is at the junction that the register relates it to; else at that of another end at the same place.
    """
    flat = shapely.get_coordinates([shapely.get_point(shapes, at) for at in (0, -1)]).reshape(2, -1, 2)
    places = flat.transpose(1, 0, 2).reshape(-1, 2)  # both ends of the first road, of the second, ...
    junction = _junctions(ids)
    _, spot = np.unique(np.round(places * SAME_PLACE).astype(np.int64), axis=0, return_inverse=True)
    spot = spot.ravel()
    at_spot = np.full(spot.max(initial=-1) + 1, -1, np.int64)
    related = junction >= 0
    at_spot[spot[related]] = junction[related]
    label = np.where(related, junction, at_spot[spot])
    label = np.where(label >= 0, label, -1 - spot)  # junctions are their keys, other places negative
    labels, first, nodes = np.unique(label, return_index=True, return_inverse=True)
    of_junction = {key: node for node, key in enumerate(labels.tolist()) if key >= 0}
    return nodes.reshape(-1, 2), places[first], of_junction


def _junctions(ids: Integers) -> Integers:
    """Return the junction at each end (from, to, of each road in turn), -1 where the register relates none."""
    found = np.full(2 * len(ids), -1, np.int64)
    rows = np.array(_relations("road_link", ("from", "to")), dtype=object).reshape(-1, 3)
    subjects = rows[:, 0].astype(np.int64)
    at = np.minimum(np.searchsorted(ids, subjects), max(len(ids) - 1, 0))
    known = ids[at] == subjects if len(ids) else np.zeros(len(subjects), bool)
    found[2 * at[known] + (rows[known, 1] == "to")] = rows[known, 2].astype(np.int64)
    return found


def _relations(kind: str, types: tuple[str, ...]) -> list[tuple[int, str, int]]:
    """Return subject, type and object of the open relations of things of a kind."""
    lasts = Q(valid_to__isnull=True) | Q(valid_to__gt=timezone.now())
    chosen = Relation.objects.filter(lasts, subject__kind=kind, type__in=types)
    return list(chosen.order_by("pk").values_list("subject_id", "type", "object_id"))


def _amounts(
    told: Mapping[str, Objects], shapes: Objects, one_way: NDArray[Any], classes: Mapping[str, RoadClass]
) -> tuple[dict[str, Floats], dict[str, int]]:
    """Return the amounts of each road, one direction, and how many of which had to be assumed."""
    usual = [classes[name if name in classes else UNKNOWN] for name in told["road_class"]]
    lanes, lanes_assumed = _or(told["lanes"], [one.lanes for one in usual])
    speed, speeds_assumed = _or(told["speed_kmh"], [one.speed_kmh for one in usual])
    drawn = shapely.length(to_metres(shapes)) if len(shapes) else np.empty(0)
    length, _ = _or(told["length_m"], drawn)
    one_directed = np.where(one_way == "no", lanes / 2.0, lanes)
    counted = {
        "lanes_by_class": lanes_assumed,
        "speeds_by_class": speeds_assumed,
        "capacities_by_class": len(usual),
    }
    return {
        "length_m": length,
        "speed_kmh": speed,
        "capacity": one_directed * np.array([one.lane_capacity for one in usual]),
        "b": np.array([one.b for one in usual]),
        "power": np.array([one.power for one in usual]),
    }, {code: count for code, count in counted.items() if count}


def _or(values: Objects, otherwise: Any) -> tuple[Floats, int]:
    """Return amounts above 0, others where there are none, and how many of those."""
    said = np.array([value if value else np.nan for value in values], np.float64)
    missing = np.isnan(said)
    return np.where(missing, np.asarray(otherwise, np.float64), said), int(missing.sum())


def _banned(
    ids: Integers,
    road: Integers,
    tail: Integers,
    head: Integers,
    node_of_junction: dict[int, int],
    left_out: dict[str, int],
) -> Integers:
    """Return the pairs of links that the register's turn restrictions forbid, shape (turns, 2).

    Those that hold at times only, or lead over a third road, are not applied but counted in `left_out`.
    """
    rules = arrays(["turn_restriction"], attributes=("restriction", "condition"))
    members: defaultdict[int, dict[str, list[int]]] = defaultdict(lambda: {"from": [], "via": [], "to": []})
    for rule, role, thing in _relations("turn_restriction", ("from", "via", "to")):
        members[rule][role].append(thing)
    leads_in, leads_out = _by_key(head), _by_key(tail)
    pairs: set[tuple[int, int]] = set()
    for key, said, condition in zip(
        rules.ids.tolist(), rules.attributes["restriction"], rules.attributes["condition"], strict=True
    ):
        via = [node_of_junction[thing] for thing in members[key]["via"] if thing in node_of_junction]
        if condition or not said or len(via) != 1 or len(members[key]["via"]) != 1:
            left_out["restrictions"] = left_out.get("restrictions", 0) + 1
            continue
        from_, to = (_places(ids, members[key][role]) for role in ("from", "to"))
        ways_in = [link for link in leads_in[via[0]] if road[link] in from_]
        only = str(said).startswith("only_")
        pairs.update(
            (way_in, way_out) for way_in in ways_in for way_out in leads_out[via[0]] if (road[way_out] in to) != only
        )
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _places(ids: Integers, things: list[int]) -> set[int]:
    return set(np.flatnonzero(np.isin(ids, things)).tolist())


def _by_key(keys: Integers) -> defaultdict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for link, key in enumerate(keys.tolist()):
        found[key].append(link)
    return found
