"""Who promised to water which garden."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Promise(models.Model):
    """A person's promise to water a garden, a thing of the register."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    garden = models.ForeignKey("register.Thing", models.CASCADE, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "garden"], name="promised_once")]

    def __str__(self) -> str:
        return f"{self.account_id} waters {self.garden_id}"
