"""What is measured over time: SensorThings entities, the store of readings, alerts."""
