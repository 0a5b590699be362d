"""Answers to reads: entities and sets of them as JSON-ready values, in few queries however many rows there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.observations.sta import data_array, observed
from talkoot.core.observations.sta.entities import FORMS, Way, address, is_stream
from talkoot.core.observations.sta.query import sql
from talkoot.core.observations.sta.query.ast import Expand, Options, ResourcePath, Step
from talkoot.core.observations.sta.query.printing import print_query_string
from talkoot.core.observations.sta.query.schema import COLLECTIONS, ENTITIES, ID
from talkoot.core.observations.sta.search import Key, time_order

PAGE: Final = 100
MAX_PAGE: Final = 1000
OBSERVATION: Final = "Observation"
SELF_LINK: Final = "@iot.selfLink"


@dataclass(frozen=True, slots=True)
class Group:
    """The targets of one entity's navigation property: a page of them, whether there are more, and how many in all."""

    rows: list[Any]
    more: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows of an entity type that a path names; of readings, the scope of observations instead of a queryset."""

    entity: str
    rows: QuerySet[Any] | None
    readings: observed.Scope | None = None


class Reader:
    """Reads for one actor; `root` is the service's address, with which every link begins."""

    def __init__(self, actor: Actor, root: str) -> None:
        self.actor = actor
        self.root = root

    def scope(self, path: ResourcePath) -> Scope:
        """Return the rows that a path names. Raises NotFoundError where a step on the way is not there."""
        first, *rest = path.steps
        entity = COLLECTIONS[first.name].name
        scope = self._chosen(self._all(entity), first)
        for step in rest:
            parent = self._one(scope)
            way = ENTITIES[scope.entity].navigations[step.name]
            scope = self._chosen(self._targets(scope.entity, step.name, way.target, parent), step)
        return scope

    @staticmethod
    def following(scope: Scope, after: str) -> Scope:
        """Return the scope of observations from the one on that a next page's address names. Raises InvalidError."""
        if scope.readings is None or not re.fullmatch(r"-?\d{1,18},\d{1,9},-?\d{1,18}", after):
            raise InvalidError("after", "This names no reading.", "Follow @iot.nextLink as it is.")
        return replace(scope, readings=replace(scope.readings, after=Key(*map(int, after.split(",")))))

    def one(self, scope: Scope) -> Any:
        """Return the one row of a scope. Raises NotFoundError."""
        return self._one(scope)

    def entity(self, entity: str, row: Any, options: Options) -> dict[str, Any]:
        """Return one entity as its JSON value."""
        return self.written(entity, [row], options)[0]

    def collection(self, scope: Scope, options: Options, link: str) -> dict[str, Any]:
        """Return a page of a set; `link` is the set's address, with which the link to the next page begins."""
        group = self.page(scope, options)
        answer: dict[str, Any] = {}
        if options.count:
            answer["@iot.count"] = group.count
        if group.more:
            answer["@iot.nextLink"] = self._next_link(scope, group, options, link)
        write = self.written if options.result_format is None else self._arrays
        answer["value"] = write(scope.entity, group.rows, options)
        return answer

    def page(self, scope: Scope, options: Options) -> Group:
        """Return the rows of one page of a set, and how many there are where `options` ask for it."""
        if scope.readings is not None:
            rows, more, count = observed.page(self.actor, scope.readings, options, limit_of(options))
            return Group(rows, more, count)
        assert scope.rows is not None
        found = self._filtered(scope.rows, scope.entity, options)
        first, limit = options.skip or 0, limit_of(options)
        order = [*sql.ordering(scope.entity, options.orderby, self.actor), F("pk").asc()]
        rows = list(found.order_by(*order)[first : first + limit + 1])
        return Group(rows[:limit], 0 < limit < len(rows), found.count() if options.count else None)

    def _filtered(self, rows: QuerySet[Any], entity: str, options: Options) -> QuerySet[Any]:
        if options.filter is None:
            return rows
        return rows.filter(sql.condition(entity, options.filter, self.actor))

    def count(self, scope: Scope, options: Options) -> int:
        """Return how many rows a set has after its filter."""
        counted = self.page(scope, replace(options, count=True, top=0))
        return counted.count or 0

    def written(self, entity: str, rows: Sequence[Any], options: Options) -> list[dict[str, Any]]:
        """Return rows of an entity type as JSON values, what is expanded in place."""
        chosen = {keys[0] for keys in options.select}
        if is_stream(entity) and (not chosen or chosen & {"phenomenonTime", "resultTime"}):
            observed.set_times(rows)
        expanded = {expand.name: self._expanded(entity, rows, expand) for expand in options.expand}
        return [self._written(entity, row, options, chosen, expanded) for row in rows]

    def _next_link(self, scope: Scope, group: Group, options: Options, link: str) -> str:
        """Return the address of the next page: of observations in the order of time, from the last one on."""
        if scope.readings is None or time_order(options.orderby) is None:
            return next_link(link, options)
        last = group.rows[-1]
        following = print_query_string(replace(options, skip=None))
        return f"{link}?{following}{'&' if following else ''}after={last.t},{last.stream},{last.rt}"

    def _arrays(self, entity: str, rows: Sequence[Any], options: Options) -> list[dict[str, Any]]:
        if entity != OBSERVATION:
            raise InvalidError("$resultFormat", "Only Observations come as data arrays.", "Leave it out.")
        return data_array.arrays(self.root, rows, options)

    def _all(self, entity: str) -> Scope:
        if entity == OBSERVATION:
            return Scope(entity, None, observed.Scope())
        return Scope(entity, FORMS[entity].rows(self.actor))

    def _chosen(self, scope: Scope, step: Step) -> Scope:
        """Return the scope narrowed to the entity that the step names, if it does."""
        if step.key is None:
            return scope
        if scope.readings is not None:
            return replace(scope, readings=replace(scope.readings, key=step.key))
        assert scope.rows is not None
        return replace(scope, rows=scope.rows.filter(pk=step.key))

    def _one(self, scope: Scope) -> Any:
        if scope.readings is not None:
            row = observed.one(self.actor, scope.readings)
        else:
            assert scope.rows is not None
            row = scope.rows.first()
        if row is None:
            raise NotFoundError(f"There is no such {scope.entity}, or it may not be seen.")
        return row

    def _targets(self, entity: str, name: str, target: str, parent: Any) -> Scope:
        """Return the scope of what the navigation property `name` of one row leads to."""
        if target == OBSERVATION:
            return Scope(target, None, observed.scope_of(entity, parent))
        way = FORMS[entity].ways[name]
        rows = FORMS[target].rows(self.actor)
        if way.key:
            return Scope(target, rows.filter(pk=getattr(parent, way.key)))
        leads = Q()
        for lookup in way.lookups:
            leads |= Q(**{lookup: parent.pk})
        return Scope(target, rows.filter(pk__in=rows.filter(leads).values("pk")))

    def _expanded(self, entity: str, rows: Sequence[Any], expand: Expand) -> dict[int, Any]:
        """Return what an expanded navigation property leads to, by the primary key of the row it stands in."""
        navigation = ENTITIES[entity].navigations[expand.name]
        if navigation.target == OBSERVATION:
            groups = observed.groups(self.actor, entity, rows, expand.options, limit_of(expand.options))
            return self._written_groups(OBSERVATION, {key: Group(*group) for key, group in groups.items()}, expand)
        way = FORMS[entity].ways[expand.name]
        if way.key:
            return self._expanded_by_key(rows, way, navigation.target, expand.options)
        keys = [row.pk for row in rows]
        written = self._written_groups(navigation.target, self._groups(navigation.target, way, keys, expand), expand)
        if navigation.many:
            return written
        return {key: next(iter(group[0]), None) for key, group in written.items()}

    def _expanded_by_key(self, rows: Sequence[Any], way: Way, target: str, options: Options) -> dict[int, Any]:
        keys = {row.pk: getattr(row, way.key) for row in rows}
        found = FORMS[target].rows(self.actor).filter(pk__in={key for key in keys.values() if key is not None})
        targets = list(self._filtered(found, target, options))
        written = dict(zip((row.pk for row in targets), self.written(target, targets, options), strict=True))
        return {key: written.get(other) for key, other in keys.items()}

    def _groups(self, target: str, way: Way, keys: Sequence[int], expand: Expand) -> dict[int, Group]:
        """Return a page of targets for each of the entities `keys`, by as many queries as there are lookups."""
        options, limit = expand.options, limit_of(expand.options)
        first = options.skip or 0
        groups = {key: Group([], count=0 if options.count else None) for key in keys}
        for lookup in way.lookups:
            found = FORMS[target].rows(self.actor).annotate(parent=F(lookup)).filter(parent__in=keys)
            found = self._filtered(found, target, options)
            order = [*sql.ordering(target, options.orderby, self.actor), F(way.order).asc()]
            place = Window(RowNumber(), partition_by=F("parent"), order_by=order)
            paged = found.annotate(place=place).filter(place__gt=first, place__lte=first + limit + 1)
            for row in sorted(paged, key=lambda row: row.place):
                groups[row.parent].rows.append(row)
            if options.count:
                for key, count in found.values_list("parent").annotate(Count("pk")).order_by():
                    groups[key] = replace(groups[key], count=(groups[key].count or 0) + count)
        return {
            key: replace(group, rows=group.rows[:limit], more=0 < limit < len(group.rows))
            for key, group in groups.items()
        }

    def _written_groups(self, target: str, groups: dict[int, Group], expand: Expand) -> dict[int, Any]:
        """Return groups with their rows written, all rows of all groups in one go."""
        every = [row for group in groups.values() for row in group.rows]
        written = iter(self.written(target, every, expand.options))
        return {key: ([next(written) for _ in group.rows], group.more, group.count) for key, group in groups.items()}

    def _written(
        self, entity: str, row: Any, options: Options, chosen: set[str], expanded: dict[str, dict[int, Any]]
    ) -> dict[str, Any]:
        link = address(self.root, entity, row.pk)
        value: dict[str, Any] = {}
        if not chosen or SELF_LINK in chosen:
            value[SELF_LINK] = link
        if not chosen or ID in chosen:
            value["@iot.id"] = row.pk
        form = FORMS[entity]
        for name, get in form.values.items():
            if (not chosen or name in chosen) and not ((found := get(row)) is None and name in form.optional):
                value[name] = found
        _narrow(value, options.select)
        for name, navigation in ENTITIES[entity].navigations.items():
            if name in expanded:
                self._put_expanded(value, navigation, expanded[name].get(row.pk), f"{link}/{name}", options)
            elif (not chosen or name in chosen) and _leads(entity, row, name):
                value[f"{name}@iot.navigationLink"] = f"{link}/{name}"
        return value

    def _put_expanded(self, value: dict[str, Any], navigation: Any, found: Any, link: str, options: Options) -> None:
        name = navigation.name
        if not navigation.many:
            if found is not None:
                value[name] = found
            return
        rows, more, count = found
        inner = next(expand.options for expand in options.expand if expand.name == name)
        if count is not None:
            value[f"{name}@iot.count"] = count
        value[name] = rows
        if more:
            value[f"{name}@iot.nextLink"] = next_link(link, inner)


