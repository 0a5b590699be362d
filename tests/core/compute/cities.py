"""What the tests of real workers ask of their city."""

from __future__ import annotations

from tests.processes import Environment, rows
from tests.trials import lines

ENDED = ("succeeded", "failed", "cancelled")
# A short lease, so that a lost worker is soon missed; one job at a time; a short grace.
QUICK = ("--lease", "1", "--slots", "1", "--grace", "2")


def state(city: Environment, run: str) -> tuple[str, str]:
    """Return state and error of a run."""
    found = rows(city, f"SELECT state, error FROM compute_run WHERE uid = '{as_stored(city, run)}'")
    return found[0][0], found[0][1]


def as_stored(city: Environment, uid: str) -> str:
    """Return an identifier as the city's database writes it."""
    return uid if "TALKOOT_DATABASE_URL" in city else uid.replace("-", "")


def ended(city: Environment, *runs: str) -> bool:
    """Tell whether all these runs have ended."""
    return all(state(city, run)[0] in ENDED for run in runs)


def processes(journal: str, word: str = "start") -> list[int]:
    """Return the numbers of the processes that told the journal this word."""
    return [int(line.split()[1]) for line in lines(journal) if line.startswith(f"{word} ")]
