"""Adopted runs as datastreams: their tables of modelled values show as observations, a view and not a copy."""
