"""What commands have in common: how they end, write files and tell what they took."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import typer


def ended(message: str) -> typer.Exit:
    """Say on standard error why a command ends, and return what ends it with code 2."""
    typer.echo(f"talkoot: {message}", err=True)
    return typer.Exit(2)


def write_text(path: Path, text: str, *, option: str) -> None:
    """Write a file that was named by `option`, `-` for standard output; ends the command where that cannot be done."""
    if str(path) == "-":
        sys.stdout.write(text)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ended(
            f"{option}: {path} cannot be written ({error.strerror}). Name a file in a folder of yours."
        ) from error


def effort(start: float) -> dict[str, float]:
    """Return what a command took since `start` (perf_counter): processes' time, the clock's, most memory of any."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    return {
        "cpu_seconds": round(sum(each.ru_utime + each.ru_stime for each in (own, children)), 3),
        "wall_seconds": round(time.perf_counter() - start, 3),
        "peak_memory_mb": round(max(_own_peak(own.ru_maxrss * unit), children.ru_maxrss * unit) / 1e6, 1),
    }


def _own_peak(used: int) -> int:
    """Return the most bytes this process held; in `used` Linux counts those of the process that started it, too."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return used
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
