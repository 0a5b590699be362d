"""Equilibrium of traffic and its emissions, as plain functions on arrays."""
