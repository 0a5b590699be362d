"""The verbs of this room: what observes, what is observed, where; datastreams, calibrations and keys."""

from talkoot.core.observations.calibrations import delete_calibration, set_calibration
from talkoot.core.observations.instruments import (
    add_feature,
    add_observed_property,
    add_sensor,
    change_feature,
    change_observed_property,
    change_sensor,
    delete_feature,
    delete_observed_property,
    delete_sensor,
)
from talkoot.core.observations.placing import (
    change_history,
    change_location,
    close_location,
    delete_history,
    place_thing,
)
from talkoot.core.observations.streams import add_datastream, change_datastream, delete_datastream
from talkoot.core.observations.tokens import end_token, make_token

__all__ = [
    "add_datastream",
    "add_feature",
    "add_observed_property",
    "add_sensor",
    "change_datastream",
    "change_feature",
    "change_history",
    "change_location",
    "change_observed_property",
    "change_sensor",
    "close_location",
    "delete_calibration",
    "delete_datastream",
    "delete_feature",
    "delete_history",
    "delete_observed_property",
    "delete_sensor",
    "end_token",
    "make_token",
    "place_thing",
    "set_calibration",
]
