"""What a device on a pole is called: what it is, the street that the pole stands on, the pole's number."""

from __future__ import annotations

from typing import Final

from talkoot.core.base.text import LANGUAGES, Text
from talkoot.core.register.models import Thing
from talkoot.core.register.queries import nearest

ON_STREET_METRES: Final = 40.0  # from the middle of a street, within which a pole stands on it
LOOKED_AT: Final = 12
POLE: Final = Text(fi="pylväs", sv="stolpe", en="pole")


def name_on(pole: Thing, device: Text) -> Text:
    """Return the name of a device on a pole, in three languages: "Luminaire, Broad Street, pole 123"."""
    street, number = street_of(pole), number_of(pole)
    names = {}
    for language in LANGUAGES:
        place = pole.name.in_language(language) or f"{POLE.in_language(language)} {number}"
        parts = (device.in_language(language), street.in_language(language), place)
        names[language] = ", ".join(part for part in parts if part)
    return Text(**names)


def number_of(pole: Thing) -> str:
    """Return the number by which a pole is told from others: that of its source, else the end of its identifier."""
    return pole.external_id.rsplit("/", 1)[-1] if pole.external_id else str(pole.uid)[-6:]


def street_of(pole: Thing) -> Text:
    """Return the name of the street nearest to a pole; empty where it stands on none that has a name."""
    point = pole.shape.representative_point()
    for street, metres in nearest(point.x, point.y, count=LOOKED_AT, kinds=("road_link",)):
        if metres > ON_STREET_METRES:
            break
        if street.name:
            return Text.of(street.name)
    return Text()
