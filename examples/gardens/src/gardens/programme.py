"""What gardens plugs into the house: everything it needs, and no edit anywhere else."""

from talkoot.core.base.declare import (
    Dataset,
    Kind,
    NavItem,
    Permission,
    PersonalData,
    Procedure,
    Programme,
)
from talkoot.core.base.text import Text

NAME = Text(fi="Yhteisöpuutarhat", sv="Gemenskapsodlingar", en="Community gardens")

PROGRAMME = Programme(
    code="gardens",
    title=NAME,
    app="gardens.apps.GardensConfig",
    urls="gardens.urls",
    mount="gardens",
    api="gardens.api:router",
    commands="gardens.cli:app",
    commands_help="Count the city's gardens.",
    kinds=(
        Kind(
            code="community_garden",
            name=Text(fi="Yhteisöpuutarha", sv="Gemenskapsodling", en="Community garden"),
            plural=NAME,
            geometry=("Point", "Polygon"),
            schema={
                "type": "object",
                "properties": {"area_m2": {"type": "number", "minimum": 0, "title": "Area", "unit": "m2"}},
            },
        ),
    ),
    permissions=(
        Permission(
            code="gardens.promise",
            title=Text(fi="Luvata kastella", sv="Lova att vattna", en="Promise to water"),
            roles=frozenset({"resident", "planner"}),
        ),
        Permission(
            code="gardens.compute",
            title=Text(fi="Laskea vedentarve", sv="Beräkna vattenbehovet", en="Compute the need of water"),
            roles=frozenset({"planner"}),
        ),
    ),
    procedures=(
        Procedure(
            code="gardens.need_of_water",
            title=Text(fi="Vedentarve", sv="Vattenbehov", en="Need of water"),
            run="gardens.jobs:need_of_water",
            permission="gardens.compute",
            version="1",
            parameters={
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "evaporation_mm": {"type": "number", "minimum": 0, "maximum": 30, "default": 4.0},
                    "rain_mm": {"type": "number", "minimum": 0, "maximum": 500, "default": 0.0},
                },
            },
        ),
    ),
    datasets=(
        Dataset(
            code="community_gardens",
            title=NAME,
            description=Text(
                fi="Kaupungin yhteisöpuutarhat ja niiden pinta-alat.",
                sv="Stadens gemenskapsodlingar och deras areal.",
                en="The city's community gardens and their areas.",
            ),
            rows="gardens.catalogue:rows",
            licence="CC-BY-4.0",
        ),
    ),
    figures=("gardens.catalogue:figures",),
    personal_data=(
        PersonalData(
            code="gardens.promises",
            title=Text(fi="Kastelulupaukset", sv="Löften att vattna", en="Promises to water"),
            purpose=Text(
                fi="Tietää, kuka kastelee.", sv="Veta vem som vattnar.", en="To know who waters which garden."
            ),
            keep_days=365,
            export="gardens.services:export_promises",
            erase="gardens.services:erase_promises",
        ),
    ),
    navigation=(NavItem(section="take_part", title=NAME, url_name="gardens:gardens"),),
)
