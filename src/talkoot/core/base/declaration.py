"""What this room declares to the house."""

from talkoot.core.base.declare import Programme
from talkoot.core.base.text import Text

ROOM = Programme(code="base", title=Text(fi="base", sv="base", en="base"))
