"""The Django application of this room."""

from django.apps import AppConfig


class ComputeConfig(AppConfig):
    name = "talkoot.core.compute"
    label = "compute"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let /metrics tell of jobs and workers."""
        from talkoot.core.base import metrics
        from talkoot.core.compute import checks

        metrics.collect("talkoot_jobs", "Jobs by state.", "state", checks.jobs_by_state)
        metrics.collect("talkoot_worker_age_seconds", "Since a worker's last sign.", "worker", checks.worker_ages)
