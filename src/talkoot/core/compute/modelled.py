"""Tables of modelled values: what is said of things, so that an adopted run shows as observations of them.

A table that has the columns `thing`, `variable` and `value` is one. Each row is one value of one thing:

    thing     text       the identifier (uid) of a thing of the register
    variable  text       the code of a declared variable, whose unit the numbers have
    value     number     the value, best a median or a mean; null where nothing is known
    low, high number     optional: between what it lies
    time      timestamp  optional: when it holds, or begins to (with a time zone); null: the run's own moment
    end       timestamp  optional: until when, where it is of a slot of time;
    duration  duration   or how long

Further columns are the procedure's own. Of one variable of one thing there is one value at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.programmes import variables
from talkoot.core.register.models import Thing

if TYPE_CHECKING:
    import pyarrow as pa

NEEDED: Final = frozenset({"thing", "variable", "value"})
NUMBERS: Final = ("value", "low", "high")
MAX_ROWS: Final = 4_000_000
MOST_ASKED: Final = 5_000  # things of one statement
Pair = tuple[str, str]


def is_modelled(names: Sequence[str]) -> bool:
    """Tell whether a table with columns of these names is one of modelled values."""
    return set(names) >= NEEDED


def pairs_of(table: pa.Table) -> dict[Pair, int]:
    """Return the things and variables that a table of modelled values tells of, each pair with how many rows."""
    found = table.select(["thing", "variable"]).group_by(["thing", "variable"]).aggregate([([], "count_all")])
    columns = (found.column(name).to_pylist() for name in ("thing", "variable", "count_all"))
    return {(str(thing), str(variable)): count for thing, variable, count in zip(*columns, strict=True)}


def check_modelled(name: str, table: pa.Table) -> set[Pair]:
    """Return the things and variables of a table of modelled values, once it is known to be sound.

    Raises InvalidError, naming the column, for one that is not what this module says.
    """
    if table.num_rows > MAX_ROWS:
        raise InvalidError(name, f"There are {table.num_rows} rows.", f"Leave at most {MAX_ROWS}: use wider slots.")
    for column, message, fix in _faults(table):
        raise InvalidError(f"{name}.{column}", message, fix)
    pairs = pairs_of(table)
    _require_known(name, pairs)
    return set(pairs)


def _faults(table: pa.Table) -> Iterator[tuple[str, str, str]]:
    """Yield each column that is wrong, with what is and what mends it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    there = set(table.column_names)
    for name in ("thing", "variable"):
        kind = table.schema.field(name).type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            yield name, f"It is of the type {kind}.", "Give texts (pyarrow.string())."
        elif table.column(name).null_count:
            yield name, "A row has none.", "Name one in every row."
    for name in there.intersection(NUMBERS):
        kind = table.schema.field(name).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
            yield name, f"It is of the type {kind}.", "Give numbers."
        elif pc.any(pc.is_inf(table.column(name).cast(pa.float64()))).as_py():
            yield name, "A number is infinite.", "Leave it null where nothing is known."
    yield from _wrong_times(table, there)
    yield from _wrong_ranges(table, there)
    named = [name for name in ("thing", "variable", "time") if name in there]
    named = [name for name in named if not pa.types.is_null(table.schema.field(name).type)]
    if table.select(named).group_by(named).aggregate([]).num_rows < table.num_rows:
        yield "time", "A thing has two values of one variable at one time.", "Leave one row for each."


def _wrong_times(table: pa.Table, there: set[str]) -> Iterator[tuple[str, str, str]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in ("time", "end"):
        if name in there:
            kind = table.schema.field(name).type
            if not pa.types.is_null(kind) and not (pa.types.is_timestamp(kind) and kind.tz):
                yield name, f"It is of the type {kind}.", 'Give times with a zone (pyarrow.timestamp("us", "UTC")).'
                return
    if "duration" in there and not pa.types.is_duration(table.schema.field("duration").type):
        kind = table.schema.field("duration").type
        yield "duration", f"It is of the type {kind}.", 'Give durations (pyarrow.duration("us")).'
        return
    lasting = there.intersection({"end", "duration"})
    if len(lasting) == 2:
        yield "duration", "There is an end already.", "Give the one or the other."
        return
    for name in lasting:
        given = pc.is_valid(table.column(name))
        begun = pc.is_valid(table.column("time")) if "time" in there else pa.scalar(False)
        if pc.any(pc.and_(given, pc.invert(begun))).as_py():
            yield name, "A row has one, but no time at which it begins.", "Give its time too."
    if "end" in there and "time" in there:
        least = pa.scalar(0)
        lasts = pc.subtract(*(_microseconds(table.column(name)) for name in ("end", "time")))
        if pc.any(pc.less(lasts, least)).as_py():
            yield "end", "A row ends before it begins.", "Let it end later."


def _microseconds(column: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_null(column.type):
        return column.cast(pa.int64())
    return column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64())


def _wrong_ranges(table: pa.Table, there: set[str]) -> Iterator[tuple[str, str, str]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = {name: table.column(name) for name in there.intersection(NUMBERS)}
    if any(pa.types.is_null(column.type) for column in numbers.values()):
        return
    for lower, upper in (("low", "value"), ("value", "high"), ("low", "high")):
        if {lower, upper} <= numbers.keys() and pc.any(pc.greater(numbers[lower], numbers[upper])).as_py():
            side = lower if lower == "low" else upper
            yield side, f"In a row, {lower} is above {upper}.", "Give low <= value <= high."


def _require_known(name: str, pairs: dict[Pair, int]) -> None:
    if unknown := sorted({variable for _, variable in pairs} - variables().keys()):
        fix = "Declare it in the programme, or use one that is declared."
        raise InvalidError(f"{name}.variable", f"No programme declares the variable {unknown[0]!r}.", fix)
    things = sorted({thing for thing, _ in pairs})
    there = set(known_things(name, things))
    if missing := [thing for thing in things if thing not in there]:
        fix = "Use the uid of a thing, in its plain form."
        raise InvalidError(f"{name}.thing", f"The register holds no thing {missing[0]!r}.", fix)


def known_things(name: str, things: Sequence[str]) -> dict[str, int]:
    """Return those of the things, by their uid, that the register holds, each with its primary key.

    Raises InvalidError for what is no uid.
    """
    for thing in things:
        if not _is_uid(thing):
            raise InvalidError(f"{name}.thing", f"{thing[:60]!r} is no identifier of a thing.", "Use a thing's uid.")
    found: dict[str, int] = {}
    for start in range(0, len(things), MOST_ASKED):
        there = Thing.objects.filter(uid__in=things[start : start + MOST_ASKED]).values_list("uid", "pk")
        found |= {str(uid): key for uid, key in there}
    return found


def _is_uid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
