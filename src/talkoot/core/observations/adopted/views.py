"""Which tables of adopted runs show, and as which datastreams: what the store of readings asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from talkoot.core.observations.models import AdoptedTable, Datastream
from talkoot.core.observations.queries import microseconds
from talkoot.core.observations.store.views import View


class AdoptedViews:
    """The views that the database knows; a table that shows anew is another view, with other datastreams perhaps."""

    def shown(self) -> Sequence[View]:
        """Return the views of this moment."""
        tables = AdoptedTable.objects.filter(shown_at__isnull=False).order_by("pk")
        return [
            View(path, shown_at.isoformat() if shown_at else "", first, microseconds(moment))
            for path, shown_at, first, moment in tables.values_list("path", "shown_at", "first", "moment")
        ]

    def streams(self, view: View) -> Mapping[tuple[str, str], int]:
        """Return the datastream of each pair of a thing and a variable that shows."""
        found = Datastream.objects.filter(adopted_table__path=view.file).order_by()
        rows = found.values_list("pk", "thing__uid", "property_links__observed_property__code")
        return {(str(uid), code): key for key, uid, code in rows.iterator()}
