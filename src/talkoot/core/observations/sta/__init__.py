"""The OGC SensorThings API 1.1 over the city's observations."""
