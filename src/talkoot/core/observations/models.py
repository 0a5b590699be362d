"""What tells readings apart and makes them understood: the entities of SensorThings 1.1 beside the register's things.

A Thing of SensorThings is a thing of the register, and so is a Location: the register's own place of a thing, or a
thing of kind "location" that others are placed at. Readings themselves are in the store, not here.
Source of the entities and their properties: OGC 18-088, SensorThings API part 1: Sensing, version 1.1, clause 8.2.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from talkoot.core.base.fields import JSONField, TextField
from talkoot.core.observations.alerts.models import Alert, AlertRule, Notice, QuietDay, Watch
from talkoot.core.people.models import Organisation
from talkoot.core.register.models import Source, Thing

__all__ = [
    "AdoptedTable",
    "Alert",
    "AlertRule",
    "Calibration",
    "Datastream",
    "DatastreamProperty",
    "DeletedDatastream",
    "FeatureOfInterest",
    "HistoricalLocation",
    "Notice",
    "ObservedProperty",
    "Placement",
    "QuietDay",
    "Sensor",
    "Token",
    "Watch",
]

MAX_DATASTREAMS: Final = 1 << 23  # an observation's identifier has so much room for its datastream
LOCATION_KIND: Final = "location"


class Described(models.Model):
    """What every described entity has: a name, a description and properties of the sender's own."""

    name = TextField()
    description = TextField()
    properties = JSONField(default=dict, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.name)


class Owned(Described):
    """A described entity of an organisation's own; the city's where it names none."""

    owner = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True


class Sensor(Owned):
    """An instrument, or the procedure behind modelled values."""

    encoding_type = models.CharField(max_length=100)
    metadata = JSONField(default=str, blank=True)
    # The procedure whose adopted run this stands for; empty for instruments.
    procedure = models.CharField(max_length=100, blank=True)

    class Meta:
        app_label = "observations"
        constraints = [
            models.UniqueConstraint(fields=["procedure"], condition=~Q(procedure=""), name="sensor_once_per_procedure")
        ]


class ObservedProperty(Owned):
    """What is observed: a declared variable (by its code), or one that a sender has defined."""

    definition = models.CharField(max_length=500)
    code = models.CharField(max_length=100, blank=True)

    class Meta:
        app_label = "observations"
        verbose_name_plural = "observed properties"
        constraints = [models.UniqueConstraint(fields=["code"], condition=~Q(code=""), name="property_once_per_code")]


class FeatureOfInterest(Owned):
    """What an observation is about; one made of a thing's place names the thing."""

    encoding_type = models.CharField(max_length=100)
    feature = JSONField()
    thing = models.ForeignKey(Thing, models.CASCADE, null=True, blank=True, related_name="features_of_interest")
    geometry = models.BinaryField(null=True, blank=True, editable=False)
    min_lon = models.FloatField(null=True, editable=False)
    min_lat = models.FloatField(null=True, editable=False)
    max_lon = models.FloatField(null=True, editable=False)
    max_lat = models.FloatField(null=True, editable=False)

    class Meta:
        app_label = "observations"
        verbose_name_plural = "features of interest"
        indexes = [models.Index(fields=["thing"], name="feature_of_thing", condition=Q(thing__isnull=False))]


class AdoptedTable(models.Model):
    """A table of a run in the lake that shows as readings of datastreams, or once did.

    `first` and `most`: its readings are numbered from first + 1 on, and no datastream has more than `most` of them; so
    no two tables of a procedure give an observation the same identifier. `moment` is when the run had finished.
    """

    procedure = models.CharField(max_length=80)
    path = models.CharField(max_length=300, unique=True)
    moment = models.DateTimeField()
    first = models.BigIntegerField()
    most = models.BigIntegerField()
    # Since when it shows; null: its run is adopted no longer.
    shown_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "observations"
        indexes = [models.Index(fields=["procedure"], name="adopted_table_procedure")]

    def __str__(self) -> str:
        return self.path


