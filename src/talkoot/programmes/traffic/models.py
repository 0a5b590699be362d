"""State of this programme: networks, trips and counts that planners have sent in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from talkoot.core.base.fields import JSONField
from talkoot.core.base.identifiers import new_uid


class TrafficInput(models.Model):
    """A file that models of traffic can be made of: what it holds, whose it is, where it lies in the lake.

    `summary` counts what was read of it; `length_unit` is what a network's lengths are in.
    """

    class Kind(models.TextChoices):
        """What a file tells of."""

        NETWORK = "network"
        TRIPS = "trips"
        COUNTS = "counts"

    class Unit(models.TextChoices):
        """What lengths of a network may be in."""

        KILOMETRE = "km"
        METRE = "m"
        MILE = "mi"
        FOOT = "ft"

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=120)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    file_name = models.CharField(max_length=80)
    path = models.CharField(max_length=200, unique=True)
    digest = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    length_unit = models.CharField(max_length=2, choices=Unit.choices, blank=True)
    summary = JSONField(default=dict)
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "traffic"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="traffic_input_kind_known", condition=Q(kind__in=["network", "trips", "counts"])
            ),
            models.CheckConstraint(
                name="traffic_input_unit_of_networks",
                condition=(Q(kind="network") & Q(length_unit__in=["km", "m", "mi", "ft"]))
                | (~Q(kind="network") & Q(length_unit="")),
            ),
            models.CheckConstraint(name="traffic_input_has_bytes", condition=Q(bytes__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name
