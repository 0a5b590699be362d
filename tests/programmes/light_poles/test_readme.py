"""The notebook's example in the programme's README runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import talkoot.programmes.light_poles as package


def test_the_example_runs(capsys: Any) -> None:
    text = (Path(package.__file__).parent / "README.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    assert "optimal" in capsys.readouterr().out
    assert names["cover"].lower_bound == len(names["cover"].chosen) >= 1
