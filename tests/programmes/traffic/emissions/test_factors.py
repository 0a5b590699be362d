"""Hot factors: the guidebook's values, and tables that are wrong."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from talkoot.programmes.traffic.engine.emissions.errors import EmissionsError
from talkoot.programmes.traffic.engine.emissions.factors import COLUMNS, Segment, read_rows, shipped
from talkoot.programmes.traffic.engine.emissions.forms import value

SPEEDS = np.array([20.0, 50.0, 80.0, 110.0])
GOOD = dict.fromkeys(COLUMNS, "0") | {
    "vehicle": "car", "fuel": "petrol", "euro": "euro6", "pollutant": "nox", "form": "15", "gamma": "0.1",
    "min_speed": "10", "max_speed": "130",
}  # fmt: skip


@pytest.mark.parametrize(
    ("segment", "published"),
    [
        (("car", "petrol", "euro6"), [0.0451, 0.0279, 0.0182, 0.0120]),
        (("car", "diesel", "euro5"), [0.7901, 0.5368, 0.4809, 0.6132]),
        (("car", "diesel", "euro6"), [0.2731, 0.1845, 0.1612, 0.2200]),
        (("car", "diesel", "euro6c"), [0.1459, 0.0986, 0.0861, 0.1176]),
    ],
)
def test_nox_of_cars_is_that_of_the_guidebook(segment: tuple[str, str, str], published: list[float]) -> None:
    assert shipped()[Segment(*segment), "nox"].at(SPEEDS).round(4).tolist() == published


def test_the_form_of_2019_is_a_quotient_of_polynomials() -> None:
    """Computed by hand at 10 km/h: (100 + 20 + 3 + 0.4) / (500 + 60 + 7)."""
    found = value("2019", (1, 2, 3, 4, 5, 6, 7), np.array([10.0]))
    assert found == pytest.approx([123.4 / 567])


def test_every_row_shipped_names_its_source_and_clamps_outside_its_range() -> None:
    for factor in shipped().values():
        assert "EMEP/EEA guidebook" in factor.source
        ends = np.array([factor.min_speed, factor.max_speed])
        assert factor.at(np.array([1.0, 250.0])) == pytest.approx(factor.at(ends))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"alpha": "many"}, "line 2, alpha: 'many' is no number"),
        ({"max_speed": "nan"}, "line 2, max_speed: 'nan' is no finite number"),
        ({"min_speed": "0"}, "line 2, min_speed: 0.0 to 130.0 is no range"),
        ({"form": "99"}, "line 2, form: '99' is none"),
        ({"vehicle": "tram"}, "line 2, vehicle: 'tram' is none"),
        ({"gamma": "-0.1"}, "line 2: the function is below 0"),
        ({"reduction": "38"}, "line 2, reduction: 38.0 is no share"),
        ({"source": None}, "line 2: there is no source"),
    ],
)
def test_a_wrong_row_is_named_by_line_and_column(change: dict[str, str], says: str) -> None:
    with pytest.raises(EmissionsError, match=says):
        read_rows([GOOD | change], "table")


def test_a_row_given_twice_is_refused() -> None:
    with pytest.raises(EmissionsError, match="line 3: car petrol euro6, nox is there twice"):
        read_rows(csv.DictReader([",".join(COLUMNS), *[",".join(GOOD[name] for name in COLUMNS)] * 2]), "table")
