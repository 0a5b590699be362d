"""What this room computes, as it is declared to the house."""

from __future__ import annotations

from typing import Any, Final

from talkoot.core.base.declare import Procedure
from talkoot.core.base.schemas import Schema, described
from talkoot.core.base.text import Text


def _text(name: Text, explanation: Text, **schema: Any) -> Schema:
    return described(name, explanation, {"type": "string", "maxLength": 500, **schema})


SUMMARY: Final = Procedure(
    "observations.summary",
    Text(fi="Havaintojen yhteenveto", sv="Sammanfattning av observationer", en="Summary of observations"),
    run="talkoot.core.observations.summing_up:sum_up",
    permission="observations.sum_up",
    version="1",
    parameters={
        "type": "object",
        "required": ["from", "to"],
        "properties": {
            "from": _text(
                Text(fi="Alkaen", sv="Från och med", en="From"),
                Text(
                    fi="Päivä tai hetki: 2026-01-31 tai 2026-01-31T12:00.",
                    sv="En dag eller ett klockslag: 2026-01-31 eller 2026-01-31T12:00.",
                    en="A day or a moment: 2026-01-31 or 2026-01-31T12:00.",
                ),
            ),
            "to": _text(
                Text(fi="Päättyen ennen", sv="Till före", en="Until before"),
                Text(
                    fi="Päivä tai hetki, jota ei enää lasketa mukaan.",
                    sv="En dag eller ett klockslag som inte längre räknas med.",
                    en="A day or a moment that counts no more.",
                ),
            ),
            "width": _text(
                Text(fi="Jakson pituus", sv="Periodens längd", en="Length of a period"),
                Text(
                    fi="Luku ja s, min, h tai d: 10min, 1h, 7d. Jaksot alkavat ensimmäisen päivän keskiyöstä.",
                    sv="Ett tal och s, min, h eller d: 10min, 1h, 7d. Perioderna börjar vid den första dagens midnatt.",
                    en="A number and s, min, h or d: 10min, 1h, 7d. Periods are counted from the first day's midnight.",
                ),
                default="1h",
            ),
            "property": _text(
                Text(fi="Havaittu ominaisuus", sv="Observerad egenskap", en="Observed property"),
                Text(
                    fi="Tunnus, määritelmän osoite tai osa nimestä; tyhjä tarkoittaa kaikkia.",
                    sv="Kod, definitionens adress eller en del av namnet; tomt betyder alla.",
                    en="Its code, the address of its definition or a part of its name; empty for all.",
                ),
                default="",
            ),
        },
    },
    summary={
        "datastreams": Text(fi="Havaintosarjoja", sv="Dataserier", en="Datastreams"),
        "rows": Text(fi="Jaksoja", sv="Perioder", en="Periods"),
        "readings": Text(fi="Havaintoja", sv="Observationer", en="Readings"),
    },
    results={"summary": Text(fi="Yhteenveto", sv="Sammanfattning", en="Summary")},
)
