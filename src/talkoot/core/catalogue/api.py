"""The catalogue over HTTP: which datasets there are, and their rows."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from ninja import Router, Schema

from talkoot.core.catalogue.datasets import OpenDataset, dataset, datasets
from talkoot.core.catalogue.downloads import format_of, formats_of, write

router = Router()


class DatasetOut(Schema):
    """A dataset: its names, terms, columns and the addresses where it can be had."""

    code: str
    title: dict[str, str]
    description: dict[str, str]
    licence: str
    attribution: str
    spatial: bool
    rows: int | None
    columns: dict[str, dict[str, str]]
    downloads: dict[str, str]


def _described(request: HttpRequest, found: OpenDataset) -> dict[str, Any]:
    return {
        "code": found.code,
        "title": found.title.as_dict(),
        "description": found.description.as_dict(),
        "licence": found.licence,
        "attribution": found.attribution,
        "spatial": found.spatial,
        "rows": found.count,
        "columns": {code: name.as_dict() for code, name in found.columns.items()},
        "downloads": {
            offered.code: request.build_absolute_uri(
                reverse("api:dataset_rows", kwargs={"code": found.code, "format": offered.code})
            )
            for offered in formats_of(found)
        },
    }


@router.get("/datasets", response=list[DatasetOut], summary="List the open datasets")
def list_datasets(request: HttpRequest) -> HttpResponse:
    """Every dataset that anyone may take, with its licence, its columns and its download addresses."""
    return _json([_described(request, found) for found in datasets()])


@router.get("/datasets/{code}", response=DatasetOut, summary="Describe a dataset")
def describe_dataset(request: HttpRequest, code: str) -> HttpResponse:
    """One dataset: its licence, its columns and its download addresses."""
    return _json(_described(request, dataset(code)))


@router.get("/datasets/{code}/rows.{format}", url_name="dataset_rows", summary="Download a dataset")
def dataset_rows(request: HttpRequest, code: str, format: str) -> StreamingHttpResponse:
    """The whole dataset as `csv`, `json` or, where it has places, `geojson`; streamed row by row."""
    found = dataset(code)
    chosen = format_of(found, format)
    response = StreamingHttpResponse(write(found, format), content_type=chosen.media_type)
    response["Content-Disposition"] = f'attachment; filename="{found.code}.{chosen.code}"'
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _json(value: Any) -> HttpResponse:
    response = HttpResponse(msgspec.json.encode(value), content_type="application/json")
    response["Access-Control-Allow-Origin"] = "*"
    return response