class Datastream(Described):
    """Readings of one thing by one sensor: of one observed property, or of several at once (a MultiDatastream).

    `units` and `observation_types` have one entry for each observed property, in the same order.
    """

    thing = models.ForeignKey(Thing, models.PROTECT, related_name="datastreams")
    sensor = models.ForeignKey(Sensor, models.PROTECT, related_name="datastreams")
    observed_properties = models.ManyToManyField(
        ObservedProperty, through="DatastreamProperty", related_name="datastreams"
    )
    is_multi = models.BooleanField(default=False)
    observation_types = JSONField(default=list)
    units = JSONField(default=list)
    observed_area = JSONField(null=True, blank=True)
    # The feature of a reading that names none; made of the thing's place at the first such reading.
    feature = models.ForeignKey(FeatureOfInterest, models.SET_NULL, null=True, blank=True, related_name="+")
    source = models.ForeignKey(Source, models.PROTECT, related_name="datastreams")
    is_public = models.BooleanField(default=True)
    # Seconds between readings when all is well; a stream three times as late is stale. Null: it comes as it comes.
    interval = models.FloatField(null=True, blank=True)
    # Days that readings and hourly summaries are kept; null: for ever.
    keep_days = models.PositiveIntegerField(null=True, blank=True)
    keep_hourly_days = models.PositiveIntegerField(null=True, blank=True)
    # Where the readings stand that a procedure's adopted run shows here; null: it shows none, or they are measured.
    adopted_table = models.ForeignKey(
        AdoptedTable, models.SET_NULL, null=True, blank=True, editable=False, related_name="datastreams"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "observations"
        constraints = [
            models.CheckConstraint(name="datastream_fits_identifier", condition=Q(id__lt=MAX_DATASTREAMS)),
            models.CheckConstraint(
                name="datastream_interval_positive", condition=Q(interval__isnull=True) | Q(interval__gt=0)
            ),
        ]

    @property
    def owner_id(self) -> int | None:
        """The organisation whose datastream it is: the thing's owner."""
        return self.thing.owner_id


class DeletedDatastream(models.Model):
    """The number of a datastream that is no more: what the store has of it is to be forgotten, and stays so."""

    number = models.BigIntegerField(primary_key=True)
    deleted_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "observations"

    def __str__(self) -> str:
        return str(self.number)


class DatastreamProperty(models.Model):
    """An observed property of a datastream, and its place among several."""

    datastream = models.ForeignKey(Datastream, models.CASCADE, related_name="property_links")
    observed_property = models.ForeignKey(ObservedProperty, models.PROTECT, related_name="datastream_links")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        app_label = "observations"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["datastream", "position"], name="property_at_one_position")]

    def __str__(self) -> str:
        return f"{self.datastream_id}[{self.position}]"


class Placement(models.Model):
    """Where a thing is now: at a location that has an entity of its own."""

    thing = models.ForeignKey(Thing, models.CASCADE, related_name="placements")
    location = models.ForeignKey(Thing, models.CASCADE, related_name="placed")

    class Meta:
        app_label = "observations"
        constraints = [
            models.UniqueConstraint(fields=["thing", "location"], name="placement_once"),
            models.CheckConstraint(name="placement_elsewhere", condition=~Q(thing=F("location"))),
        ]

    def __str__(self) -> str:
        return f"{self.thing_id} at {self.location_id}"


class HistoricalLocation(models.Model):
    """Where a thing came to be at a moment."""

    thing = models.ForeignKey(Thing, models.CASCADE, related_name="historical_locations")
    time = models.DateTimeField()
    locations = models.ManyToManyField(Thing, related_name="historical_locations_here")

    class Meta:
        app_label = "observations"
        indexes = [models.Index(fields=["thing", "time"])]

    def __str__(self) -> str:
        return f"{self.thing_id} {self.time:%Y-%m-%d %H:%M}"


class Token(models.Model):
    """A key to the SensorThings interface. Only its digest is kept.

    A bound one is a device's: it writes readings to its datastreams and does nothing else. Any other acts as its
    account, with the account's roles.
    """

    name = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=32, unique=True)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="observation_tokens")
    is_bound = models.BooleanField(default=True)
    datastreams = models.ManyToManyField(Datastream, related_name="tokens", blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "observations"

    def __str__(self) -> str:
        return self.name


class Calibration(models.Model):
    """How raw values of a datastream become right ones from a moment on: value = raw * factor + offset."""

    datastream = models.ForeignKey(Datastream, models.CASCADE, related_name="calibrations")
    valid_from = models.DateTimeField()
    offset = models.FloatField(default=0.0)
    factor = models.FloatField(default=1.0)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "observations"
        ordering = ["valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["datastream", "valid_from"], name="one_calibration_at_a_time"),
            models.CheckConstraint(name="calibration_factor_not_zero", condition=~Q(factor=0)),
        ]

    def __str__(self) -> str:
        return f"{self.datastream_id} from {self.valid_from:%Y-%m-%d}"
