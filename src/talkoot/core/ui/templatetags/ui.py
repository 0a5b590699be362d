"""Template tags of the frame: captured blocks, numbers as the language writes them, addresses with changed state."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.http import QueryDict
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

register = template.Library()


class CaptureNode(template.Node):
    """Renders what it encloses into a variable, so that a block's words can stand in two places."""

    def __init__(self, nodelist: NodeList, name: str) -> None:
        self.nodelist = nodelist
        self.name = name

    def render(self, context: Context) -> SafeString:
        """Store the rendered content and show nothing here."""
        # Rendered parts are escaped already; str.strip would lose that knowledge.
        context[self.name] = mark_safe(self.nodelist.render(context).strip())  # noqa: S308
        return SafeString("")


@register.tag
def capture(parser: Parser, token: Token) -> CaptureNode:
    """{% capture name %}...{% endcapture %}: keep what is rendered between the tags as the variable `name`."""
    parts = token.split_contents()
    if len(parts) != 2:
        raise template.TemplateSyntaxError("capture takes the name of one variable")
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return CaptureNode(nodelist, parts[1])


@register.filter
def number(value: Any, decimals: int | str = "") -> str:
    """Write a number as the active language does, in groups of three; other values as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    places = int(decimals) if decimals != "" else None
    if places is None and isinstance(value, float):
        value = float(f"{value:.4g}") if abs(value) < 1000 else round(value, 1)
        places = None if value != int(value) else 0
    return number_format(value, places, use_l10n=True, force_grouping=True)


@register.filter
def shown(value: Any) -> str:
    """Write a table's value as the active language does: a date, a moment, a number; other values as they are."""
    if isinstance(value, datetime):
        return date_format(value, "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    return number(value)


@register.filter
def badge_words(badge: str) -> str:
    """Return the word of a badge in the active language."""
    words = {
        "measured": _("measured"),
        "modelled": _("modelled"),
        "simulated": _("simulated"),
        "registered": _("registered"),
        "assumed": _("assumed"),
    }
    return words.get(badge, badge)


@register.filter
def state_words(state: str) -> str:
    """Return the word of a run's or job's state in the active language."""
    words = {
        "queued": _("waiting"),
        "running": _("running"),
        "succeeded": _("done"),
        "failed": _("failed"),
        "cancelled": _("cancelled"),
    }
    return words.get(state, state)


@register.simple_tag(takes_context=True)
def with_query(context: Context, **changes: Any) -> str:
    """Return the page's own query with some parameters changed; an empty value takes one out."""
    query: QueryDict = context["request"].GET.copy()
    for name, value in changes.items():
        if value in ("", None):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def look_up(key: Any, table: dict[Any, Any]) -> Any:
    """Return what the table has under the key, else the key itself."""
    return table.get(key, key)
