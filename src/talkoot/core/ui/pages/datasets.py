"""Open data: the list of datasets, one dataset with its columns and first rows, and its downloads."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from talkoot.core.base.declare import Kind
from talkoot.core.base.programmes import kinds
from talkoot.core.catalogue.datasets import REGISTER
from talkoot.core.catalogue.datasets import dataset as find_dataset
from talkoot.core.catalogue.datasets import datasets as all_datasets
from talkoot.core.catalogue.downloads import format_of, formats_of, sample, write
from talkoot.core.catalogue.spread import Spread, spreads
from talkoot.core.ui.charts import Chart, Series
from talkoot.core.ui.tables import Column, Table
from talkoot.core.ui.templatetags.ui import number
from talkoot.core.ui.things import attribute_schemas, label_of, unit_words

SAMPLE: Final = 5


def datasets(request: HttpRequest) -> HttpResponse:
    """Every dataset that anyone may take."""
    return render(request, "ui/datasets.html", {"datasets": all_datasets()})


def dataset(request: HttpRequest, code: str) -> HttpResponse:
    """One dataset: what is in it, on what terms, and how to have it."""
    found = find_dataset(code)
    columns, rows = sample(found, SAMPLE)
    titles = [str(found.columns.get(code, code)) for code in columns]
    context = {
        "dataset": found,
        "downloads": [
            (offered.name, reverse("ui:dataset-download", kwargs={"code": found.code, "format": offered.code}))
            for offered in formats_of(found)
        ],
        "table": Table(
            _("The first rows"),
            [Column(code, title) for code, title in zip(columns, titles, strict=True)],
            [[value if value is not None else "" for value in row] for row in rows],
            id="sample",
            empty=_("There are no rows yet."),
        ),
        "columns": list(zip(columns, titles, strict=True)),
        "charts": _charts(found.code),
        "api_url": reverse("api:describe_dataset", kwargs={"code": found.code}),
    }
    return render(request, "ui/dataset.html", context)


def _charts(code: str) -> list[Chart]:
    """Return the spread of each number of a kind's things: what the source says and what is assumed."""
    kind = kinds().get(code.removeprefix(REGISTER)) if code.startswith(REGISTER) else None
    return [_chart(kind, spread) for spread in spreads(kind)] if kind is not None else []


def _chart(kind: Kind, spread: Spread) -> Chart:
    unit = unit_words(attribute_schemas(kind.code)[spread.attribute].get("x-unit", ""))
    label = label_of(kind.code, spread.attribute)
    every = round(1 / spread.share)
    series = [Series(_("said by the source"), spread.found, "var(--lake)", stack="all")]
    if any(spread.assumed):
        series.append(Series(_("assumed"), spread.assumed, "var(--sun)", stack="all"))
    return Chart(
        code=spread.attribute,
        title=label,
        categories=[f"{number(low)}–{number(high)}" for low, high in pairwise(spread.edges)],
        series=series,
        x=f"{label} ({unit})" if unit else label,
        y=_("How many"),
        note=_("From a sample: one thing in %(every)d.") % {"every": every} if every > 1 else "",
    )


@require_safe
def download(request: HttpRequest, code: str, format: str) -> StreamingHttpResponse:
    """The whole dataset as a file, streamed row by row."""
    found = find_dataset(code)
    chosen = format_of(found, format)
    response = StreamingHttpResponse(write(found, format), content_type=chosen.media_type)
    response["Content-Disposition"] = f'attachment; filename="{found.code}.{chosen.code}"'
    return response
