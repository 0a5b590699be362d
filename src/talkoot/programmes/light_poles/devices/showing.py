"""What pages show of devices: a pole's page its devices, a device's page its pole."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from talkoot.core.register.models import Thing
from talkoot.core.ui.incoming import actor_of
from talkoot.core.ui.things import ThingLink, address_of, thing_link, title_of
from talkoot.programmes.light_poles.devices import mounted
from talkoot.programmes.light_poles.devices.picture import drawing


def devices_panel(request: HttpRequest, pole: Thing) -> str:
    """Return the panel of a pole's page: a drawing beside what each device measures; "" where there is nothing."""
    own, devices = mounted.mounted(actor_of(request), pole)
    if not own and not devices:
        return ""
    context = {
        "own": own,
        "devices": devices,
        "drawing": drawing(title_of(pole), mounted.height_of_pole(pole), devices) if devices else None,
    }
    return render_to_string("light_poles/devices.html", context, request=request)


def carrier_panel(request: HttpRequest, device: Thing) -> str:
    """Return the panel of a device's page that says on which pole it is, and with what else; "" where on none."""
    carrier = mounted.carrier_of(device)
    if carrier is None:
        return ""
    height, assumed = mounted.height_of(device, mounted.height_of_pole(carrier))
    others = [
        ThingLink(mounted.short_title(other), "", address_of(other.uid))
        for other in mounted.devices_on(carrier)
        if other.pk != device.pk
    ]
    context = {"carrier": thing_link(carrier), "height": None if assumed else height, "others": others}
    return render_to_string("light_poles/carrier.html", context, request=request)
