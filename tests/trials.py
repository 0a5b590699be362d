"""A programme whose work the tests can watch, hold up and break; not installed but where a test asks for it.

Work leaves lines in a journal file, so that a test sees what really ran, in which process and how often.
"""

from __future__ import annotations

import fcntl
import math
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkoot.core.base.declare import Permission, Procedure, Programme, Schedule, Task, Variable
from talkoot.core.base.text import Text
from talkoot.core.compute.errors import TryAgainError

if TYPE_CHECKING:
    from talkoot.core.compute.context import RunContext, TaskContext


def write(journal: str, line: str) -> None:
    """Add a line to the journal, whole, from whichever process."""
    with Path(journal).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(f"{line}\n")


def lines(journal: Path | str) -> list[str]:
    """Return the journal's lines."""
    return Path(journal).read_text().splitlines() if Path(journal).exists() else []


@contextmanager
def alone(journal: str) -> Iterator[None]:
    """Hold what only one process may hold at a time, and tell the journal where another had it."""
    with Path(f"{journal}.alone").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            write(journal, "overlap")
        yield


def count(context: RunContext) -> None:
    """Count in steps with pauses, then leave a table of the squares."""
    import pyarrow as pa

    steps, journal = context.parameters["steps"], context.parameters["journal"]
    with alone(journal):
        write(journal, f"start {os.getpid()}")
        for step in range(steps):
            time.sleep(context.parameters["pause"])
            context.progress(step / steps, f"step {step}")
        context.add_input("journal", "0" * 64)
        context.add_table("squares", pa.table({"n": range(steps), "square": [n * n for n in range(steps)]}))
        context.add_plan("last", {"n": steps})
        context.summarise(steps=steps, total=sum(n * n for n in range(steps)))
        write(journal, f"end {os.getpid()}")


def hang(context: RunContext) -> None:
    """Never say a word again."""
    write(context.parameters["journal"], f"start {os.getpid()}")
    while True:
        time.sleep(1)


def hang_in_pool(context: RunContext) -> None:
    """Have a process of the pool never end."""
    with context.executor(1) as pool:
        pool.submit(sleep_for_ever, context.parameters["journal"]).result()


def sleep_for_ever(journal: str) -> None:
    """Sleep, and leave one's process number."""
    write(journal, f"pool {os.getpid()}")
    while True:
        time.sleep(0.1)


def crash(context: RunContext) -> None:
    """Fall as a broken library would."""
    write(context.parameters["journal"], f"start {os.getpid()}")
    os.kill(os.getpid(), signal.SIGSEGV)


def fail(context: RunContext) -> None:
    """Leave a table and then make a mistake."""
    import pyarrow as pa

    context.add_table("half", pa.table({"n": [1]}))
    raise KeyError("a secret of the code")


def roots(context: RunContext) -> None:
    """Compute square roots in a pool and leave their sum."""
    import pyarrow as pa

    with context.executor() as pool:
        values = list(pool.map(math.sqrt, range(context.parameters["steps"])))
    context.add_table("roots", pa.table({"root": values}))


def model(context: RunContext) -> None:
    """Leave modelled values of things: of one moment, or by the hour; each between one less and two more."""
    import pyarrow as pa

    things, hours, base = (context.parameters[name] for name in ("things", "hours", "base"))
    start = datetime(2026, 5, 1, tzinfo=UTC)
    slots: list[datetime | None] = [start + timedelta(hours=hour) for hour in range(hours)] if hours else [None]
    rows = [
        {
            "thing": thing,
            "variable": variable,
            "time": slot,
            "end": slot and slot + timedelta(hours=1),
            "value": (value := base + 100 * place + hour),
            "low": value - 1,
            "high": value + 2,
        }
        for variable in context.parameters["variables"]
        for place, thing in enumerate(things)
        for hour, slot in enumerate(slots)
    ]
    moments = [(name, pa.timestamp("us", "UTC")) for name in ("time", "end")]
    numbers = [(name, pa.float64()) for name in ("value", "low", "high")]
    schema = pa.schema([("thing", pa.string()), ("variable", pa.string()), *moments, *numbers])
    context.add_table("values", pa.Table.from_pylist(rows, schema=schema))


def note(context: TaskContext, journal: str, words: str = "done") -> dict[str, Any]:
    """Write words into the journal."""
    write(journal, words)
    return {"words": words}


def go_on(context: TaskContext, journal: str, steps: int = 20, pause: float = 0.05) -> dict[str, Any]:
    """Do each step once, going on after a restart where the checkpoint says."""
    for step in range(context.checkpoint.get("next", 0), steps):
        write(journal, f"step {step}")
        context.save_checkpoint(next=step + 1)
        time.sleep(pause)
        context.progress(step / steps)
    return {"steps": steps}


def again(context: TaskContext, journal: str, failures: int = 1) -> dict[str, Any]:
    """Be away for the first tries."""
    write(journal, "try")
    if len(lines(journal)) <= failures:
        raise TryAgainError("The sensor does not answer.")
    return {}


def tick(context: TaskContext) -> None:
    """Write into the journal that the environment names."""
    write(os.environ["TRIALS_JOURNAL"], "tick")


def _procedure(code: str, **more: Any) -> Procedure:
    properties = {
        "steps": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10},
        "pause": {"type": "number", "minimum": 0, "maximum": 60, "default": 0.0},
        "journal": {"type": "string", "maxLength": 500},
        "rule": {"enum": ["first", "second"], "default": "first"},
        "things": {"type": "array", "items": {"type": "string"}, "default": []},
        "variables": {"type": "array", "items": {"type": "string"}, "default": ["trials.heat"]},
        "hours": {"type": "integer", "default": 0},
        "base": {"type": "number", "default": 10.0},
    }
    return Procedure(
        code=f"trials.{code}",
        title=Text(en=code),
        run=f"tests.trials:{code}",
        permission="trials.run",
        version="1",
        parameters={"type": "object", "properties": properties, "required": ["journal"]},
    )


def _task(code: str, permission: str = "trials.run") -> Task:
    return Task(f"trials.{code}", Text(en=code), f"tests.trials:{code}", permission=permission)


PROGRAMME = Programme(
    code="trials",
    title=Text(en="Trials"),
    permissions=(
        Permission("trials.run", Text(en="Try"), frozenset({"planner"})),
        Permission("trials.view", Text(en="See what is not for all"), frozenset({"planner", "auditor"})),
    ),
    procedures=(
        *map(_procedure, ("count", "hang", "hang_in_pool", "crash", "fail", "roots")),
        replace(_procedure("count"), code="trials.private", title=Text(en="private"), view="trials.view"),
        _procedure("model"),
        replace(_procedure("model"), code="trials.secret_model", title=Text(en="secret"), view="trials.view"),
    ),
    variables=(
        Variable("trials.heat", Text(en="Heat"), "Cel"),
        Variable("trials.dust", Text(en="Dust"), "ug/m3"),
    ),
    tasks=(_task("note"), _task("go_on"), _task("again"), Task("trials.tick", Text(en="tick"), "tests.trials:tick")),
    schedules=(Schedule("trials.ticking", "trials.tick", timedelta(seconds=1)),),
)
