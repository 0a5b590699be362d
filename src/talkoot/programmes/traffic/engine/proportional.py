"""Path flows that treat all alike: at each choice between two segments, all who pass it divide in the same shares.

The flows of links in equilibrium leave those of paths open. The condition of proportionality (Bar-Gera 2010) settles
it: on each pair of alternative segments, vehicles of all origins, destinations and classes that pay the same for the
two divide alike. Pairs are met where two paths in use part and meet again; every path gets its twin over the other
segment; then shares are evened out, pair by pair, until nothing changes. No link's flow changes.

References
----------
Bar-Gera, H. (2010), "Traffic assignment by paired alternative segments", Transportation Research Part B 44, 1022-1046.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.equilibrium import Assignment
from talkoot.programmes.traffic.engine.network import NetworkError
from talkoot.programmes.traffic.engine.path_flows import PathFlows, path_flows

MOST_PATHS: Final = 1_000_000
MOST_SWEEPS: Final = 2000
STILL: Final = 1e-11  # of all vehicles: a change that no longer counts

Floats = NDArray[np.float64]
Segment = tuple[int, ...]


@dataclass(frozen=True)
class Choice:
    """Two segments with the same ends, and the paths that have one of them: `ways` has each path with its twin."""

    segments: tuple[Segment, Segment]
    ways: set[tuple[int, int]] = field(default_factory=set)


@dataclass(frozen=True, order=True)
class _Path:
    class_of: int
    origin: int
    destination: int
    links: Segment


def proportional(found: Assignment) -> PathFlows:
    """Return the path flows that fulfil the condition of proportionality, of the same flows of links.

    Parameters
    ----------
    found : Assignment
        In equilibrium to a small gap: alternatives are told apart by which paths have flow.

    Raises
    ------
    NetworkError
        Where there are more than a million paths to keep apart.
    """
    flows = path_flows(found)
    even = _Evening(found, flows)
    even.find_choices()
    even.find_ways()
    return even.table(flows, even.divide())


class _Evening:
    """Paths by number, with the choices between segments that they have."""

    def __init__(self, found: Assignment, flows: PathFlows) -> None:
        self._network, self._classes = found.network, found.classes
        ends = flows.start.tolist()
        links = flows.link.tolist()
        columns = (flows.class_of.tolist(), flows.origin.tolist(), flows.destination.tolist())
        self._paths = [
            _Path(*own, tuple(links[ends[at] : ends[at + 1]])) for at, own in enumerate(zip(*columns, strict=True))
        ]
        self._number = {path: at for at, path in enumerate(self._paths)}
        self._flow = flows.flow
        self._tail, self._head = found.network.tail.tolist(), found.network.head.tolist()
        self._banned = set(map(tuple, found.network.banned_turns.tolist()))
        self.choices: dict[tuple[object, ...], Choice] = {}
        self._by_link: dict[int, list[tuple[Choice, int, frozenset[int]]]] = {}

    def find_choices(self) -> None:
        """Find where two paths in use of the same pair part and meet again."""
        of_pair: dict[tuple[int, int, int], list[Segment]] = {}
        for path in self._paths:
            others = of_pair.setdefault((path.class_of, path.origin, path.destination), [])
            for other in others:
                for segments in self._partings(other, path.links):
                    self._add_choice(path.class_of, segments)
            others.append(path.links)

    def _partings(self, one: Segment, other: Segment) -> Iterator[tuple[Segment, Segment]]:
        """Yield the segments by which the second path leaves the first, each with that of the first."""
        place = {self._tail[link]: at for at, link in enumerate(one)} | {self._head[one[-1]]: len(one)}
        begin, on_first = 0, 0  # where the two were last together
        for at, link in enumerate(other, start=1):
            reached = place.get(self._head[link], -1)
            if reached <= on_first:
                continue
            if (segments := (one[on_first:reached], other[begin:at])) and segments[0] != segments[1]:
                yield segments
            begin, on_first = at, reached

    def _add_choice(self, number: int, segments: tuple[Segment, Segment]) -> None:
        """Note a choice, for all classes that pay as much more for one of the two as this one."""
        first, second = sorted(segments)
        more = [self._more(each, first, second) for each in range(len(self._classes))]
        alike = frozenset(np.flatnonzero(np.isclose(more, more[number], rtol=1e-9, atol=1e-12)).tolist())
        key = (first, second, alike)
        if key in self.choices:
            return
        choice = self.choices[key] = Choice((first, second))
        for side, segment in enumerate(choice.segments):
            self._by_link.setdefault(segment[0], []).append((choice, side, alike))

    def _more(self, number: int, first: Segment, second: Segment) -> float:
        fixed = self._classes[number].fixed
        return 0.0 if fixed is None else float(fixed[list(first)].sum()) - float(fixed[list(second)].sum())

    def find_ways(self) -> None:
        """Find the paths of each choice and their twins over the other segment, until there are no new ones."""
        at = 0
        while at < len(self._paths):
            path = self._paths[at]
            for place, link in enumerate(path.links):
                for choice, side, classes in self._by_link.get(link, ()):
                    segment, other = choice.segments[side], choice.segments[1 - side]
                    end = place + len(segment)
                    if path.class_of not in classes or path.links[place:end] != segment:
                        continue
                    twin = self._twin(path, path.links[:place] + other + path.links[end:])
                    if twin >= 0:
                        choice.ways.add((at, twin) if side == 0 else (twin, at))
            at += 1

    def _twin(self, path: _Path, links: Segment) -> int:
        """Return the number of the path of the same pair over these links, a new one where need be; -1 for none."""
        twin = _Path(path.class_of, path.origin, path.destination, links)
        if twin in self._number:
            return self._number[twin]
        twice = len({self._head[links[-1]], *(self._tail[link] for link in links)}) <= len(links)
        if twice or not self._banned.isdisjoint(pairwise(links)):
            return -1
        if len(self._paths) >= MOST_PATHS:
            raise NetworkError(
                "paths", f"there are more than {MOST_PATHS} of equal cost.", "Ask for the paths as they were found."
            )
        self._number[twin] = len(self._paths)
        self._paths.append(twin)
        return self._number[twin]

    def divide(self) -> Floats:
        """Even shares out, choice by choice, until nothing changes; return the flow of each path."""
        flow = np.append(self._flow, np.zeros(len(self._paths) - len(self._flow)))
        units = np.array([self._classes[path.class_of].units for path in self._paths])
        ways = [np.array(sorted(choice.ways)).T for choice in self.choices.values() if choice.ways]
        still = STILL * float(flow.sum())
        for _ in range(MOST_SWEEPS):
            most = 0.0
            for first, second in ways:
                both = flow[first] + flow[second]
                all_units = float(units[first] @ both)
                if all_units <= 0.0:
                    continue
                share = float(units[first] @ flow[first]) / all_units
                most = max(most, float(np.abs(share * both - flow[first]).max()))
                flow[first], flow[second] = share * both, (1.0 - share) * both
            if most <= still:
                break
        return flow

    def table(self, flows: PathFlows, flow: Floats) -> PathFlows:
        """Return the paths as a table, in order."""
        order = sorted(np.flatnonzero(flow > 0.0).tolist(), key=self._paths.__getitem__)
        paths = [self._paths[at] for at in order]
        return PathFlows(
            classes=flows.classes,
            zones=flows.zones,
            links=flows.links,
            class_of=np.array([path.class_of for path in paths], np.int32),
            origin=np.array([path.origin for path in paths], np.int32),
            destination=np.array([path.destination for path in paths], np.int32),
            flow=flow[order],
            start=np.append(0, np.cumsum([len(path.links) for path in paths], dtype=np.int64)),
            link=np.array([link for path in paths for link in path.links], np.int32),
        )
