"""Where clients reach MQTT, for those who find the service by HTTP."""

from __future__ import annotations

import contextlib
import ipaddress
from urllib.parse import urlsplit

from django.conf import settings

from talkoot.core.observations.mqtt import heartbeat


def endpoints(root: str) -> tuple[str, ...]:
    """Return the addresses at which MQTT runs now, none where it does not; `root` is the HTTP service's address.

    An address names no user and no password.
    """
    if not heartbeat.check()["running"]:
        return ()
    if settings.MQTT:
        parts = urlsplit(settings.MQTT)
        return (f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",)
    scheme = "mqtts" if settings.MQTT_CERTIFICATE else "mqtt"
    return (f"{scheme}://{_host(root)}:{settings.MQTT_PORT}",)


def _host(root: str) -> str:
    """Return the host of the embedded broker: the city's own, where it listens on every address."""
    host: str = settings.MQTT_HOST
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_unspecified:
            host = urlsplit(root).hostname or host
    return f"[{host}]" if ":" in host else host
