"""The small city of the pages' tests, as open data."""

from tests.core.ui.conftest import small_city as small_city
from tests.core.ui.conftest import visitor as visitor
