"""Which roles are held at this moment, and whether the city would still have a manager without somebody."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from talkoot.core.people.models import Account, Membership, Organisation

LAST_MANAGER: Final = gettext_lazy("This is the city's last manager. Give the role to somebody else first.")


def valid_now() -> QuerySet[Membership]:
    """Return the memberships in force."""
    now = timezone.now()
    return Membership.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=now), valid_from__lte=now)


def held(account: Account, organisation: Organisation, role: str) -> QuerySet[Membership]:
    """Return the memberships in force by which the account holds the role in the organisation."""
    return valid_now().filter(account=account, organisation=organisation, role=role)


def is_last_manager(account: Account) -> bool:
    """Tell whether the account, and no other that is active, is manager of the city. Locks the city's row."""
    city = Organisation.objects.select_for_update().filter(is_city=True).first()
    if city is None:
        return False
    managers = valid_now().filter(organisation=city, role="manager", account__is_active=True)
    return set(managers.values_list("account_id", flat=True)) == {account.pk}
