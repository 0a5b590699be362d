"""The Django application of this room."""

from django.apps import AppConfig


class ObservationsConfig(AppConfig):
    """Observations: what is measured over time."""

    name = "talkoot.core.observations"
    label = "observations"

    def ready(self) -> None:
        """Have the way in over MQTT counted in /metrics."""
        from talkoot.core.base import metrics
        from talkoot.core.observations.mqtt import heartbeat

        metrics.collect("talkoot_mqtt_readings", "Readings over MQTT since its start.", "state", heartbeat.counts)
        metrics.collect("talkoot_mqtt", "How MQTT is: connected (0 or 1), and seconds.", "what", heartbeat.states)
