"""The ASGI application that granian serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from talkoot.site.wsgi import application as pages  # makes Django ready for what the front imports

if TYPE_CHECKING:
    from talkoot.site.front import Front


def _front() -> Front:
    from talkoot.site.front import Front

    return Front(pages)


application = _front()
