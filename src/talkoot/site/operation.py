"""What operators watch: /health and /metrics."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from talkoot.core.base.health import report
from talkoot.core.base.metrics import CONTENT_TYPE, exposition


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Answer the state of web, database and worker, and of what programmes declare; 503 where one is not well."""
    found = report()
    return JsonResponse(found, status=200 if found["ok"] else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the metrics in Prometheus' text exposition format."""
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)
