"""What the operator sets: every TALKOOT_ variable is read here and nowhere else."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Environment:
    """The settings of one city, as the environment gives them."""

    home: Path
    base_uri: str
    database_url: str
    lake: str
    cluster: str
    projected_crs: str
    time_zone: str
    hosts: tuple[str, ...]
    debug: bool
    behind_tls: bool
    run_keep_days: int
    mqtt: str
    mqtt_host: str
    mqtt_port: int
    mqtt_certificate: str
    mqtt_key: str
    pg_bin: str
    email_url: str
    email_from: str
    webhook_hosts: tuple[str, ...]
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str

    @classmethod
    def read(cls) -> Environment:
        """Read the environment; whatever is absent gets the value of a single machine's own demo city."""
        home = Path(os.environ.get("TALKOOT_HOME", ".home")).expanduser().absolute()
        port = os.environ.get("PORT", "8000")
        base_uri = os.environ.get("TALKOOT_BASE_URI", f"http://127.0.0.1:{port}")
        hosts = os.environ.get("TALKOOT_HOSTS", "127.0.0.1,localhost,[::1]")
        return cls(
            home=home,
            base_uri=base_uri,
            database_url=os.environ.get("TALKOOT_DATABASE_URL", ""),
            lake=os.environ.get("TALKOOT_LAKE", str(home / "lake")),
            cluster=os.environ.get("TALKOOT_CLUSTER", ""),
            projected_crs=os.environ.get("TALKOOT_CRS", "EPSG:3067"),
            time_zone=os.environ.get("TALKOOT_TIME_ZONE", "Europe/Helsinki"),
            hosts=_words(hosts),
            debug=os.environ.get("TALKOOT_DEBUG", "") == "1",
            behind_tls=base_uri.startswith("https://"),
            run_keep_days=_whole_number("TALKOOT_RUN_KEEP_DAYS", 180),
            mqtt=os.environ.get("TALKOOT_MQTT", ""),
            mqtt_host=os.environ.get("TALKOOT_MQTT_HOST", "127.0.0.1"),
            mqtt_port=_whole_number("TALKOOT_MQTT_PORT", 1883),
            mqtt_certificate=os.environ.get("TALKOOT_MQTT_CERTIFICATE", ""),
            mqtt_key=os.environ.get("TALKOOT_MQTT_KEY", ""),
            pg_bin=os.environ.get("TALKOOT_PG_BIN", ""),
            email_url=os.environ.get("TALKOOT_EMAIL_URL", ""),
            email_from=os.environ.get("TALKOOT_EMAIL_FROM", f"no-reply@{urlsplit(base_uri).hostname or 'localhost'}"),
            webhook_hosts=_words(os.environ.get("TALKOOT_WEBHOOK_HOSTS", "")),
            oidc_issuer=os.environ.get("TALKOOT_OIDC_ISSUER", ""),
            oidc_client_id=os.environ.get("TALKOOT_OIDC_CLIENT_ID", ""),
            oidc_client_secret=os.environ.get("TALKOOT_OIDC_CLIENT_SECRET", ""),
        )

    def secret(self, name: str) -> str:
        """Return a secret from TALKOOT_<NAME>, else from the home's keys folder, made there on first use."""
        if given := os.environ.get(f"TALKOOT_{name.upper()}"):
            return given
        path = self.home / "keys" / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Written whole beside its place and linked: of several processes the first wins, none reads half a key.
            with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
                with contextlib.suppress(FileExistsError):
                    os.link(file.name, path)
        return path.read_text()

    def databases(self) -> dict[str, dict[str, Any]]:
        """Return Django's DATABASES: one PostgreSQL, or SQLite files that do not wait for each other."""
        if not self.database_url:
            return {"default": self._sqlite("register"), "jobs": self._sqlite("jobs")}
        parts = urlsplit(self.database_url)
        if parts.scheme not in ("postgresql", "postgres"):
            raise ValueError(
                f"TALKOOT_DATABASE_URL: {parts.scheme!r} is not known. Use postgresql://user:password@host/name"
            )
        options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
        return {
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": unquote(parts.path.lstrip("/")),
                "USER": unquote(parts.username or ""),
                "PASSWORD": unquote(parts.password or ""),
                "HOST": unquote(options.pop("host", "") or parts.hostname or ""),
                "PORT": str(parts.port or ""),
                "CONN_MAX_AGE": 600,
                "CONN_HEALTH_CHECKS": True,
                "OPTIONS": options,
            }
        }

    def _sqlite(self, name: str) -> dict[str, Any]:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(self.home / f"{name}.sqlite3"),
            "CONN_MAX_AGE": None,
            # Tests use files too: threads and processes do not see a database in memory as they see this one.
            "TEST": {"NAME": str(self.home / f"test-{name}.sqlite3")},
            "OPTIONS": {
                # A writer takes its lock at the start, so that two never deadlock half way.
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
                    "PRAGMA mmap_size=1073741824; PRAGMA temp_store=MEMORY;"
                ),
            },
        }


def _words(given: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in given.split(",") if word.strip())


def _whole_number(name: str, otherwise: int) -> int:
    given = os.environ.get(name, "")
    if given and not given.isdecimal():
        raise ValueError(f"{name}: {given!r} is no whole number, such as {otherwise}")
    return int(given) if given else otherwise
