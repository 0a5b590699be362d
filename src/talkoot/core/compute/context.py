"""What a procedure or a task is given to do its work with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.compute import queue
from talkoot.core.compute.errors import LeaseLost
from talkoot.core.compute.executor import executor
from talkoot.core.compute.modelled import check_modelled, is_modelled
from talkoot.core.compute.models import Job, Run
from talkoot.core.compute.progress import Progress
from talkoot.core.compute.writing import ResultWriter

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class TaskContext:
    """The hands of a task: who asked for it, its progress, cores to use, and where it was before a restart."""

    def __init__(self, actor: Actor, job: Job, progress: Progress) -> None:
        self.actor = actor
        self.job = job
        self._progress = progress

    def progress(self, share: float, message: str = "") -> None:
        """Tell how far the work is (0 to 1) and with what; call often, it costs little.

        Raises Cancelled, Stopping or LeaseLost, which end the work; let them pass.
        """
        self._progress(share, message)

    def executor(self, workers: int | None = None) -> AbstractContextManager[Executor]:
        """Return a context that gives an Executor: this machine's cores, or the city's cluster."""
        return executor(workers)

    @property
    def checkpoint(self) -> dict[str, Any]:
        """What was saved last to go on from; empty at the first start."""
        return dict(self.job.checkpoint)

    def save_checkpoint(self, **values: Any) -> None:
        """Add JSON-ready values to the checkpoint. Raises LeaseLost where another worker has the job now."""
        merged = {**self.job.checkpoint, **values}
        json.dumps(merged, allow_nan=False)
        if not queue.save_checkpoint(self.job, merged):
            raise LeaseLost
        self.job.checkpoint = merged


class RunContext(TaskContext):
    """The hands of a procedure: those of a task, its parameters, and results to fill."""

    def __init__(self, actor: Actor, job: Job, progress: Progress, run: Run) -> None:
        super().__init__(actor, job, progress)
        self.run = run
        self.inputs: dict[str, str] = {}
        self.summary: dict[str, Any] = {}
        self.results = ResultWriter(run, job.fence)
        self._told: set[tuple[str, str]] = set()

    @property
    def parameters(self) -> dict[str, Any]:
        """The run's parameters: valid by the procedure's schema, defaults filled in."""
        return dict(self.run.parameters)

    def add_input(self, name: str, digest: str) -> None:
        """Record what the run was computed from, by its digest, so that runs can be told apart."""
        self.inputs[name] = digest

    def add_table(self, name: str, table: pa.Table) -> None:
        """Add a result table.

        One with the columns thing, variable and value (and time, end or duration, low and high, as `modelled` says)
        tells of things: once the run is adopted, its rows show as modelled observations of these. Raises InvalidError,
        naming the column, for an unknown thing or variable, a wrong type, low above high, or a value said twice.
        """
        if is_modelled(table.schema.names):
            told = check_modelled(name, table)
            if twice := told & self._told:
                thing, variable = min(twice)
                message = f"Another table of this run tells of {variable} of the thing {thing} already."
                raise InvalidError(f"{name}.variable", message, "Let one table tell of it.")
            self._told |= told
        self.results.table(name, table)

    def add_batches(self, name: str, table: pa.RecordBatchReader) -> None:
        """Add a result table that is made batch by batch, however long it is, and tells of no things."""
        self.results.table(name, table)

    def add_plan(self, name: str, plan: Mapping[str, Any]) -> None:
        """Add a plan: any JSON-ready mapping without NaN."""
        self.results.plan(name, plan)

    def add_raster(self, name: str, values: np.ndarray[Any, Any], bounds: Sequence[float]) -> None:
        """Add a grid of values, rows from north to south, over (west, south, east, north) in WGS 84 degrees."""
        self.results.raster(name, values, bounds)

    def add_paths(self, name: str, geojson: Mapping[str, Any]) -> None:
        """Add paths as a GeoJSON feature collection in WGS 84."""
        self.results.paths(name, geojson)

    def summarise(self, **figures: Any) -> None:
        """Add figures to the run's summary: JSON-ready, few, for lists and comparisons."""
        json.dumps(figures, allow_nan=False)
        self.summary.update(figures)
