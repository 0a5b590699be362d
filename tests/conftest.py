"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, sync_playwright

from talkoot.core.base.actors import Actor, operator
from tests.observing import observer as writing_readings


@pytest.fixture
def system() -> Actor:
    """The operator's shell: holds every permission."""
    return operator()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's chromium; one module's at a time, since two of Playwright's loops do not run in one process."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--use-gl=swiftshader", "--enable-unsafe-swiftshader"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def observer() -> Iterator[None]:
    """The process that writes readings, on this test process's home."""
    with writing_readings(settings.HOME):
        yield


@pytest.fixture
def no_readings(observer: None) -> Iterator[None]:
    """A store that is empty before and after the test."""
    from talkoot.core.observations import readings

    yield
    left = readings.store().rows()
    if len(left):
        readings.delete(left)
