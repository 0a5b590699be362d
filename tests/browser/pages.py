"""The product's pages, as addresses below a language."""

from __future__ import annotations

from tests.cities import City


def uid_of_a(city: City, kind: str) -> str:
    """Return the uid of a thing of the demo city, one with a name where there is any."""
    features = city.get(f"/fi/datasets/register.{kind}/rows.geojson").json()["features"]
    named = [feature for feature in features if feature["properties"].get("name_fi")] or features
    return str(named[0]["properties"]["uri"].rsplit("/", 1)[1])


def device(city: City) -> str:
    """Return the uid of a device of the demo city that measures."""
    found = city.get("/api/v1/observations/latest?limit=1").json()["features"]
    return str(found[0]["properties"]["uid"])


def public_pages(city: City) -> dict[str, str]:
    """Return the pages that anyone may open, by name."""
    return {
        "home": "/",
        "section": "/see/",
        "map": "/map/",
        "things": "/things/?kind=street_lamp",
        "things narrowed": "/things/?q=kirjasto",
        "nothing found": "/things/?q=zzzz",
        "building": f"/things/{uid_of_a(city, 'building')}/",
        "lamp": f"/things/{uid_of_a(city, 'street_lamp')}/",
        "place of service": f"/things/{uid_of_a(city, 'service_place')}/",
        "services": "/services/",
        "measurements": "/measurements/",
        "measured on the map": "/map/?measured=luminaire.power",
        "device": f"/things/{device(city)}/",
        "a measurement": "/measurements/1/",
        "how measuring goes": "/measurements/status/",
        "alerts": "/alerts/",
        "search": "/search/?q=kirjasto",
        "empty search": "/search/",
        "runs": "/runs/",
        "plan": "/poles/",
        "traffic": "/traffic/",
        "datasets": "/datasets/",
        "dataset": "/datasets/register.building/",
        "sources": "/about/sources/",
        "accessibility": "/about/accessibility/",
        "privacy": "/about/privacy/",
        "status": "/about/status/",
        "sign in": "/account/login/",
        "not found": "/things/00000000-0000-7000-8000-000000000000/",
        "not allowed": "/imports/",
        "wrong input": "/things/?bbox=1",
    }


def staff_pages(city: City) -> dict[str, str]:
    """Return the pages of signed-in staff, by name."""
    return {
        "edit": f"/things/{uid_of_a(city, 'building')}/edit/",
        "imports": "/imports/",
        "jobs": "/jobs/",
        "alert rules": "/alerts/rules/",
        "new alert rule": "/alerts/rules/new/",
        "start a run": "/runs/start/light_poles.plan/",
        "plan with form": "/poles/",
        "traffic scenario": "/traffic/new/",
        "traffic files": "/traffic/inputs/",
    }
