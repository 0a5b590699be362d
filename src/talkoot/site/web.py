"""`talkoot web`: pages and interfaces over HTTP, by granian."""

from __future__ import annotations

import os
from typing import Annotated, Final

import typer

app = typer.Typer()
# Connections that a process holds at once; those that only wait for events take little.
CONNECTIONS: Final = 2048
KILL_SECONDS: Final = 5


@app.command()
def web(
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="Port to serve on.", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Web processes; 0 for one a core.", min=0)] = 0,
) -> None:
    """Serve pages and interfaces until stopped.

    The application is read once, before its processes are forked: they start at once and share its memory.
    """
    from django.db import connections
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from talkoot.site.asgi import application

    server = Granian(
        "talkoot.site.asgi:application",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers or os.cpu_count() or 1,
        backpressure=CONNECTIONS,
        backlog=512,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_SECONDS,
    )
    connections.close_all()  # none may be shared by the processes forked from this one
    server.serve(target_loader=lambda _: application)
