"""Which reader reads which file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from talkoot.core.base.errors import InvalidError
from talkoot.core.register.importing.formats import OSM, format_of
from talkoot.core.register.importing.records import Reader


def open_reader(
    path: Path, *, source_code: str | None, mapping: Any, mend: bool, progress: Callable[[int], None]
) -> Reader:
    """Read the file through once and return its reader.

    `progress` is told now and then how many objects were read, and may raise to stop it. Raises InvalidError for
    a file that cannot be used.
    """
    if format_of(path) == OSM:
        from talkoot.core.register.importing.osm.reader import OsmReader

        if mapping:
            raise InvalidError("mapping", _("An OpenStreetMap extract needs no mapping."), _("Leave it out."))
        return OsmReader.open(path, source_code=source_code, mend=mend, progress=progress)
    from talkoot.core.register.importing.tabular import TabularReader

    return TabularReader.open(path, mapping=mapping, source_code=source_code, mend=mend)
