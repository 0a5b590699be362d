"""Formats of the pages in Swedish."""
