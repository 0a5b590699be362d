"""Whether the tables that show are still in the lake: asked by /health."""

from __future__ import annotations

from typing import Any

from talkoot.core.base import lake
from talkoot.core.base.errors import NotFoundError
from talkoot.core.observations.models import AdoptedTable


def adopted() -> dict[str, Any]:
    """Return whether every table that shows can be opened; those that cannot are named by their procedures."""
    shown = AdoptedTable.objects.filter(shown_at__isnull=False).order_by("pk").values_list("procedure", "path")
    gone = sorted({procedure for procedure, path in shown if not _is_there(path)})
    if not gone:
        return {"ok": True, "tables": len(shown)}
    problem = f"The lake has lost results of the adopted runs of {', '.join(gone)}. Restore it, or adopt others."
    return {"ok": False, "tables": len(shown), "problem": problem}


def _is_there(path: str) -> bool:
    try:
        lake.open_input(path).close()
    except (NotFoundError, OSError):
        return False
    return True
