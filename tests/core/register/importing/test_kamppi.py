"""The demo city's extract: known figures, and a second import that changes nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from talkoot.core.base.actors import operator
from talkoot.core.base.models import AuditEntry
from talkoot.core.register.demo import kamppi
from talkoot.core.register.importing import import_file
from talkoot.core.register.importing.run import BATCH
from talkoot.core.register.models import Relation, Source, Thing, ThingVersion


@pytest.fixture(scope="module")
def seconds(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[float]:
    """Kamppi, imported for this module; the processor's seconds that it took."""
    with django_db_blocker.unblock(), transaction.atomic():
        began = time.process_time()
        import_file(operator(), kamppi())
        yield time.process_time() - began
        transaction.set_rollback(True)


@pytest.fixture
def city(seconds: float) -> Counter[str]:
    """How many things of each kind Kamppi has."""
    return Counter(Thing.objects.values_list("kind", flat=True))


def test_the_extract_has_what_openstreetmap_shows_of_kamppi(city: Counter[str]) -> None:
    assert city["street_lamp"] == 586
    assert city["tree"] == 649
    assert city["traffic_signal"] == 135
    assert 430 <= city["building"] <= 460
    assert city["turn_restriction"] == 43
    assert set(city) >= {"footway", "cycleway", "service_place", "water", "green_area", "railway", "junction"}


def test_every_height_is_mapped_or_named_as_assumed(city: Counter[str]) -> None:
    buildings = list(Thing.objects.filter(kind="building"))
    mapped = [b for b in buildings if "height_m" not in b.provenance]
    assert all(b.attributes["height_m"] > 0 for b in buildings)
    assert len(mapped) == sum("height" in b.tags for b in buildings)
    of_levels = [b for b in buildings if b.provenance.get("height_m") == "assumed:levels*3.2+1.0"]
    assert all(b.attributes["height_m"] == pytest.approx(b.attributes["levels"] * 3.2 + 1.0) for b in of_levels)
    assert all("assumed:" in lamp.provenance["height_m"] for lamp in Thing.objects.filter(kind="street_lamp"))


def test_driving_links_are_as_many_as_known(city: Counter[str]) -> None:
    links = Thing.objects.filter(kind="road_link").exclude(attributes__road_class="service")
    ways = {link.external_id.split("/")[1] for link in links}
    assert 700 <= len(ways) <= 760  # 725 ways that one may drive, and those with restricted access
    assert Relation.objects.filter(type="from", subject__kind="road_link").count() == city["road_link"]
    assert Relation.objects.filter(type="to", subject__kind="road_link").count() == city["road_link"]


def test_the_source_carries_its_licence(city: Counter[str]) -> None:
    source = Source.objects.get(code="osm")
    assert (source.licence, source.attribution) == ("ODbL-1.0", "© OpenStreetMap contributors")


def test_names_are_in_three_languages(city: Counter[str]) -> None:
    link = Thing.objects.filter(kind="road_link", tags__name="Kaivokatu").first()
    assert link is not None
    assert (link.name.fi, link.name.sv) == ("Kaivokatu", "Brunnsgatan")


def test_a_batch_leaves_one_audit_entry(city: Counter[str]) -> None:
    batches = AuditEntry.objects.filter(verb__endswith="write_batch")
    assert batches.count() == -(-(sum(city.values()) + 180) // BATCH)
    assert sum(entry.detail.get("added", 0) for entry in batches) == sum(city.values())


def test_a_second_import_changes_nothing(city: Counter[str]) -> None:
    before = list(Thing.objects.order_by("id").values_list("id", "recorded_at", "source_digest"))
    relations = Relation.objects.count()
    reading = import_file(operator(), kamppi())
    assert reading.counts["unchanged"] == sum(city.values())
    assert not {"added", "changed", "closed", "reopened"} & reading.counts.keys()
    assert list(Thing.objects.order_by("id").values_list("id", "recorded_at", "source_digest")) == before
    assert Relation.objects.count() == relations
    assert not ThingVersion.objects.exists()


def test_importing_kamppi_takes_seconds(seconds: float) -> None:
    assert seconds < 15.0
