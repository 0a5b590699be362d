"""What other pages show of the plan in use: figures on the home page, a panel on a light pole's page."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import Figure
from talkoot.core.compute.models import Run
from talkoot.core.compute.viewing import current_for
from talkoot.core.register.models import Thing
from talkoot.core.ui.incoming import actor_of
from talkoot.programmes.light_poles import plans
from talkoot.programmes.light_poles.services import PLAN
from talkoot.programmes.light_poles.words import percent


def figures(actor: Actor) -> list[Figure]:
    """Return what the plan in use says, for the home page; nothing where none is in use."""
    run = current_for(actor, PLAN)
    return figures_of(run) if run else []


def figures_of(run: Run) -> list[Figure]:
    """Return the figures of a plan: how many poles, and how much of the outdoor space they serve."""
    told, target = run.summary, f"{run.parameters['target_mbps']:g}"
    source, url = _("TR 38.901 over the city's register"), f"{reverse('light_poles:plan')}?run={run.uid}"
    return [
        Figure(
            title=_("Light poles that 5G needs"),
            value=_whole(told["poles"]),
            unit=_("poles"),
            source=source,
            badge="modelled",
            low=_whole(told["lower_bound"]) if told["lower_bound"] < told["poles"] else "",
            high=_whole(told["poles"]) if told["lower_bound"] < told["poles"] else "",
            url=url,
        ),
        Figure(
            title=_("Outdoor space with %(target)s Mbit/s") % {"target": target},
            value=percent(told["covered_share"]),
            unit="%",
            source=source,
            badge="modelled",
            low=percent(told["covered_share_low"]),
            high=percent(told["covered_share_high"]),
            url=url,
        ),
    ]


def _whole(count: int) -> str:
    return number_format(count, use_l10n=True, force_grouping=True)


def panel(request: HttpRequest, thing: Thing) -> str:
    """Return the panel of a light pole's page: whether the plan in use has chosen it, and what it would serve."""
    run = current_for(actor_of(request), PLAN)
    if run is None:
        return ""
    pole = next((each for each in plans.content(run)["chosen"] if each["uid"] == str(thing.uid)), None)
    return render_to_string("light_poles/panel.html", {"run": run, "pole": pole}, request=request)
