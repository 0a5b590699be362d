"""Addresses of the core's pages, each below its language."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from talkoot.core.ui.pages import (
    about,
    alert_rules,
    alerts,
    calibrations,
    datasets,
    edit,
    home,
    imports,
    jobs,
    map,
    measurements,
    measuring,
    preferences,
    readings,
    runs,
    search,
    section,
    services,
    thing,
    things,
)

app_name = "ui"


class SectionConverter(StringConverter):
    """The sections' names in addresses, so that no section takes another page's address."""

    regex = "see|use|take-part|plan|open"


register_converter(SectionConverter, "section")

urlpatterns = [
    path("", home.home, name="home"),
    path("<section:section>/", section.section, name="section"),
    path("map/", map.show_map, name="map"),
    path("map/in-view/", things.in_view, name="in-view"),
    path("measurements/", measurements.measurements, name="measurements"),
    path("measurements/status/", measuring.measuring, name="measuring"),
    path("measurements/<int:key>/", measurements.measurement, name="measurement"),
    path("measurements/<int:key>/readings.<slug:format>", readings.rows, name="measurement-rows"),
    path("measurements/<int:key>/calibrations/", calibrations.calibrations, name="calibrations"),
    path("measurements/<int:key>/calibrations/delete/", calibrations.delete, name="calibration-delete"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<uuid:uid>/", alerts.alert, name="alert"),
    path("alerts/<uuid:uid>/acknowledge/", alerts.acknowledge, name="alert-acknowledge"),
    path("alerts/rules/", alert_rules.rules, name="alert-rules"),
    path("alerts/rules/new/", alert_rules.new, name="alert-rule-new"),
    path("alerts/rules/days/", alert_rules.days, name="alert-days"),
    path("alerts/rules/<uuid:uid>/", alert_rules.rule, name="alert-rule"),
    path("alerts/rules/<uuid:uid>/end/", alert_rules.end, name="alert-rule-end"),
    path("services/", services.services, name="services"),
    path("things/", things.things, name="things"),
    path("things.<slug:format>", things.export, name="things-export"),
    path("things/<uuid:uid>/", thing.thing, name="thing"),
    path("things/<uuid:uid>/edit/", edit.edit, name="thing-edit"),
    path("things/<uuid:uid>/undo/", thing.undo, name="thing-undo"),
    path("search/", search.search, name="search"),
    path("search/suggest/", search.suggest, name="suggest"),
    path("runs/", runs.runs, name="runs"),
    path("runs/compare/", runs.compare, name="compare"),
    path("runs/start/<str:procedure>/", runs.start, name="run-start"),
    path("runs/<uuid:uid>/", runs.run, name="run"),
    path("runs/<uuid:uid>/adopt/", runs.adopt, name="run-adopt"),
    path("runs/<uuid:uid>/end/", runs.end_adoption, name="run-end"),
    path("runs/<uuid:uid>/results/<slug:name>", runs.result, name="run-result"),
    path("runs/<uuid:uid>/results/<slug:name>.<slug:format>", runs.table, name="run-table"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<uuid:uid>/", jobs.job, name="job"),
    path("jobs/<uuid:uid>/progress/", jobs.progress, name="job-progress"),
    path("jobs/<uuid:uid>/cancel/", jobs.cancel, name="job-cancel"),
    path("jobs/<uuid:uid>/retry/", jobs.retry, name="job-retry"),
    path("imports/", imports.imports, name="imports"),
    path("imports/files/<uuid:uid>/", imports.confirm, name="import-confirm"),
    path("imports/<uuid:uid>/", imports.reading, name="import"),
    path("imports/<uuid:uid>/rejected.csv", imports.rejected_rows, name="import-rejected"),
    path("datasets/", datasets.datasets, name="datasets"),
    path("datasets/<str:code>/", datasets.dataset, name="dataset"),
    path("datasets/<str:code>/rows.<slug:format>", datasets.download, name="dataset-download"),
    path("theme/", preferences.theme, name="theme"),
    path("about/sources/", about.sources, name="sources"),
    path("about/accessibility/", about.accessibility, name="accessibility"),
    path("about/privacy/", about.privacy, name="privacy"),
    path("about/status/", about.status, name="status"),
]
