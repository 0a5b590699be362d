"""The error of this package."""

from __future__ import annotations


class EmissionsError(ValueError):
    """Something about flows, speeds, a fleet or a table of factors is wrong: what (`field`), where, how to mend it."""

    def __init__(self, field_name: str, problem: str, fix: str) -> None:
        super().__init__(f"{field_name}: {problem} {fix}")
        self.field, self.problem, self.fix = field_name, problem, fix
