"""Imported by the process that a worker's runners are forked from: they start ready, and share what they read."""

from __future__ import annotations

import os
import signal
from typing import Final

import django

BEHIND_PAGES: Final = 5

# Who stops the worker may signal its whole group. Its runners go when it has dealt with their jobs.
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.nice(BEHIND_PAGES)  # whoever waits for a page comes before work in the background
django.setup()

import talkoot.core.compute.carrying  # noqa: E402, F401  (its models need Django set up)
