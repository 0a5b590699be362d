"""`talkoot up`: one command that prepares the city where needed and serves it until Ctrl-C."""

from __future__ import annotations

import http.client
import os
import socket
import time
from http import HTTPStatus
from typing import Annotated, Final

import typer
from django.conf import settings
from rich.console import Console
from rich.table import Table

from talkoot.cli.framework import setup_django
from talkoot.cli.processes import (
    Child,
    Keeper,
    devices_command,
    mqtt_command,
    observer_command,
    web_command,
    worker_command,
)
from talkoot.cli.readiness import is_ready, mark_ready
from talkoot.core.base.errors import ConflictError, InvalidError

app = typer.Typer()
START_SECONDS: Final = 60.0


@app.command()
def up(
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="Port to serve on.", min=1, max=65535)] = 8000,
    with_demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Make the demo city in an empty home.")] = True,
    workers: Annotated[int, typer.Option(help="Web processes; 0 for one a core.", min=0)] = 0,
    with_mqtt: Annotated[
        bool, typer.Option("--mqtt/--no-mqtt", help="Take readings in over MQTT; the demo city plays devices over it.")
    ] = True,
) -> None:
    """Prepare the city where needed and serve it: pages, jobs and readings, until Ctrl-C."""
    console = Console(stderr=True)
    _refuse_taken_port(host, port)
    keeper = Keeper(
        [
            Child("observer", observer_command()),
            Child("web", web_command(host, port, workers or os.cpu_count() or 1)),
            Child("worker", worker_command()),
        ],
        console.print,
    )
    try:
        if started := is_ready():  # all else can wait until people are answered
            _start(keeper, host, port)
        setup_django()
        from talkoot.cli import demo
        from talkoot.cli.upgrade import migrate_all

        migrate_all(console.print)
        mark_ready()
        wants_demo = with_demo and demo.is_wanted()
        if wants_demo:
            demo.make_core(console)
        if not started:
            _start(keeper, host, port)
        takes_mqtt = with_mqtt and not keeper.stopping and _take_in_over_mqtt(keeper, console)
        if wants_demo and not keeper.stopping:
            demo.make_programmes(console)
        if not keeper.stopping:
            _play_and_tell(keeper, console, host, port, takes_mqtt)
        keeper.watch()
    finally:
        console.print("Stopping the city.")
        keeper.stop()


def _start(keeper: Keeper, host: str, port: int) -> None:
    keeper.start()
    _wait_until_answered(keeper, host, port)


def _take_in_over_mqtt(keeper: Keeper, console: Console) -> bool:
    """Start the MQTT door and tell whether it could be: without its port the city goes on without it."""
    if not settings.MQTT:
        try:
            _refuse_taken_port(settings.MQTT_HOST, settings.MQTT_PORT)
        except ConflictError:
            console.print(
                f"MQTT port {settings.MQTT_PORT} is taken: no readings over MQTT. Set TALKOOT_MQTT_PORT to another."
            )
            return False
    keeper.add(Child("mqtt", mqtt_command()))
    return True


def _refuse_taken_port(host: str, port: int) -> None:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except socket.gaierror as error:
        raise InvalidError("host", f"{host!r} is no address of this machine.", "Use 127.0.0.1 or 0.0.0.0.") from error
    except OSError as error:
        raise ConflictError(f"Port {port} on {host} is taken ({error.strerror}). Set PORT to another.") from error


def _wait_until_answered(keeper: Keeper, host: str, port: int) -> None:
    """Wait for the first answer of /health, whatever it says: how the parts are is for the operator to read."""
    deadline = time.monotonic() + START_SECONDS
    while not keeper.stopping:
        connection = http.client.HTTPConnection(_shown(host), port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status in (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE):
                return
        except OSError:
            pass
        finally:
            connection.close()
        if time.monotonic() > deadline:
            raise ConflictError(f"The web server did not answer within {START_SECONDS:.0f} s; its log says why.")
        time.sleep(0.1)
        keeper.tend()


def _shown(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  (compared, not bound)


def _play_and_tell(keeper: Keeper, console: Console, host: str, port: int, takes_mqtt: bool) -> None:
    """In a demo city play its devices and show its accounts; in every city tell its address."""
    from talkoot.core.people.demo import demo_accounts

    if accounts := demo_accounts():
        if takes_mqtt:
            keeper.add(Child("devices", devices_command()))
        table = Table("Demo account", "Password", "Role", title="Sign in from this machine with")
        for account in accounts:
            table.add_row(*account)
        console.print(table)
    console.print(
        f"\nTalkoot is at [bold]http://{_shown(host)}:{port}[/bold]  (home: {settings.HOME})\nCtrl-C ends it."
    )
