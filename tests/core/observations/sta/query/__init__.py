"""Tests of the query language of SensorThings."""
