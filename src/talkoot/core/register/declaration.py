"""What this room declares to the house."""

from talkoot.core.base.declare import Programme
from talkoot.core.base.text import Text

ROOM = Programme(code="register", title=Text(fi="register", sv="register", en="register"))
