"""The Django application of this room."""

from django.apps import AppConfig


class ObservationsConfig(AppConfig):
    """Observations: what is measured over time."""

    name = "talkoot.core.observations"
    label = "observations"

    def ready(self) -> None:
        """Have readings, how they come in, and datastreams counted in /metrics."""
        from talkoot.core.base import metrics
        from talkoot.core.observations import overview, upkeep
        from talkoot.core.observations.mqtt import heartbeat

        metrics.collect(
            "talkoot_observer", "How the writer of readings is: ok (0 or 1), and seconds.", "what", upkeep.states
        )
        metrics.collect("talkoot_mqtt_readings", "Readings over MQTT since its start.", "state", heartbeat.counts)
        metrics.collect("talkoot_mqtt", "How MQTT is: connected (0 or 1), and seconds.", "what", heartbeat.states)
        for name, words, label, count in (
            ("observations_total", "Readings since the start of their writer.", "became", overview.totals),
            ("observations_rate", "New and corrected readings a second.", "over", overview.rates),
            ("observations_lag_seconds", "From a reading's time to its arrival, last hour.", "quantile", overview.lags),
            ("observations_commit_seconds", "To write a group of readings, last hour.", "quantile", overview.commits),
            ("datastreams", "Datastreams by state; stale ones are silent.", "state", overview.states),
        ):
            metrics.collect(f"talkoot_{name}", words, label, count)
