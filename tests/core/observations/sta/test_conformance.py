"""The landing page says what tests prove: each conformance class with the tests that do."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from talkoot.core.observations.mqtt import heartbeat
from talkoot.core.observations.sta.conformance import CLASSES, MQTT_CLASSES, SPEC
from tests.core.observations.sta.conftest import Api

STA = "tests.core.observations.sta."
MQTT = "tests.core.observations.mqtt."
PROOFS = {
    "datamodel": (
        f"{STA}test_create.test_a_deep_insert_makes_all_of_it_in_one_audit_entry",
        f"{STA}test_clients.test_frost_makes_every_sort_of_entity",
    ),
    "resource-path/resource-path-to-entities": (f"{STA}test_read.test_paths_lead_from_entity_to_entity",),
    "request-data": (
        f"{STA}query.test_agreement.test_the_database_selects_what_a_filter_means",
        f"{STA}test_read.test_expansions_have_options_of_their_own",
        f"{STA}test_read.test_pages_follow_each_other_without_gap_or_double",
    ),
    "create-update-delete": (f"{STA}test_clients.test_istsos_creates_reads_changes_and_deletes",),
    "create-update-delete/create-entity": (f"{STA}test_create.test_a_thing_is_a_thing_of_the_register",),
    "create-update-delete/link-to-existing-entities": (f"{STA}test_create.test_a_datastream_links_what_exists",),
    "create-update-delete/deep-insert": (f"{STA}test_create.test_a_deep_insert_makes_all_of_it_in_one_audit_entry",),
    "create-update-delete/deep-insert-status-code": (f"{STA}test_create.test_nothing_is_made_where_anything_is_wrong",),
    "create-update-delete/update-entity": (f"{STA}test_change.test_a_patch_changes_what_it_names",),
    "create-update-delete/update-entity-put": (f"{STA}test_change.test_a_put_resets_what_it_does_not_name",),
    "create-update-delete/update-entity-jsonpatch": (f"{STA}test_change.test_a_json_patch_changes_what_it_points_at",),
    "create-update-delete/delete-entity": (f"{STA}test_change.test_deleting_a_thing_closes_it_in_the_register",),
    "create-update-delete/historical-location-auto-creation": (
        f"{STA}test_create.test_placing_a_thing_writes_its_history_and_moves_it_in_the_register",
    ),
    "create-update-delete/historical-location-manual-creation": (
        f"{STA}test_create.test_an_older_place_is_history_only",
    ),
    "batch-request/batch-request": (f"{STA}test_bad_input.test_a_batch_half_wrong_keeps_the_rest",),
    "multi-datastream": (f"{STA}test_create.test_a_multidatastream_has_a_unit_and_a_type_for_each_property",),
    "data-array/data-array": (f"{STA}test_read.test_observations_come_as_data_arrays",),
    "create-observations-via-mqtt/observations-creation": (f"{MQTT}test_embedded.test_what_is_acknowledged_is_stored",),
    "receive-updates-via-mqtt/receive-updates": (
        f"{MQTT}test_embedded.test_subscribers_are_told_once_of_what_was_stored",
        f"{MQTT}test_embedded.test_changed_entities_and_their_properties_are_told",
    ),
}
SIGN = {"connected": True, "waiting_since": 0}
PLAIN = {"MQTT": "", "MQTT_HOST": "127.0.0.1", "MQTT_PORT": 1883, "MQTT_CERTIFICATE": ""}


def test_every_class_that_is_claimed_has_its_tests_and_no_other_is_claimed() -> None:
    assert {f"{SPEC}/req/{name}" for name in PROOFS} == {*CLASSES, *MQTT_CLASSES}
    for proof in (proof for proofs in PROOFS.values() for proof in proofs):
        module, _, name = proof.rpartition(".")
        assert hasattr(import_module(module), name), proof


@pytest.fixture
def running(visitor: Api, settings: LazySettings, tmp_path: Path) -> Any:
    """Settings of a city whose MQTT gives a sign of life; the store stays where it is."""
    settings.HOME = tmp_path
    heartbeat.beat(SIGN)
    return settings


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        ({}, "mqtt://127.0.0.1:1883"),
        ({"MQTT_HOST": "0.0.0.0", "MQTT_PORT": 8883, "MQTT_CERTIFICATE": "c.pem"}, "mqtts://testserver:8883"),
        ({"MQTT_HOST": "::1"}, "mqtt://[::1]:1883"),
        ({"MQTT": "mqtts://city:secret@broker.example"}, "mqtts://broker.example"),
    ],
)
def test_while_mqtt_runs_the_landing_page_says_where(
    given: dict[str, Any], endpoint: str, running: Any, visitor: Api
) -> None:
    for name, value in {
        "MQTT": "",
        "MQTT_HOST": "127.0.0.1",
        "MQTT_PORT": 1883,
        "MQTT_CERTIFICATE": "",
        **given,
    }.items():
        setattr(running, name, value)
    told = visitor.get("")["serverSettings"]
    assert told["conformance"] == [*CLASSES, *MQTT_CLASSES]
    assert [told[each] for each in MQTT_CLASSES] == [{"endpoints": [endpoint]}] * 2
    heartbeat.end()
    assert visitor.get("")["serverSettings"] == {"conformance": list(CLASSES)}
