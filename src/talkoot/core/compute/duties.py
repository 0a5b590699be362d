"""Duties: what only one process does at a time, held for a while and renewed."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from talkoot.core.compute.models import Duty


def hold(code: str, holder: str, *, seconds: float) -> bool:
    """Take or renew a duty for `seconds`; False while another holds it."""
    until = Now() + timedelta(seconds=seconds)
    free_or_mine = Duty.objects.filter(code=code).filter(Q(until__lt=Now()) | Q(holder=holder))
    if free_or_mine.update(holder=holder, until=until):
        return True
    if Duty.objects.filter(code=code).exists():
        return False
    try:
        with transaction.atomic(using=settings.JOBS_DATABASE):
            Duty.objects.create(code=code, holder=holder, until=until)
    except IntegrityError:  # another was first
        return False
    return True


def is_held(code: str) -> bool:
    """Tell whether anybody holds the duty now."""
    return Duty.objects.filter(code=code, until__gte=Now()).exists()


def any_held(prefix: str) -> bool:
    """Tell whether anybody holds a duty whose code starts so."""
    return Duty.objects.filter(code__startswith=prefix, until__gte=Now()).exists()


def release(code: str, holder: str) -> None:
    """Give a duty up, if it is held by `holder`."""
    Duty.objects.filter(code=code, holder=holder).delete()


def forget_lapsed(*, older_than: timedelta) -> None:
    """Delete the rows of duties that lapsed long ago: their holders died."""
    Duty.objects.filter(until__lt=Now() - older_than).delete()
