"""What traffic plugs into the house: where traffic goes and what it emits."""

from __future__ import annotations

from typing import Final

from talkoot.core.base.declare import Programme
from talkoot.core.base.text import Text

PROGRAMME: Final = Programme(
    code="traffic",
    title=Text(fi="Vähäpäästöinen liikenne", sv="Trafik med låga utsläpp", en="Low-emission traffic"),
    commands="talkoot.programmes.traffic.cli:app",
    commands_help="Find where traffic goes and what it emits.",
    commands_alone=frozenset({"assign"}),
)
