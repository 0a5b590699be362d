"""How many trips are made between zones, by which mode, and what counted flows say about it."""

from talkoot.programmes.traffic.engine.demand.balancing import Balanced, balance, furness
from talkoot.programmes.traffic.engine.demand.correction import Correction, correct
from talkoot.programmes.traffic.engine.demand.counting import CountFit, geh
from talkoot.programmes.traffic.engine.demand.gravity import calibrated_beta, gravity, mean_cost
from talkoot.programmes.traffic.engine.demand.modes import ModeTrips, logsums, mode_shares, nested_shares, trips_by_mode
from talkoot.programmes.traffic.engine.demand.spread import PriorCv

__all__ = [
    "Balanced",
    "Correction",
    "CountFit",
    "ModeTrips",
    "PriorCv",
    "balance",
    "calibrated_beta",
    "correct",
    "furness",
    "geh",
    "gravity",
    "logsums",
    "mean_cost",
    "mode_shares",
    "nested_shares",
    "trips_by_mode",
]
