"""Django's settings for accounts: how people sign in, what protects them, how the city writes to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from talkoot.site.environment import Environment

_city = Environment.read()

AUTH_USER_MODEL = "people.Account"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "talkoot.core.people.backends.AccountBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
# Length and a list of known passwords rather than rules of composition (NIST SP 800-63B, section 3.1.1.2).
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# In the database, not in a signed cookie: a copied cookie would outlive signing out and a changed password.
SESSION_ENGINE = "talkoot.core.people.sessions"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())

# Rate limits count here: in files, which all processes of a machine share.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": _city.home / "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "ui:home"
LOGOUT_REDIRECT_URL = "ui:home"

ACCOUNT_ADAPTER = "talkoot.core.people.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _city.behind_tls else "http"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
# Behind TLS there is one reverse proxy, whose word about the visitor's address is taken.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if _city.behind_tls else 0

MFA_ADAPTER = "talkoot.core.people.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["recovery_codes", "totp", "webauthn"]
MFA_TOTP_ISSUER = "Talkoot"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _city.behind_tls

SOCIALACCOUNT_ADAPTER = "talkoot.core.people.adapters.ProviderAdapter"
SOCIALACCOUNT_ONLY = False
# The way to the provider is a link: the pages' form-action policy would stop a form that is sent on to another host.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False


def _providers() -> dict[str, Any]:
    """Return the city's own OpenID Connect provider, where the environment names one."""
    if not _city.oidc_issuer:
        return {}
    app = {
        "provider_id": "city",
        "name": urlsplit(_city.oidc_issuer).hostname or "OpenID Connect",
        "client_id": _city.oidc_client_id,
        "secret": _city.oidc_client_secret,
        "settings": {"server_url": _city.oidc_issuer.rstrip("/"), "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}


def mail_settings(url: str) -> dict[str, Any]:
    """Return Django's settings for sending mail by `url`: smtp://user:password@host:587, smtps://host, or "" for none.

    Raises ValueError for any other address. Without one, messages are written to the console.
    """
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError(f"TALKOOT_EMAIL_URL: {parts.scheme!r} is not known. Use smtp://user:password@host:587")
    secure = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if secure else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": secure,
        "EMAIL_USE_TLS": not secure and "starttls=0" not in parts.query.split("&"),
        "EMAIL_TIMEOUT": 20,
    }


SOCIALACCOUNT_PROVIDERS = _providers()
DEFAULT_FROM_EMAIL = _city.email_from
globals().update(mail_settings(_city.email_url))
