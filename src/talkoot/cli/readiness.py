"""Whether a home was last made ready by this very code: then its processes can start before anything is looked at."""

from __future__ import annotations

import hashlib
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

from django.conf import settings

import talkoot

MARK: Final = ".ready"


def is_ready() -> bool:
    """Tell whether the databases were brought to this code's version, by their home's mark."""
    path = _mark()
    return path.exists() and path.read_text() == _fingerprint()


def mark_ready() -> None:
    """Remember that the databases are of this code's version."""
    _mark().write_text(_fingerprint())


def _mark() -> Path:
    path: Path = settings.HOME / MARK
    return path


def _fingerprint() -> str:
    """Return a digest of whatever decides which tables there should be: packages, migrations, the databases."""
    packages = sorted(f"{found.name} {found.version}" for found in distributions())
    migrations = sorted(path.as_posix() for path in Path(talkoot.__file__).parent.rglob("migrations/*.py"))
    databases = sorted(str(database["NAME"]) for database in settings.DATABASES.values())
    return hashlib.sha256("\n".join([*packages, *migrations, *databases]).encode()).hexdigest()
