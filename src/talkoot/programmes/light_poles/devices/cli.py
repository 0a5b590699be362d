"""`talkoot simulate poles`: plays devices on poles of the register over real MQTT."""

from __future__ import annotations

import asyncio
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from django.conf import settings

from talkoot.core.base.actors import operator
from talkoot.core.observations.mqtt.bridge import Address
from talkoot.programmes.light_poles.devices.making import ensure_devices, ensure_key
from talkoot.programmes.light_poles.devices.playing import Broker, Play

app = typer.Typer()


@app.command()
def poles(
    poles: Annotated[int, typer.Option(help="On how many light poles.", min=1, max=1000)] = 20,
    rate: Annotated[float, typer.Option(help="Readings a minute of each datastream.", min=0.01, max=600)] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed plays the same.")] = 1,
    seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds.")] = None,
) -> None:
    """Play devices on light poles: they send over MQTT what is made up, and it is labelled simulated."""
    actor, interval = operator(), 60.0 / rate
    series = ensure_devices(actor, poles, interval)
    play = Play(series, ZoneInfo(settings.TIME_ZONE), interval, seed)
    broker = broker_of_devices(ensure_key(actor, series))
    typer.echo(f"{len(series)} datastreams, one reading each every {interval:g} s. Ctrl-C ends it.", err=True)
    try:
        asyncio.run(play.run(broker, seconds=seconds))
    except KeyboardInterrupt:
        typer.echo(f"{play.sent} readings sent.", err=True)


def broker_of_devices(secret: str) -> Broker:
    """Return the broker that devices of this city send to: the embedded one by their key, or the city's own."""
    if settings.MQTT:
        address = Address.read(settings.MQTT)
        return Broker(address.host, address.port, address.user, address.password, address.tls)
    return Broker(settings.MQTT_HOST, settings.MQTT_PORT, "token", secret, bool(settings.MQTT_CERTIFICATE))
