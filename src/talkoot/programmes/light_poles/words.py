"""What a plan tells in codes, said in words of the active language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def percent(share: float) -> str:
    """Write a share as percent with one decimal, as the active language does, without the sign."""
    return number_format(round(100 * share, 1), 1, use_l10n=True)


def assumed(assumptions: Mapping[str, int]) -> list[str]:
    """Say in words what had to be assumed of the city."""
    words = {
        "lamp_heights": lambda n: ngettext(
            "The height of %d light pole is assumed.", "The heights of %d light poles are assumed.", n
        ),
        "building_heights": lambda n: ngettext(
            "The height of %d building is assumed.", "The heights of %d buildings are assumed.", n
        ),
        "lamps_indoors": lambda n: ngettext(
            "%d light pole is mapped inside a building and serves nothing.",
            "%d light poles are mapped inside buildings and serve nothing.",
            n,
        ),
        "lamps_unfit": lambda n: ngettext(
            "%d light pole is left out: too low for the class, or without a place.",
            "%d light poles are left out: too low for the class, or without a place.",
            n,
        ),
    }
    told = [words[code](count) % count for code, count in assumptions.items() if code in words]
    if "no_buildings" in assumptions:
        told.append(_("The register knows no buildings here: every link is taken to be in line of sight."))
    return told


def outside_model(codes: Sequence[str]) -> list[str]:
    """Say in words where the model is used outside the conditions it was fitted in."""
    words = {
        "transmitter_height": _("The path loss model was fitted for antennas at 10 m; light poles are lower."),
        "receiver_height": _("The path loss model was fitted for devices from 1.5 m up."),
        "short_distance": _("The path loss model was fitted from 10 m on; nearer places are extrapolated."),
        "long_distance": _("The path loss model was fitted up to 5 km; farther places are extrapolated."),
    }
    return [words[code] for code in codes if code in words]
