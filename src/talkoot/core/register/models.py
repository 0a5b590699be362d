"""What the city has: sources, things, their relations and their history."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

import shapely
from django.db import models
from django.db.models import F, Q
from django.db.models.base import ModelState
from django.utils import timezone

from talkoot.core.base.fields import JSONField, TextField
from talkoot.core.base.identifiers import new_uid, uri_of
from talkoot.core.people.models import Organisation


class Source(models.Model):
    """Where values come from, and under which licence they may be used."""

    code = models.SlugField(max_length=60, unique=True)
    name = TextField()
    url = models.URLField(blank=True)
    licence = models.CharField(max_length=60, help_text="SPDX identifier, such as ODbL-1.0 or CC-BY-4.0")
    attribution = models.CharField(max_length=200, blank=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        app_label = "register"

    def __str__(self) -> str:
        return str(self.name)


class Thing(models.Model):
    """Anything the city has: of a kind, somewhere, somebody's, from a source.

    `geometry` is WKB in WGS 84 with its bounds beside it (the spatial index is over the bounds). `provenance`
    names the source of each attribute that is not from `source`: another source's code, or "assumed:<rule>".
    `tags` are the source's own words, kept as they came.
    """

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    kind = models.CharField(max_length=60)
    name = TextField()
    owner = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="things")
    within = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="contains")
    source = models.ForeignKey(Source, models.PROTECT, related_name="things")
    external_id = models.CharField(max_length=200, blank=True)
    source_digest = models.BinaryField(max_length=16, default=b"", editable=False)
    attributes = JSONField(default=dict, blank=True)
    provenance = JSONField(default=dict, blank=True)
    tags = JSONField(default=dict, blank=True)
    geometry = models.BinaryField(null=True, blank=True, editable=False)
    min_lon = models.FloatField(null=True, editable=False)
    min_lat = models.FloatField(null=True, editable=False)
    max_lon = models.FloatField(null=True, editable=False)
    max_lat = models.FloatField(null=True, editable=False)
    # From which zoom the map draws it (register.prominence).
    detail = models.FloatField(null=True, editable=False)
    # Validity in the world, and since when the register has said what it says now.
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "register"
        indexes = [
            models.Index(fields=["kind", "id"]),
            models.Index(fields=["kind", "valid_to"]),  # to count what is open, from the index alone
            models.Index(fields=["within"], name="thing_within", condition=Q(within__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], condition=~Q(external_id=""), name="thing_once_per_source"
            ),
            models.CheckConstraint(
                name="thing_valid_in_order",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
            models.CheckConstraint(
                name="thing_bounds_whole",
                condition=Q(geometry__isnull=True, min_lon__isnull=True, max_lat__isnull=True)
                | Q(
                    geometry__isnull=False,
                    min_lon__gte=-180,
                    max_lon__lte=180,
                    min_lat__gte=-90,
                    max_lat__lte=90,
                    min_lon__lte=F("max_lon"),
                    min_lat__lte=F("max_lat"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return str(self.name) or f"{self.kind} {self.external_id or self.uid}"

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any) -> Thing:
        """Make a thing of a whole row, in a fraction of the time that Django's own way takes: lists hold thousands."""
        fields = cls._meta.concrete_fields
        if len(values) != len(fields):
            return super().from_db(db, field_names, values, **options)
        thing = cls.__new__(cls)
        thing.__dict__.update(zip([field.attname for field in fields], values, strict=True))
        thing._state = ModelState()
        thing._state.db, thing._state.adding = db, False
        return thing

    @property
    def uri(self) -> str:
        """The thing's stable address under the city's base."""
        return uri_of(self.uid)

    @property
    def shape(self) -> Any:
        """The geometry as a Shapely object in WGS 84 longitude and latitude, or None."""
        return shapely.from_wkb(bytes(self.geometry)) if self.geometry is not None else None

    @property
    def is_open(self) -> bool:
        """Whether the thing is there now."""
        return self.valid_to is None or self.valid_to > timezone.now()


class ThingText(models.Model):
    """What text search knows of a thing: its stemmed words, as `search.document` writes them.

    The search index of either database is over this table, and kept by the database itself.
    """

    thing = models.OneToOneField(Thing, models.CASCADE, primary_key=True, related_name="text")
    terms = models.TextField()

    class Meta:
        app_label = "register"

    def __str__(self) -> str:
        return self.terms[:80]


class ThingVersion(models.Model):
    """What the register said of a thing before it said something else: the state from one moment to another."""

    thing = models.ForeignKey(Thing, models.CASCADE, related_name="versions")
    recorded_from = models.DateTimeField()
    recorded_to = models.DateTimeField()
    state = JSONField()

    class Meta:
        app_label = "register"
        indexes = [models.Index(fields=["thing", "recorded_from"])]
        constraints = [
            models.CheckConstraint(name="version_in_order", condition=Q(recorded_to__gte=F("recorded_from")))
        ]

    def __str__(self) -> str:
        return f"{self.thing_id} until {self.recorded_to:%Y-%m-%d %H:%M}"


class Relation(models.Model):
    """A typed relation between two things: mounted on, from, to, succeeded by."""

    subject = models.ForeignKey(Thing, models.CASCADE, related_name="relations_out")
    type = models.CharField(max_length=40)
    object = models.ForeignKey(Thing, models.CASCADE, related_name="relations_in")
    source = models.ForeignKey(Source, models.PROTECT)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "register"
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "type", "object"], condition=Q(valid_to__isnull=True), name="relation_once"
            ),
            models.CheckConstraint(name="relation_to_another", condition=~Q(subject=F("object"))),
        ]

    def __str__(self) -> str:
        return f"{self.subject_id} {self.type} {self.object_id}"

    @property
    def owner_id(self) -> int | None:
        """The organisation whose relation it is: the subject's owner."""
        return self.subject.owner_id


class Import(models.Model):
    """One reading of a source's file into the register, with its counts and how far it came."""

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    source = models.ForeignKey(Source, models.PROTECT, related_name="imports")
    file_name = models.CharField(max_length=255)
    file_digest = models.CharField(max_length=64)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    counts = JSONField(default=dict)

    class Meta:
        app_label = "register"

    def __str__(self) -> str:
        return f"{self.file_name} {self.started_at:%Y-%m-%d %H:%M}"


class RejectedRow(models.Model):
    """A row of a source's file that could not be taken in, and why."""

    reading = models.ForeignKey(Import, models.CASCADE, related_name="rejected")
    row = models.CharField(max_length=200)
    reason = models.TextField()

    class Meta:
        app_label = "register"

    def __str__(self) -> str:
        return f"{self.row}: {self.reason}"


class Revision(models.Model):
    """One row that counts the register's writing transactions: the age of every cached tile.

    `mark` is random, so that a number that comes twice (after a restore) does not pass for the same register.
    """

    number = models.BigIntegerField(default=0)
    mark = models.UUIDField(default=uuid.uuid4)

    class Meta:
        app_label = "register"
        constraints = [models.CheckConstraint(name="one_revision", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.number)
