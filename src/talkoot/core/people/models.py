"""Who uses the city: accounts, organisations, the roles accounts hold in them, and consents."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import models
from django.utils import timezone

from talkoot.core.base.fields import TextField
from talkoot.core.base.identifiers import new_uid
from talkoot.core.base.text import LANGUAGES


class AccountManager(BaseUserManager["Account"]):
    """Makes accounts by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> Account:
        """Make an account; without a password it can only be entered through another identity provider."""
        account = self.model(email=self.normalize_email(email).lower(), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> Account:
        """Make an account that may enter the administration."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class Account(AbstractBaseUser, PermissionsMixin):
    """A person's account: an address to reach them by, a name they chose, a language. Nothing more."""

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=2, default="fi", choices=[(code, code) for code in LANGUAGES])
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)

    objects = AccountManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        app_label = "people"

    def __str__(self) -> str:
        return self.name or self.email


class Organisation(models.Model):
    """A city, an agency, a school, a company or an association."""

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    code = models.SlugField(max_length=60, unique=True)
    name = TextField()
    website = models.URLField(blank=True)
    is_city = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "people"
        constraints = [
            models.UniqueConstraint(fields=["is_city"], condition=models.Q(is_city=True), name="one_city")
        ]

    def __str__(self) -> str:
        return str(self.name)


class Membership(models.Model):
    """A role that an account holds in an organisation, from one moment until another."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    role = models.SlugField(max_length=40)
    valid_from = models.DateTimeField(default=timezone.now)
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "people"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "organisation", "role"],
                condition=models.Q(valid_to__isnull=True),
                name="role_held_once",
            ),
            models.CheckConstraint(
                name="role_ends_after_start",
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.organisation_id}"


class Consent(models.Model):
    """What a person agreed to: one purpose, until a date, withdrawn at any time."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="consents")
    purpose = models.SlugField(max_length=80)
    wording = models.TextField()
    given_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "people"
        indexes = [models.Index(fields=["account", "purpose"])]
        constraints = [
            models.CheckConstraint(
                name="consent_has_time_limit", condition=models.Q(expires_at__gt=models.F("given_at"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} until {self.expires_at:%Y-%m-%d}"
