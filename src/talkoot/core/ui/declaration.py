"""What this room declares to the house."""

from talkoot.core.base.declare import Programme
from talkoot.core.base.text import Text

ROOM = Programme(code="ui", title=Text(fi="ui", sv="ui", en="ui"))
