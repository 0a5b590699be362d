"""The links between lamps and places, and the share of places that chosen lamps serve, with its uncertainty.

A link is in line of sight or not by the buildings; its median loss is that of `path_loss`. Real losses scatter
about the median (shadow fading): shares are therefore given at one standard deviation more and less, and as an
expectation where every link fades by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from talkoot.programmes.light_poles.engine import path_loss
from talkoot.programmes.light_poles.engine.line_of_sight import sights
from talkoot.programmes.light_poles.engine.prisms import Prisms

SITES_AT_ONCE: Final = 64
MOST_LINKS: Final = 60_000_000
FADING_KEPT: Final = 2.0  # links weaker than the limit by more standard deviations than this are dropped

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Street:
    """What every link of a plan has in common.

    Attributes
    ----------
    frequency_ghz : float
        Carrier frequency.
    limit_db : float
        Loss that the bit rate asked for bears without any margin; links far beyond it are dropped.
    most_range_m : float
        No link is longer, horizontally.
    place_height_m : float
        Height of the receiving device.
    """

    frequency_ghz: float
    limit_db: float
    most_range_m: float
    place_height_m: float = 1.5


@dataclass(frozen=True, slots=True)
class Links:
    """Links from sites to places in compressed rows.

    Attributes
    ----------
    first : ndarray of int64, shape (sites + 1,)
        The links of site i are `first[i]:first[i + 1]`.
    place : ndarray of int32
        The place that each link reaches.
    loss_db : ndarray of float32
        Median path loss.
    seen : ndarray of bool
        Whether the link is in line of sight.
    """

    first: NDArray[np.int64]
    place: NDArray[np.int32]
    loss_db: NDArray[np.float32]
    seen: Bools

    @property
    def site(self) -> NDArray[np.int64]:
        """The site of each link."""
        return np.repeat(np.arange(self.first.size - 1), np.diff(self.first))

    @property
    def sigma_db(self) -> Floats:
        """Standard deviation of each link's shadow fading."""
        return np.where(self.seen, path_loss.SHADOW_SIGMA_LOS_DB, path_loss.SHADOW_SIGMA_NLOS_DB)

    def keep(self, wanted: Bools) -> Links:
        """Return only the links that `wanted` marks."""
        counts = np.bincount(self.site[wanted], minlength=self.first.size - 1)
        first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return Links(first, self.place[wanted], self.loss_db[wanted], self.seen[wanted])

    def of(self, sites: ArrayLike) -> Links:
        """Return the links of these sites, which keep their numbers."""
        chosen = np.zeros(self.first.size - 1, bool)
        chosen[np.asarray(sites, int)] = True
        return self.keep(chosen[self.site])


def find_links(
    sites: ArrayLike,
    places: ArrayLike,
    prisms: Prisms,
    street: Street,
    *,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
) -> Links:
    """Find every link that may serve a place: sight, median loss, and all of it in pieces side by side.

    Parameters
    ----------
    sites : array_like, shape (n, 3)
        x, y and height of the antennas, metres.
    places : array_like, shape (m, 2)
        x and y of the places, metres, in rising order of y (as `outdoor.demand_grid` gives them).
    prisms : Prisms
        The buildings.
    street : Street
        Frequency, limit and range.
    executor : Executor, optional
        Where neighbouring sites are worked on together; here, one piece after another, when absent. The answer is
        the same on every executor.
    progress : callable, optional
        Called with the share done after each piece; what it raises ends the search.

    Returns
    -------
    Links

    Raises
    ------
    ValueError
        Where there would be more than 60 million links, or an input is wrong (as in `sights` and `umi_los`).
    """
    lamps = np.asarray(sites, float).reshape(-1, 3)
    grounds = np.asarray(places, float).reshape(-1, 2)
    order = _neighbours_together(lamps, street.most_range_m)
    pieces = [order[start : start + SITES_AT_ONCE] for start in range(0, len(lamps), SITES_AT_ONCE)]
    payloads = [_piece(lamps[piece], grounds, prisms, street) for piece in pieces]
    run = map if executor is None else executor.map
    found = _bounded(run(partial(_links_of, street), payloads), len(pieces), progress)
    return _joined(found, order)


def served(links: Links, limit_db: float | Floats, places: int) -> Bools:
    """Tell which of so many places have a link whose loss is within the limit (scalar, or one per link)."""
    mask = np.zeros(places, bool)
    mask[links.place[links.loss_db <= limit_db]] = True
    return mask


