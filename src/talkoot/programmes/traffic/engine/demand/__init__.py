"""How many trips are made between zones, by which mode, and what counted flows say about it."""

from talkoot.programmes.traffic.engine.demand.balancing import Balanced, balance, furness
from talkoot.programmes.traffic.engine.demand.gravity import calibrated_beta, gravity, mean_cost
from talkoot.programmes.traffic.engine.demand.modes import ModeTrips, logsums, mode_shares, nested_shares, trips_by_mode

__all__ = [
    "Balanced",
    "ModeTrips",
    "balance",
    "calibrated_beta",
    "furness",
    "gravity",
    "logsums",
    "mean_cost",
    "mode_shares",
    "nested_shares",
    "trips_by_mode",
]
