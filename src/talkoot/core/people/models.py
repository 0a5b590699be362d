"""Who uses the city: accounts, organisations, the roles accounts hold in them, and consents."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from rules.permissions import has_perm

from talkoot.core.base.fields import TextField
from talkoot.core.base.identifiers import new_uid
from talkoot.core.base.text import LANGUAGES

if TYPE_CHECKING:
    from talkoot.core.people.sessions import SessionStore


class AccountManager(BaseUserManager["Account"]):
    """Makes accounts by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> Account:
        """Make an account; without a password it can only be entered through another identity provider."""
        account = self.model(email=self.normalize_email(email).lower(), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role held now, in which organisation (its primary key), and whether that is the city's own."""

    role: str
    organisation_id: int
    in_city: bool


class Account(AbstractBaseUser):
    """A person's account: an address to reach them by, a name they chose, a language. Nothing more.

    What an account may do follows from the roles it holds in organisations and from nothing else: there are no
    superusers, no groups and no permissions of single accounts.
    """

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=2, default="fi", choices=[(code, code) for code in LANGUAGES])
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)
    last_login = None  # when somebody last came is nobody's need to know

    is_superuser = False
    objects = AccountManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        app_label = "people"

    def __str__(self) -> str:
        return self.name or self.email

    @cached_property
    def held_roles(self) -> frozenset[HeldRole]:
        """The roles held now, read once for this object; `forget_roles` makes it read them again."""
        now = timezone.now()
        found = self.memberships.filter(
            models.Q(valid_to__isnull=True) | models.Q(valid_to__gt=now),
            valid_from__lte=now,
            organisation__closed_at__isnull=True,
        ).values_list("role", "organisation_id", "organisation__is_city")
        return frozenset(HeldRole(*row) for row in found)

    def forget_roles(self) -> None:
        """Forget the roles that were read, after they changed."""
        self.__dict__.pop("held_roles", None)

    @property
    def is_staff(self) -> bool:
        """Whether the account may look into the administration."""
        return self.has_perm("people.administer")

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Tell whether a role of the account gives the permission on `obj`, or on the whole city."""
        return self.is_active and bool(has_perm(perm, self, obj))

    def has_perms(self, perm_list: Iterable[str], obj: object = None) -> bool:
        """Tell whether the account has every one of the permissions."""
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """Tell whether the account may look at a room's records in the administration: all of them or none."""
        return self.is_staff


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
        constraints = [models.UniqueConstraint(fields=["is_city"], condition=models.Q(is_city=True), name="one_city")]

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


class Session(AbstractBaseSession):
    """A signed-in browser. The account stands beside the data, so that all of a person's sessions can be ended."""

    account_id = models.BigIntegerField(null=True, db_index=True)

    class Meta(AbstractBaseSession.Meta):
        app_label = "people"

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        """Return the store that reads and writes these rows."""
        from talkoot.core.people.sessions import SessionStore

        return SessionStore
