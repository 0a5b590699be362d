"""Good covers quickly: greedy choice, pruning, and a search that exchanges sites. They prove nothing by themselves.

References
----------
V. Chvatal, "A greedy heuristic for the set-covering problem", Mathematics of Operations Research 4 (1979).
M. B. Teitz, P. Bart, "Heuristic methods for estimating the generalized vertex median of a weighted graph",
Operations Research 16 (1968): exchange of one site for another.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkoot.compiled import compiled
from talkoot.programmes.light_poles.engine.set_cover import CoverProblem

SLACK: Final = 1e-9
MOST_TRIALS: Final = 500_000  # of exchanging one chosen site, in one search: some ten seconds

Sites = NDArray[np.int64]


def greedy(problem: CoverProblem, demand: float | None = None) -> tuple[Sites, NDArray[np.float64]]:
    """Choose again and again the site that adds most weight for its cost.

    Parameters
    ----------
    problem : CoverProblem
        The problem.
    demand : float, optional
        Stop once this weight is covered; the problem's own demand when absent.

    Returns
    -------
    chosen : ndarray of int64
        Sites in the order of their choice.
    covered : ndarray
        Weight covered after each choice. It ends below the demand only where no site adds anything more.
    """
    goal = problem.demand if demand is None else demand
    chosen, covered = _greedy(_arrays(problem), problem.cost, goal)
    return chosen, covered


def prune(problem: CoverProblem, chosen: ArrayLike) -> Sites:
    """Drop sites that the demand can spare, the dearest and then the least useful first."""
    picked = np.asarray(chosen, np.int64)
    counts = _counts(problem, picked)
    covered = float(problem.weight[counts > 0].sum())
    kept = []
    alone = np.array([_alone(problem, counts, site) for site in picked])
    for site in picked[np.lexsort((alone, -problem.cost[picked]))]:
        loss = _alone(problem, counts, site)
        if covered - loss >= problem.demand - SLACK:
            covered -= loss
            counts[_places(problem, site)] -= 1
        else:
            kept.append(int(site))
    return np.array(kept, np.int64)


def exchange(problem: CoverProblem, chosen: ArrayLike, *, moves: int = 20_000, seed: int = 1) -> Sites:
    """Look for a cover with fewer sites by exchanging one for another, where all sites cost the same.

    One site is taken out; then, again and again, the least useful gives way to the most useful, until the demand
    holds once more and the next one is taken out. Sites just moved rest for a few moves (a tabu list).

    Parameters
    ----------
    problem : CoverProblem
        The problem; its costs are taken to be equal.
    chosen : array_like of int
        A cover to begin with.
    moves : int
        How many exchanges may pass without a smaller cover.
    seed : int
        Seed of how long sites rest, so that the same problem gives the same cover.

    Returns
    -------
    ndarray of int64
        The smallest cover found, in rising order of sites.
    """
    found = _exchange(_arrays(problem), problem.demand, np.asarray(chosen, np.int64), moves, seed)
    return np.asarray(found, np.int64)


def _arrays(problem: CoverProblem) -> tuple[Any, ...]:
    sites, places = problem.covers, problem.covered_by
    return (
        sites.indptr.astype(np.int64),
        sites.indices.astype(np.int32),
        places.indptr.astype(np.int64),
        places.indices.astype(np.int32),
        problem.weight,
    )


def _places(problem: CoverProblem, site: int) -> Any:
    return problem.covers.indices[problem.covers.indptr[site] : problem.covers.indptr[site + 1]]


def _counts(problem: CoverProblem, chosen: Sites) -> NDArray[np.int64]:
    counts = np.zeros(problem.weight.size, np.int64)
    for site in chosen:
        counts[_places(problem, site)] += 1
    return counts


def _alone(problem: CoverProblem, counts: NDArray[np.int64], site: int) -> float:
    places = _places(problem, site)
    return float(problem.weight[places[counts[places] == 1]].sum())


# The compiled state of a choice: how many chosen sites cover each place, which sites are chosen, what each would
# add (gain), and what each chosen one alone covers (loss).


@compiled
def _empty_state(arrays: Any) -> Any:
    first, place, _, _, weight = arrays
    sites = first.size - 1
    gain = np.zeros(sites)
    for site in range(sites):
        for k in range(first[site], first[site + 1]):
            gain[site] += weight[place[k]]
    return np.zeros(weight.size, np.int64), np.zeros(sites, np.bool_), gain, np.zeros(sites)


@compiled
def _add(arrays: Any, state: Any, site: int) -> float:
    """Choose the site; return the weight it adds."""
    first, place, back_first, back_site, weight = arrays
    counts, inside, gain, loss = state
    added = 0.0
    for k in range(first[site], first[site + 1]):
        p = place[k]
        counts[p] += 1
        if counts[p] == 1:
            added += weight[p]
            for j in range(back_first[p], back_first[p + 1]):
                gain[back_site[j]] -= weight[p]
        elif counts[p] == 2:
            for j in range(back_first[p], back_first[p + 1]):
                if inside[back_site[j]]:
                    loss[back_site[j]] -= weight[p]
    inside[site] = True
    loss[site] = added
    return added


@compiled
def _remove(arrays: Any, state: Any, site: int) -> float:
    """Give the site up; return the weight lost."""
    first, place, back_first, back_site, weight = arrays
    counts, inside, gain, loss = state
    lost = 0.0
    inside[site] = False
    loss[site] = 0.0
    for k in range(first[site], first[site + 1]):
        p = place[k]
        counts[p] -= 1
        if counts[p] == 0:
            lost += weight[p]
            for j in range(back_first[p], back_first[p + 1]):
                gain[back_site[j]] += weight[p]
        elif counts[p] == 1:
            for j in range(back_first[p], back_first[p + 1]):
                if inside[back_site[j]]:
                    loss[back_site[j]] += weight[p]
    return lost


@compiled
def _greedy(arrays: Any, cost: Any, goal: float) -> Any:
    state = _empty_state(arrays)
    gain = state[2]
    chosen, weights = np.empty(cost.size, np.int64), np.empty(cost.size)
    count, covered = 0, 0.0
    while covered < goal - SLACK:
        site = int(np.argmax(gain / cost))
        if gain[site] <= SLACK:
            break
        covered += _add(arrays, state, site)
        chosen[count], weights[count] = site, covered
        count += 1
    return chosen[:count], weights[:count]


@compiled
def _pick(values: Any, allowed: Any, rests_until: Any, now: int) -> int:
    """Return the allowed and rested site of greatest value, or -1."""
    best = -1
    for site in range(values.size):
        if allowed[site] and rests_until[site] <= now and (best < 0 or values[site] > values[best]):
            best = site
    return best


@compiled
def _best_exchange(arrays: Any, state: Any, rests_until: Any, now: int) -> tuple[int, int]:
    """Return the pair of a chosen site and another whose exchange covers most; -1 where all rest."""
    _, inside, gain, _ = state
    out, into, most = -1, -1, -np.inf
    for site in range(inside.size):
        if not inside[site] or rests_until[site] > now:
            continue
        lost = _remove(arrays, state, site)
        other = _pick(gain, ~inside, rests_until, now)
        if other >= 0 and other != site and gain[other] - lost > most:
            out, into, most = site, other, gain[other] - lost
        _add(arrays, state, site)
    return out, into


@compiled
def _exchange(arrays: Any, demand: float, start: Any, moves: int, seed: int) -> Any:
    np.random.seed(seed)
    state = _empty_state(arrays)
    _, inside, _, loss = state
    rests_until, covered = np.zeros(inside.size, np.int64), 0.0
    for site in start:
        covered += _add(arrays, state, site)
    best, now, last_found = inside.copy(), 0, 0
    trials = 0
    while now - last_found < moves and trials < MOST_TRIALS and inside.any():
        now += 1
        trials += inside.sum()
        if covered >= demand - SLACK:
            best[:] = inside
            last_found = now
            rests_until[:] = 0
            covered -= _remove(arrays, state, _pick(-loss, inside, rests_until, now))
            continue
        out, into = _best_exchange(arrays, state, rests_until, now)
        if out >= 0:
            covered += _add(arrays, state, into) - _remove(arrays, state, out)
            rests_until[out] = now + 5 + np.random.randint(0, 6)
            rests_until[into] = now + 2 + np.random.randint(0, 3)
    return np.flatnonzero(best)
