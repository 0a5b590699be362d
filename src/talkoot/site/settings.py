"""Django's settings: assembled from the environment and the programmes' declarations."""

from __future__ import annotations

from pathlib import Path

from talkoot import __version__
from talkoot.core.base.programmes import programmes
from talkoot.site.accounts import *  # noqa: F403
from talkoot.site.environment import Environment

CITY = Environment.read()
HOME = CITY.home
HOME.mkdir(parents=True, exist_ok=True)
SITE = Path(__file__).parent

VERSION = __version__
DEBUG = CITY.debug
SECRET_KEY = CITY.secret("secret_key")
ALLOWED_HOSTS = list(CITY.hosts)
BASE_URI = CITY.base_uri
CSRF_TRUSTED_ORIGINS = [CITY.base_uri] if CITY.behind_tls else []
CSRF_FAILURE_VIEW = "talkoot.core.ui.errors.csrf_failure"

DATABASES = CITY.databases()
DATABASE_ROUTERS = ["talkoot.site.routers.RoomRouter"]
JOBS_DATABASE = "jobs" if "jobs" in DATABASES else "default"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LAKE = CITY.lake
CLUSTER = CITY.cluster
RUN_KEEP_DAYS = CITY.run_keep_days  # runs that were never adopted
MQTT = CITY.mqtt  # the city's own broker; empty for the embedded one, which the others are about
MQTT_HOST, MQTT_PORT = CITY.mqtt_host, CITY.mqtt_port
MQTT_CERTIFICATE, MQTT_KEY = CITY.mqtt_certificate, CITY.mqtt_key
WEBHOOK_HOSTS = CITY.webhook_hosts  # hosts inside that alerts may call
PG_BIN = CITY.pg_bin  # the folder of pg_dump and pg_restore, where they are not on the path
# The city's metres: ETRS-TM35FIN by default; a city elsewhere sets its own projected system.
PROJECTED_CRS = CITY.projected_crs

INSTALLED_APPS = [
    "talkoot.core.ui.apps.UiConfig",  # first: its templates stand before those of the libraries
    "talkoot.core.base.apps.BaseConfig",
    "talkoot.core.people.apps.PeopleConfig",
    "talkoot.core.register.apps.RegisterConfig",
    "talkoot.core.compute.apps.ComputeConfig",
    "talkoot.core.observations.apps.ObservationsConfig",
    "talkoot.core.catalogue.apps.CatalogueConfig",
    *[programme.app for programme in programmes() if programme.app],
    "talkoot.core.base.apps.ReadOnlyAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rules.apps.AutodiscoverRulesConfig",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
]

MIDDLEWARE = [
    "talkoot.core.ui.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "talkoot.core.ui.middleware.SecurityHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "talkoot.core.ui.middleware.ErrorMiddleware",
]

ROOT_URLCONF = "talkoot.site.urls"
WSGI_APPLICATION = "talkoot.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "talkoot.core.ui.context.frame",
            ],
        },
    }
]

# Languages: the first part of every page's address.
LANGUAGE_CODE = "fi"
LANGUAGES = [("fi", "Suomi"), ("sv", "Svenska"), ("en", "English")]
USE_I18N = True
FORMAT_MODULE_PATH = "talkoot.site.formats"
USE_TZ = True
TIME_ZONE = CITY.time_zone

# Cookies.
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CITY.behind_tls
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = False  # the reverse proxy's task
SECURE_HSTS_SECONDS = 31_536_000 if CITY.behind_tls else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CITY.behind_tls else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Input is bounded before any view sees it; uploads of a city's files go to disk.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
UPLOAD_MAX_BYTES = 2 * 1024**3

STATIC_URL = "/static/"
STATICFILES_DIRS = [SITE / "static", *([SITE / "vendor"] if (SITE / "vendor").exists() else [])]
WHITENOISE_USE_FINDERS = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "talkoot.core.base.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"talkoot": {"level": "INFO"}, "django.security.DisallowedHost": {"level": "ERROR"}},
}
