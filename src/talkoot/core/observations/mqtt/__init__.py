"""Readings over MQTT: publishing stores one, and what is stored is told to those who subscribe.

Source: OGC 18-088, SensorThings API part 1, version 1.1, clause 14 (MQTT extension).
"""
