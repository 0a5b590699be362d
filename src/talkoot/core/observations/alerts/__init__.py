"""Alerts: rules on datastreams, evaluated as readings come, and who is told."""
