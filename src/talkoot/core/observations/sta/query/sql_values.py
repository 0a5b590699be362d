"""Properties as expressions of Django's querysets, also those of what a navigation property leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import (
    BigIntegerField,
    BooleanField,
    DateTimeField,
    ExpressionWrapper,
    Field,
    FloatField,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
)
from django.db.models.expressions import F

from talkoot.core.base.actors import Actor
from talkoot.core.observations.sta.entities import FORMS
from talkoot.core.observations.sta.query.ast import Expression, Path
from talkoot.core.observations.sta.query.checking import entity_behind
from talkoot.core.observations.sta.query.schema import ENTITIES, ID
from talkoot.core.observations.sta.query.sql_functions import JsonText, JsonValue
from talkoot.core.observations.sta.query.sql_properties import Json, Property, Shape, StoreTime, property_of

FIELDS: Final[dict[str, type[Field[Any, Any]]]] = {
    "number": FloatField,
    "text": TextField,
    "boolean": BooleanField,
    "period": DateTimeField,
}
ALIAS: Final = "sta_value"


@dataclass(frozen=True, slots=True)
class Values:
    """Expressions for the properties of entities as an actor sees them."""

    actor: Actor

    def rows(self, entity: str) -> QuerySet[Any]:
        """Return the rows of the entity type."""
        return FORMS[entity].rows(self.actor)

    def reached(self, entity: str, name: str) -> QuerySet[Any]:
        """Return what the navigation property `name` leads to from the row of `entity` in the query around it."""
        way = FORMS[entity].ways[name]
        rows = self.rows(ENTITIES[entity].navigations[name].target)
        if way.key:
            return rows.filter(pk=OuterRef(way.key))
        leads = Q()
        for lookup in way.lookups:
            leads |= Q(**{lookup: OuterRef("pk")})
        return rows.filter(leads)

    def leading(self, entity: str, name: str, targets: Q) -> Q:
        """Return the condition that the navigation property `name` leads to a row that meets `targets`.

        The targets are looked for once, and not again for every row of `entity`.
        """
        way = FORMS[entity].ways[name]
        rows = self.rows(ENTITIES[entity].navigations[name].target).filter(targets).order_by()
        if way.key:
            return Q(**{f"{way.key}__in": rows.values("pk")})
        found = Q()
        for lookup in way.lookups:
            found |= Q(pk__in=rows.filter(**{f"{lookup}__isnull": False}).values(lookup))
        return found

    def origin(self, entity: str, path: Path) -> Property:
        """Return what a property is made of, on the rows of the entity that has it."""
        return property_of(entity_behind(path.navigation, entity), path)

    def scalar(self, entity: str, path: Path, kind: str) -> Any:
        """Return the expression that gives a property as a value of one type; None where the database has none."""
        match found := self.origin(entity, path):
            case Shape() | StoreTime():
                return None
            case Json():
                return self._led(entity, path, JsonValue(F(found.column), found.keys, kind), FIELDS[kind]())  # type: ignore[arg-type]
        output = BigIntegerField() if path.name == ID else FIELDS[kind]()
        return self._led(entity, path, found, output)

    def present(self, entity: str, path: Path) -> Any:
        """Return an expression that is null where the property is; None where the database has none."""
        match found := self.origin(entity, path):
            case StoreTime():
                return None
            case Shape():
                return None if found.keys else self._led(entity, path, F(found.wkb or found.geojson), None)
            case Json():
                return self._led(entity, path, JsonText(F(found.column), found.keys), TextField())
        return self._led(entity, path, found, None)

    def read(self, entity: str, path: Path) -> Any:
        """Return the expression that reads what a property is made of, for evaluation row by row."""
        match found := self.origin(entity, path):
            case StoreTime():
                return F("pk")
            case Shape():
                return self._led(entity, path, F(found.wkb or found.geojson), None)
            case Json():
                return self._led(entity, path, F(found.column), JSONField())
        return self._led(entity, path, found, None)

    def _led(self, entity: str, path: Path, expression: Any, output: Field[Any, Any] | None) -> Any:
        """Return an expression of the entity that a path leads to as one of the entity that it begins at."""
        if not path.navigation:
            return expression if output is None else ExpressionWrapper(expression, output)
        first, *_ = path.navigation
        way = FORMS[entity].ways[first]
        if way.key and len(path.navigation) == 1 and path.name == ID:
            return ExpressionWrapper(F(way.key), BigIntegerField())
        inner = self._led(ENTITIES[entity].navigations[first].target, path.below(), expression, output)
        rows = self.reached(entity, first).order_by()
        return Subquery(rows.values(**{ALIAS: inner})[:1], output_field=output)


def has_many(node: Expression, entity: str) -> bool:
    """Tell whether a property in the expression is of what there may be several of for one row of `entity`."""
    return any(isinstance(part, Path) and _passes_many(part, entity) for part in node.walk())


def _passes_many(path: Path, entity: str) -> bool:
    for name in path.navigation:
        way = ENTITIES[entity].navigations[name]
        if way.many:
            return True
        entity = way.target
    return False
