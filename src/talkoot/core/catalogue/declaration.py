"""What this room declares to the house."""

from talkoot.core.base.declare import Programme
from talkoot.core.base.text import Text

ROOM = Programme(code="catalogue", title=Text(fi="catalogue", sv="catalogue", en="catalogue"))
