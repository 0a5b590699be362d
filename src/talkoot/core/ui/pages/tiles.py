"""The register's vector tiles, with an ETag so that a tile which has not changed is not sent again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from talkoot.core.base.errors import NotFoundError
from talkoot.core.register.tiles import tile as made

DEEPEST = 22


@require_safe
def tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """Answer one tile, or 304 where the browser has it. Raises NotFoundError outside the grid of the zoom level."""
    if z > DEEPEST or x >= 1 << z or y >= 1 << z:
        raise NotFoundError("There is no such tile.")
    found = made(z, x, y)
    etag = f'"{found.etag.strip(chr(34))}"'
    if etag in (part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(found.bytes, content_type="application/vnd.mapbox-vector-tile")
    response["ETag"] = etag
    # Asked again each time, so that a change shows at once; the answer is then mostly a 304.
    response["Cache-Control"] = "public, max-age=0, must-revalidate"
    return response
