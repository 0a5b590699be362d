"""The verbs of the gardens: the only place that writes."""

from gardens.models import Promise
from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.base.services import service
from talkoot.core.register.models import Thing


@service("gardens.promise")
def promise_to_water(actor: Actor, garden: Thing) -> Promise:
    """Record that the actor will water `garden`.

    Raises InvalidError where the thing is no garden.
    """
    if garden.kind != "community_garden":
        raise InvalidError("garden", f"{garden} is a {garden.kind}.", "Choose a community garden.")
    promise, _ = Promise.objects.get_or_create(account=actor.account, garden=garden)
    audit.note(garden)
    return promise


def export_promises(account_uid: str) -> list[dict[str, str]]:
    """Return the account's promises, for its owner."""
    found = Promise.objects.filter(account__uid=account_uid).select_related("garden")
    return [{"garden": str(promise.garden.uid), "made_at": promise.made_at.isoformat()} for promise in found]


def erase_promises(account_uid: str) -> int:
    """Erase the account's promises; return how many there were."""
    return Promise.objects.filter(account__uid=account_uid).delete()[0]
