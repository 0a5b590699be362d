"""The register's tasks, declared apart from what they do so that the declaration imports nothing heavy."""

from __future__ import annotations

from typing import Final

from talkoot.core.base.declare import Task
from talkoot.core.base.text import Text

TASKS: Final = (
    Task(
        "register.import",
        Text(fi="Aineiston tuonti", sv="Import av material", en="Import of data"),
        "talkoot.core.register.importing.task:run",
        permission="register.import",
    ),
)
