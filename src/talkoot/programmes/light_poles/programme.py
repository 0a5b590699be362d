"""What light_poles plugs into the house."""

from talkoot.core.base.declare import Programme
from talkoot.core.base.text import Text

PROGRAMME = Programme(
    code="light_poles",
    title=Text(fi="Valaisinpylväät ja 5G", sv="Belysningsstolpar och 5G", en="Light poles and 5G"),
)
