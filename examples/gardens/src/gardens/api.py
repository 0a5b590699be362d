"""The gardens' router."""

from django.http import HttpRequest
from ninja import Router

from talkoot.core.register.models import Thing

router = Router()


@router.get("/count")
def count(request: HttpRequest) -> dict[str, int]:
    """Return how many gardens the register holds."""
    return {"gardens": Thing.objects.filter(kind="community_garden", valid_to__isnull=True).count()}
