"""The shell answers at once, and says clearly what is wrong."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("django", "numpy", "shapely", "numba", "pyarrow", "duckdb", "dask", "scipy", "highspy")


def test_help_lists_core_and_programmes_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['talkoot', '--help']\n"
        "from talkoot.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code\n"
        f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "heavy: []" in done.stdout
    for name in ("up", "city", "poles", "audit"):
        assert f"\n  {name} " in done.stdout


def test_an_unknown_command_is_named() -> None:
    done = subprocess.run([sys.executable, "-m", "talkoot", "polse"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "polse" in done.stderr
