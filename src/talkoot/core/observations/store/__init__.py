"""The store of readings: recent ones in a database, older ones in the lake; it knows nothing of Django."""
