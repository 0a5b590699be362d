"""Links and shares: the same on every executor, monotone in power and buildings, honest about fading."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import shapely

from talkoot.programmes.light_poles.engine import path_loss
from talkoot.programmes.light_poles.engine.coverage import (
    Links,
    Street,
    expected_share,
    find_links,
    least_loss,
    served,
    share_range,
)
from talkoot.programmes.light_poles.engine.outdoor import demand_grid
from talkoot.programmes.light_poles.engine.prisms import Prisms

STREET = Street(frequency_ghz=26.0, limit_db=105.0, most_range_m=150.0)
HOUSES = [shapely.box(x, y, x + 70, y + 40) for x in range(0, 500, 90) for y in range(0, 300, 60)]
CITY = shapely.box(-10, -10, 540, 310)


def lamps():
    """One lamp every 45 m along the streets, so many that they make several pieces."""
    xs, ys = np.meshgrid(np.arange(-5.0, 540.0, 30.0), np.arange(-8.0, 310.0, 30.0))
    spots = np.column_stack([xs.ravel(), ys.ravel(), np.full(xs.size, 6.0)])
    inside = shapely.union_all(HOUSES).contains(shapely.points(spots[:, :2]))
    return spots[~inside]


def same(one: Links, other: Links) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("first", "place", "loss_db", "seen")
    )


@pytest.fixture(scope="module")
def city():
    return lamps(), demand_grid(CITY, HOUSES, 6.0), Prisms.of(HOUSES, 18.0)


@pytest.fixture(scope="module")
def links(city):
    return find_links(*city, STREET)


def test_losses_are_those_of_the_model(city, links):
    sites, places, _ = city
    distance = np.hypot(*(places[links.place] - sites[links.site, :2]).T)
    loss = np.where(links.seen, path_loss.umi_los(distance, 26.0, 6.0), path_loss.umi_nlos(distance, 26.0, 6.0))
    assert links.loss_db == pytest.approx(loss, abs=1e-4)
    assert len(sites) > 64 and links.seen.any() and not links.seen.all()


def test_the_local_pool_gives_the_same_arrays(city, links):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert same(find_links(*city, STREET, executor=pool), links)


def test_dask_with_two_workers_gives_the_same_arrays(city, links):
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        assert same(find_links(*city, STREET, executor=client.get_executor(pure=False)), links)


def test_the_order_of_lamps_changes_only_their_numbers(city, links):
    sites, places, prisms = city
    turned = find_links(sites[::-1], places, prisms, STREET)
    for number in (0, 17, len(sites) - 1):
        other = len(sites) - 1 - number
        assert np.array_equal(links.place[links.site == number], turned.place[turned.site == other])


def test_more_power_never_serves_less(city, links):
    _, places, _ = city
    masks = [served(links, limit, len(places)) for limit in (80.0, 85.0, 90.0)]
    assert masks[0].sum() < masks[1].sum() < masks[2].sum()
    assert not np.any(masks[0] & ~masks[1]) and not np.any(masks[1] & ~masks[2])


def test_another_building_never_serves_more(city):
    sites, places, prisms = city
    tower = Prisms.of([*HOUSES, shapely.box(72, 42, 88, 58)], 18.0)
    before, after = (served(find_links(sites[::23], places, p, STREET), 95.0, len(places)) for p in (prisms, tower))
    assert not np.any(after & ~before) and after.sum() < before.sum()


def test_median_lies_in_its_range_and_expectation_above_the_low_end(city, links):
    _, places, _ = city
    chosen = links.of(range(0, 90, 9))
    low, high = share_range(chosen, 105.0, len(places))
    assert low < served(chosen, 105.0, len(places)).mean() < high
    assert low < expected_share(chosen, 105.0, len(places)) < 1.0


def test_expectation_by_hand():
    # Two links to one place of two, in sight, each exactly at the limit: 1 - 0.5 * 0.5 of one place.
    both = Links(np.array([0, 1, 2]), np.array([0, 0], np.int32), np.full(2, 100.0, np.float32), np.ones(2, bool))
    assert expected_share(both, 100.0, 2) == pytest.approx(0.75 / 2)


def test_least_loss_and_its_fading():
    two = Links(
        np.array([0, 2]), np.array([0, 2], np.int32), np.array([90.0, 95.0], np.float32), np.array([True, False])
    )
    assert least_loss(two, 3).tolist() == [90.0, np.inf, 95.0]
    assert least_loss(two, 3, 1.0) == pytest.approx([94.0, np.inf, 95.0 + 7.82])


def test_progress_is_told_and_may_end_the_search(city):
    told = []
    find_links(*city, STREET, progress=told.append)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 1
    with pytest.raises(KeyboardInterrupt):
        find_links(*city, STREET, progress=_stop)


def _stop(_share: float) -> None:
    raise KeyboardInterrupt


def test_no_lamps_and_no_places():
    empty = Prisms.of([], [])
    assert find_links(np.empty((0, 3)), [[0.0, 0.0]], empty, STREET).place.size == 0
    assert find_links([[0.0, 0.0, 6.0]], np.empty((0, 2)), empty, STREET).first.tolist() == [0, 0]