def share_range(links: Links, limit_db: float, places: int) -> tuple[float, float]:
    """Return the shares served when all losses are one standard deviation greater, and smaller, than the median.

    Parameters
    ----------
    links : Links
        Links of the chosen sites only.
    limit_db : float
        Loss that the bit rate bears without margin.
    places : int
        Number of places, at least 1.
    """
    low = served(links, limit_db - links.sigma_db, places).mean()
    high = served(links, limit_db + links.sigma_db, places).mean()
    return float(low), float(high)


def expected_share(links: Links, limit_db: float, places: int) -> float:
    """Return the expected share of places served where every link fades by itself.

    Fading of neighbouring links is in truth alike, so that this is the bright side; parameters as in `share_range`.
    """
    fails = 1.0 - ndtr((limit_db - links.loss_db) / links.sigma_db)
    unserved = np.ones(places)
    np.multiply.at(unserved, links.place, fails)
    return float(1.0 - unserved.mean())


def least_loss(links: Links, places: int, deviations: float = 0.0) -> Floats:
    """Return each place's least loss over the links, dB; infinite where none reaches it.

    `deviations` moves every loss by so many standard deviations of its fading.
    """
    best = np.full(places, np.inf)
    np.minimum.at(best, links.place, links.loss_db + deviations * links.sigma_db)
    return best


def _neighbours_together(lamps: Floats, tile_m: float) -> NDArray[np.int64]:
    column, row = np.floor(lamps[:, 0] / tile_m), np.floor(lamps[:, 1] / tile_m)
    return np.lexsort((lamps[:, 0], row, column)).astype(np.int64)


def _piece(lamps: Floats, places: Floats, prisms: Prisms, street: Street) -> tuple[Floats, Floats, int, Prisms]:
    """Cut out what the piece can reach, so that a worker is sent its own neighbourhood only.

    Places are in order of y, so that those of a neighbourhood are one stretch of them: its start goes along.
    """
    low, high = lamps[:, :2].min(axis=0) - street.most_range_m, lamps[:, :2].max(axis=0) + street.most_range_m
    start, end = np.searchsorted(places[:, 1], low[1]), np.searchsorted(places[:, 1], high[1], side="right")
    around = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return lamps, places[start:end], int(start), prisms.within(around)


def _links_of(street: Street, piece: tuple[Floats, Floats, int, Prisms]) -> Links:
    lamps, places, start, prisms = piece
    reach = _reach(lamps[:, 2], street)
    first, place, seen = sights(lamps, reach, places, street.place_height_m, prisms)
    site = np.repeat(np.arange(len(lamps)), np.diff(first))
    distance = np.hypot(places[place, 0] - lamps[site, 0], places[place, 1] - lamps[site, 1])
    ends = (distance, street.frequency_ghz, lamps[site, 2], street.place_height_m)
    loss = np.where(seen, path_loss.umi_los(*ends), path_loss.umi_nlos(*ends))
    links = Links(first, place + np.int32(start), loss.astype(np.float32), seen)
    return links.keep(loss <= street.limit_db + FADING_KEPT * links.sigma_db)


def _reach(heights: Floats, street: Street) -> Floats:
    """Return how far a link can serve at all, by height: line of sight at the brightest fading that is kept."""
    brightest = street.limit_db + FADING_KEPT * path_loss.SHADOW_SIGMA_NLOS_DB
    each, where = np.unique(heights, return_inverse=True)
    reach = [path_loss.umi_los_range(brightest, street.frequency_ghz, height, street.place_height_m) for height in each]
    return np.asarray(np.minimum(np.array(reach), street.most_range_m)[where])


def _bounded(found: Iterable[Links], pieces: int, progress: Callable[[float], None] | None) -> Iterator[Links]:
    total = 0
    for done, links in enumerate(found, start=1):
        total += links.place.size
        if total > MOST_LINKS:
            raise ValueError("there are too many links; use a coarser grid or a shorter range")
        if progress is not None:
            progress(done / pieces)
        yield links


def _joined(found: Iterable[Links], order: NDArray[np.int64]) -> Links:
    """Put the pieces' links together in the order of the sites."""
    pieces = list(found)
    if not pieces:
        return Links(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, bool))
    counts = np.concatenate([np.diff(piece.first) for piece in pieces])
    back = np.argsort(np.repeat(order, counts), kind="stable")
    in_order = np.empty_like(counts)
    in_order[order] = counts
    return Links(
        np.concatenate([[0], np.cumsum(in_order)]).astype(np.int64),
        np.concatenate([piece.place for piece in pieces])[back],
        np.concatenate([piece.loss_db for piece in pieces])[back],
        np.concatenate([piece.seen for piece in pieces])[back],
    )
