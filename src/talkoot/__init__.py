"""Talkoot: the open-source platform of an intelligent community."""

__version__ = "0.1.0"
