"""Fixtures that every test may use."""

from __future__ import annotations

import pytest

from talkoot.core.base.actors import Actor, operator


@pytest.fixture
def system() -> Actor:
    """The operator's shell: holds every permission."""
    return operator()
