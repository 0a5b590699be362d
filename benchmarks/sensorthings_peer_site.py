"""The peer as an application of its own: what runs in its environment, with nothing of ours in it.

PEER_DATABASE=postgresql://... PEER_PORT=8000 python sensorthings_peer_site.py   (makes its tables)
"""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from psycopg.conninfo import conninfo_to_dict


def application() -> Any:
    """Return the peer as an ASGI application; its database and port stand in the environment."""
    set_up()
    return get_asgi_application()


def set_up() -> None:
    """Set Django up with the peer's applications, as its manual says to."""
    found = conninfo_to_dict(os.environ["PEER_DATABASE"])
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": found["dbname"], "USER": found["user"]}
    settings.configure(
        SECRET_KEY="a benchmark's own",
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        DATABASES={"default": {**database, "HOST": found["host"]}},
        INSTALLED_APPS=[
            "sensorthings.versions.v1_1",
            "sensorthings.versions.v1_1.backends.django",
            "sensorthings.versions.v1_1.extensions.dataarray",
        ],
        ROOT_URLCONF="sensorthings.versions.v1_1.urls",
        SENSORTHINGS_V1_1_SERVICE_URL=f"http://127.0.0.1:{os.environ['PEER_PORT']}",
        SENSORTHINGS_V1_1_BACKEND_ADAPTER="sensorthings.versions.v1_1.backends.django.adapter.DjangoBackendAdapter",
        SENSORTHINGS_V1_1_ID_TYPE=UUID,
        SENSORTHINGS_V1_1_ID_DELIMITER="'",
    )
    django.setup()


if __name__ == "__main__":
    set_up()
    call_command("migrate", verbosity=0)
