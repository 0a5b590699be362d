"""A row's place: columns, well-known text, GeoJSON or WKB of any coordinate system, brought to WGS 84."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from talkoot.core.base.errors import InvalidError, Problem
from talkoot.core.register.geometries import from_geojson
from talkoot.core.register.importing.mapping import SourceMapping
from talkoot.core.register.importing.tables import Row
from talkoot.core.register.importing.values import is_empty, to_number
from talkoot.core.register.metres import area_of_use

WGS84: Final = "EPSG:4326"
DROP_FIX: Final = gettext_noop("Leave out the heights, or set drop_z: true in the mapping.")
SWAP_FIX: Final = gettext_noop("Exchange x and y in the mapping, or set swap_xy: true.")


class PlaceError(ValueError):
    """A row's place cannot be used; the message is for people."""


@dataclass(slots=True)
class Placer:
    """Turns rows into WKB in WGS 84, as a mapping says."""

    mapping: SourceMapping
    crs: str
    _transformer: Transformer | None = field(init=False)

    def __post_init__(self) -> None:
        try:
            system = CRS.from_user_input(self.crs)
        except CRSError as error:
            fix = _("Name it by its code, such as EPSG:3067 or EPSG:3879.")
            raise InvalidError(
                "crs", _("{crs!r} is no coordinate system that is known.").format(crs=self.crs), fix
            ) from error
        plain = system == CRS.from_user_input(WGS84) or system.to_authority() == ("OGC", "CRS84")
        self._transformer = None if plain else Transformer.from_crs(system, WGS84, always_xy=True)

    def __call__(self, row: Row) -> bytes | None:
        """Return the row's place as WKB, or None where it has none. Raises PlaceError for one that is wrong."""
        shape = self._shape(row)
        if shape is None:
            return None
        if shapely.has_z(shape) or shapely.has_m(shape):
            if not self.mapping.drop_z:
                raise PlaceError(Problem("geometry", _("The coordinates have three dimensions."), _(DROP_FIX)))
            shape = shapely.force_2d(shape)
        if not np.isfinite(shapely.get_coordinates(shape)).all():
            raise PlaceError(Problem("geometry", _("A coordinate is no finite number."), _("Give numbers only.")))
        if self.mapping.swap_xy:
            shape = _exchanged(shape)
        placed = self._to_degrees(shape)
        if self._transformer is not None and not _in_city(placed) and _in_city(self._to_degrees(_exchanged(shape))):
            raise PlaceError(
                Problem("geometry", _("x and y are swapped: the other way round this is in the city."), _(SWAP_FIX))
            )
        return bytes(shapely.to_wkb(placed))

    def is_swapped(self, row: Row) -> bool:
        """Tell whether the row's place is in the city only with its coordinates exchanged."""
        try:
            shape = self._shape(row)
        except PlaceError:
            return False
        if shape is None or not np.isfinite(shapely.get_coordinates(shape)).all():
            return False
        shape = shapely.force_2d(_exchanged(shape) if self.mapping.swap_xy else shape)
        return not _in_city(self._to_degrees(shape)) and _in_city(self._to_degrees(_exchanged(shape)))

    def _to_degrees(self, shape: Any) -> Any:
        transformer = self._transformer
        if transformer is None:
            return shape
        return shapely.transform(shape, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])))

    def _shape(self, row: Row) -> Any:
        columns = self.mapping.geometry
        if columns.wkt:
            return _from_text(row.values[columns.wkt])
        if columns.x:
            return self._from_columns(row)
        if row.geometry is None:
            return None
        if isinstance(row.geometry, bytes):
            return _from_wkb(row.geometry)
        return self._from_geojson(row.geometry)

    def _from_columns(self, row: Row) -> Any:
        columns = self.mapping.geometry
        x, y = row.values.get(columns.x), row.values.get(columns.y)
        if is_empty(x) and is_empty(y):
            return None
        numbers = [to_number(value, self.mapping.decimal) for value in (x, y)]
        for part, number, value in zip(("x", "y"), numbers, (x, y), strict=True):
            if number is None:
                cell = str(value)[:80]
                raise PlaceError(
                    Problem(
                        f"geometry.{part}",
                        _("{cell!r} is no number.").format(cell=cell),
                        _("Give a coordinate in {crs}.").format(crs=self.crs),
                    )
                )
        return shapely.Point(*numbers)

    def _from_geojson(self, geometry: Any) -> Any:
        if isinstance(geometry, Mapping) and "coordinates" in geometry:
            flat = _flat(geometry["coordinates"])
            if flat != geometry["coordinates"] and not self.mapping.drop_z:
                raise PlaceError(Problem("geometry", _("The coordinates have three dimensions."), _(DROP_FIX)))
            geometry = {**geometry, "coordinates": flat}
        try:
            return shapely.from_wkb(from_geojson(geometry))
        except InvalidError as error:
            raise PlaceError(error.problems[0]) from error


def _flat(coordinates: Any, depth: int = 0) -> Any:
    """Return GeoJSON coordinates with the third and further numbers of each position left out."""
    if not isinstance(coordinates, list) or depth > 5:
        return coordinates
    if coordinates and all(isinstance(item, list) for item in coordinates):
        return [_flat(item, depth + 1) for item in coordinates]
    return coordinates[:2]


def _from_text(text: Any) -> Any:
    if is_empty(text):
        return None
    try:
        return shapely.from_wkt(str(text))
    except shapely.errors.GEOSException as error:
        cell = str(text)[:80]
        raise PlaceError(Problem("geometry.wkt", _("{cell!r} is no well-known text.").format(cell=cell))) from error


def _from_wkb(wkb: bytes) -> Any:
    try:
        return shapely.from_wkb(wkb)
    except (shapely.errors.GEOSException, binascii.Error) as error:
        raise PlaceError(
            Problem("geometry", _("The geometry cannot be read."), _("Export the layer again."))
        ) from error


def _exchanged(shape: Any) -> Any:
    return shapely.transform(shape, lambda xy: xy[:, ::-1])


def _in_city(shape: Any) -> bool:
    """Tell whether the shape lies where the city's own coordinate system is meant to be used."""
    area = area_of_use(settings.PROJECTED_CRS)
    if area is None:
        return True
    west, south, east, north = shapely.bounds(shape).tolist()
    return bool(west >= area[0] and south >= area[1] and east <= area[2] and north <= area[3])
