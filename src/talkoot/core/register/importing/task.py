"""The import as a job: the web's uploads and large files are read in by a worker, with progress and cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from django.conf import settings

from talkoot.core.base.actors import Actor
from talkoot.core.register.importing.run import import_file


class Context(Protocol):
    """What the import needs of a job: who asked for it, and whom to tell how far it is."""

    @property
    def actor(self) -> Actor: ...
    @property
    def progress(self) -> Callable[[float, str], None]: ...


def run(
    context: Context, path: str, source: str | None = None, mapping: Any = None, mend: bool = False
) -> dict[str, Any]:
    """Import a file as the job's actor; return the import's identifier and counts.

    A relative `path` is below the city's home, so that a job finds its file also in a home restored elsewhere. The
    job's progress may raise to cancel. A job that was killed begins again, and what was written already is found
    unchanged.
    """
    reading = import_file(
        context.actor,
        settings.HOME / path,
        source_code=source or None,
        mapping=mapping or None,
        mend=mend,
        progress=context.progress,
    )
    return {"import": str(reading.uid), "counts": reading.counts}
