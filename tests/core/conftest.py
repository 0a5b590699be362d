"""Fixtures for the core's rooms."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from tests.alerting import hot, station, writer  # noqa: F401
from tests.receiving import receiver  # noqa: F401


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Path:
    """A home of the test's own: what is kept beside the database goes with the database."""
    settings.HOME = tmp_path
    return tmp_path
