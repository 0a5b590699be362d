"""What the register declares to the house."""

from __future__ import annotations

from talkoot.core.base.declare import Permission, Programme, Search
from talkoot.core.base.text import Text
from talkoot.core.register.kinds import KINDS, RELATIONS
from talkoot.core.register.tasks import TASKS

EDITORS = frozenset({"register_editor", "manager"})

ROOM = Programme(
    code="register",
    title=Text(fi="Kaupungin rekisteri", sv="Stadens register", en="The city's register"),
    api="talkoot.core.register.api:router",
    kinds=KINDS,
    relations=RELATIONS,
    permissions=(
        Permission(
            "register.view",
            Text(fi="Rekisterin katselu", sv="Läsa registret", en="See what the city has"),
            anyone=True,
        ),
        Permission(
            "register.edit",
            Text(fi="Rekisterin muokkaaminen", sv="Ändra i registret", en="Change what the register says"),
            EDITORS,
        ),
        Permission(
            "register.import",
            Text(fi="Aineistojen tuonti rekisteriin", sv="Importera till registret", en="Import into the register"),
            EDITORS,
        ),
    ),
    searches=(
        Search(
            "register.things",
            Text(fi="Kohteet", sv="Objekt", en="Things"),
            "talkoot.core.register.search:find",
        ),
    ),
    tasks=TASKS,
    demo=("talkoot.core.register.demo:fill",),
)
