"""The register's revision: changes with every write, so that whatever is computed from the register knows its age."""

from __future__ import annotations

import uuid

from django.db.models import F

from talkoot.core.register.models import Revision


def bump() -> None:
    """Count a writing transaction. Called by every service that writes, inside its transaction."""
    mark = uuid.uuid4()
    if not Revision.objects.filter(id=1).update(number=F("number") + 1, mark=mark):
        Revision.objects.update_or_create(id=1, defaults={"number": 1, "mark": mark})


def current() -> str:
    """Return the register's revision as a short text, "0" for one that was never written."""
    row = Revision.objects.filter(id=1).values_list("number", "mark").first()
    return f"{row[0]}-{row[1].hex[:12]}" if row else "0"
