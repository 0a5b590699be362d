"""The spatial and the text index, which each database keeps by itself in its own way.

SQLite: an R*Tree over the bounds (and the zoom from which a thing is drawn) and an FTS5 table over the tokens,
kept by triggers. PostgreSQL: a GiST index over `box` and a GIN index over the tokens as a `tsvector`; no extension
is needed. A later migration that makes SQLite rebuild one of the two tables (most changes of a column do) must
`drop` before it and `create` after it.
"""

from __future__ import annotations

from typing import Any, Final

BOX: Final = "box(point(min_lon, min_lat), point(max_lon, max_lat))"
TSVECTOR: Final = "register_words(terms)"
# The R*Tree's third dimension: small beside a city's degrees, so that boxes are found as fast as in two.
DETAIL_SCALE: Final = 0.01
# Zooms below which PostgreSQL keeps an index of their own for the few things drawn there.
FAR_ZOOMS: Final = (10, 13)

_ENTRY: Final = f"id, min_lon, max_lon, min_lat, max_lat, detail * {DETAIL_SCALE}, detail * {DETAIL_SCALE}"
_NEW_ENTRY: Final = ", ".join(f"new.{part}" for part in _ENTRY.split(", "))
_SQLITE: Final = (
    """CREATE VIRTUAL TABLE register_thing_box USING rtree(
         id, min_lon, max_lon, min_lat, max_lat, min_detail, max_detail)""",
    f"INSERT INTO register_thing_box SELECT {_ENTRY} FROM register_thing WHERE geometry IS NOT NULL",  # noqa: S608
    f"""CREATE TRIGGER register_thing_box_added AFTER INSERT ON register_thing WHEN new.min_lon IS NOT NULL
       BEGIN
         INSERT INTO register_thing_box SELECT {_NEW_ENTRY};
       END""",
    """CREATE TRIGGER register_thing_box_removed AFTER DELETE ON register_thing WHEN old.min_lon IS NOT NULL
       BEGIN
         DELETE FROM register_thing_box WHERE id = old.id;
       END""",
    f"""CREATE TRIGGER register_thing_box_moved
       AFTER UPDATE OF min_lon, max_lon, min_lat, max_lat, detail ON register_thing
       WHEN (new.min_lon, new.max_lon, new.min_lat, new.max_lat, new.detail)
            IS NOT (old.min_lon, old.max_lon, old.min_lat, old.max_lat, old.detail)
       BEGIN
         DELETE FROM register_thing_box WHERE id = old.id;
         INSERT INTO register_thing_box SELECT {_NEW_ENTRY} WHERE new.min_lon IS NOT NULL;
       END""",  # noqa: S608
    # The tokenizer "ascii" takes every letter beyond ASCII as it is; the tokens are folded and split already.
    """CREATE VIRTUAL TABLE register_thingtext_words USING fts5(
         terms, content='register_thingtext', content_rowid='thing_id',
         tokenize="ascii tokenchars '#=_'", prefix='2 3', columnsize=0)""",
    "INSERT INTO register_thingtext_words(register_thingtext_words) VALUES ('rebuild')",
    """CREATE TRIGGER register_thingtext_added AFTER INSERT ON register_thingtext
       BEGIN
         INSERT INTO register_thingtext_words(rowid, terms) VALUES (new.thing_id, new.terms);
       END""",
    """CREATE TRIGGER register_thingtext_removed AFTER DELETE ON register_thingtext
       BEGIN
         INSERT INTO register_thingtext_words(register_thingtext_words, rowid, terms)
           VALUES ('delete', old.thing_id, old.terms);
       END""",
    """CREATE TRIGGER register_thingtext_changed AFTER UPDATE ON register_thingtext
       BEGIN
         INSERT INTO register_thingtext_words(register_thingtext_words, rowid, terms)
           VALUES ('delete', old.thing_id, old.terms);
         INSERT INTO register_thingtext_words(rowid, terms) VALUES (new.thing_id, new.terms);
       END""",
)
_SQLITE_DROP: Final = (
    *(
        f"DROP TRIGGER IF EXISTS register_{name}"
        for name in (
            "thing_box_added",
            "thing_box_removed",
            "thing_box_moved",
            "thingtext_added",
            "thingtext_removed",
            "thingtext_changed",
        )
    ),
    "DROP TABLE IF EXISTS register_thing_box",
    "DROP TABLE IF EXISTS register_thingtext_words",
)
_POSTGRESQL: Final = (
    f"CREATE INDEX register_thing_box ON register_thing USING gist ({BOX})",
    *(
        f"CREATE INDEX register_thing_box_{zoom} ON register_thing USING gist ({BOX}) WHERE detail < {zoom}"
        for zoom in FAR_ZOOMS
    ),
    # Its cost keeps the planner from reading the whole table, which it would think cheap.
    """CREATE FUNCTION register_words(terms text) RETURNS tsvector
       LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10000
       AS $$ BEGIN RETURN array_to_tsvector(string_to_array(terms, ' ')); END $$""",
    f"CREATE INDEX register_thingtext_words ON register_thingtext USING gin ({TSVECTOR})",
)
_POSTGRESQL_DROP: Final = (
    "DROP INDEX IF EXISTS register_thing_box",
    *(f"DROP INDEX IF EXISTS register_thing_box_{zoom}" for zoom in FAR_ZOOMS),
    "DROP INDEX IF EXISTS register_thingtext_words",
    "DROP FUNCTION IF EXISTS register_words(text)",
)


def create(apps: Any, schema_editor: Any) -> None:
    """Make both indexes over what the tables hold (the signature is that of a migration's code)."""
    for statement in _SQLITE if schema_editor.connection.vendor == "sqlite" else _POSTGRESQL:
        schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    """Remove both indexes."""
    for statement in _SQLITE_DROP if schema_editor.connection.vendor == "sqlite" else _POSTGRESQL_DROP:
        schema_editor.execute(statement)