def limit_of(options: Options) -> int:
    """Return how many rows a page has: what is asked for, within bounds."""
    return PAGE if options.top is None else min(options.top, MAX_PAGE)


def next_link(link: str, options: Options) -> str:
    """Return the address of the page after the one that `options` name."""
    following = replace(options, skip=(options.skip or 0) + limit_of(options))
    return f"{link}?{print_query_string(following)}"


def _leads(entity: str, row: Any, name: str) -> bool:
    """Tell whether a reading has the navigation property: of one datastream or of a MultiDatastream."""
    way = FORMS[entity].ways.get(name)
    return not (way and way.key and getattr(row, way.key) is None)


def _narrow(value: dict[str, Any], select: Iterable[tuple[str, ...]]) -> None:
    """Leave of JSON properties only the keys that $select names below them: properties/a."""
    deep: dict[str, list[tuple[str, ...]]] = {}
    whole = {keys[0] for keys in select if len(keys) == 1}
    for name, *below in select:
        if below and name not in whole:
            deep.setdefault(name, []).append(tuple(below))
    for name, paths in deep.items():
        source, value[name] = value.get(name), {}
        for keys in paths:
            _copy(source, value[name], keys)


def _copy(source: Any, target: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys[:-1]:
        source = source.get(key) if isinstance(source, dict) else None
        target = target.setdefault(key, {})
    if isinstance(source, dict) and keys[-1] in source:
        target[keys[-1]] = source[keys[-1]]
