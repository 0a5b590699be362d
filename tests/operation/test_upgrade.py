"""`talkoot migrate`: from the first schema on with what it held, one process at a time, and never back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cities import talkoot
from tests.processes import Environment, new_city, new_environment, rows

# Brings every room's tables to their first migrations only, and fills them through the models as they were then.
FILL = """
from talkoot.cli.main import setup_django
setup_django()
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

OURS = {config.label for config in apps.get_app_configs() if config.name.startswith("talkoot.")}


def first_targets(graph):
    return [key for key in graph.root_nodes() if key[0] in OURS] + [
        key for key in graph.leaf_nodes() if key[0] not in OURS
    ]


for alias in connections:
    executor = MigrationExecutor(connections[alias])
    executor.migrate(first_targets(executor.loader.graph))
executor = MigrationExecutor(connections["default"])
then = executor.loader.project_state(first_targets(executor.loader.graph)).apps
Account, Run = then.get_model("people", "Account"), then.get_model("compute", "Run")
Source, Thing = then.get_model("register", "Source"), then.get_model("register", "Thing")
AuditEntry, Job = then.get_model("base", "AuditEntry"), then.get_model("compute", "Job")
account = Account.objects.create(email="aino@example.org", password="!")
Run.objects.create(procedure="trials.count", version="1", state="succeeded", author=account, summary={"total": 5})
source = Source.objects.create(code="trees", name={"fi": "Puut"}, licence="CC-BY-4.0")
Thing.objects.create(
    kind="tree", name={"fi": "Tammi", "sv": "Ek"}, source=source, external_id="1", attributes={"height_m": 20}
)
AuditEntry.objects.create(actor="system", verb="core.register.add_thing", door="shell", request_id="1")
Job.objects.using(settings.JOBS_DATABASE).create(task="trials.note", payload={"journal": "x"})
"""


def python(city: Environment, script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], env=city, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_city_of_the_first_schema_is_brought_to_this_version_with_all_it_held(tmp_path: Path) -> None:
    city = new_environment(tmp_path)
    python(city, FILL)
    waiting = talkoot(city, "migrate", "--check")
    brought = talkoot(city, "migrate")
    assert brought.returncode == 0, brought.stderr
    assert talkoot(city, "migrate", "--check").returncode == 0
    assert waiting.returncode in (0, 1)
    assert rows(city, "SELECT email FROM people_account") == [("aino@example.org",)]
    assert rows(city, "SELECT procedure, state FROM compute_run") == [("trials.count", "succeeded")]
    assert rows(city, "SELECT task, state FROM compute_job", "jobs") == [("trials.note", "queued")]
    assert rows(city, "SELECT kind, external_id FROM register_thing") == [("tree", "1")]
    assert talkoot(city, "audit", "verify").returncode == 0
    assert talkoot(city, "jobs", "list").returncode == 0


def test_the_models_have_no_change_that_no_migration_makes(tmp_path: Path) -> None:
    city = new_environment(tmp_path, trials=False)
    script = (
        "from talkoot.cli.main import setup_django; setup_django()\n"
        "from django.core.management import call_command\n"
        "call_command('makemigrations', 'base', 'people', 'register', 'compute', check_changes=True, dry_run=True)"
    )
    python(city, script)


def test_nothing_is_done_twice(tmp_path: Path) -> None:
    city = new_city(tmp_path)
    again = talkoot(city, "migrate")
    assert (again.returncode, again.stdout) == (0, "")


def test_many_who_migrate_at_once_do_it_once(tmp_path: Path) -> None:
    city = new_environment(tmp_path)
    command = [sys.executable, "-m", "talkoot", "migrate"]
    together = [subprocess.Popen(command, env=city, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    told = [process.communicate(timeout=300) for process in together]
    assert [process.returncode for process in together] == [0, 0, 0], told
    assert sum(b"'default'" in out for out, _ in told) == 1


@pytest.mark.parametrize("command", ["migrate", "up"])
def test_a_newer_database_is_refused(tmp_path: Path, command: str) -> None:
    city = new_city(tmp_path)
    python(
        city,
        "from talkoot.cli.main import setup_django; setup_django()\n"
        "from django.db import connection\n"
        "from django.db.migrations.recorder import MigrationRecorder\n"
        "MigrationRecorder(connection).record_applied('compute', '9999_from_the_future')",
    )
    refused = talkoot({**city, "PORT": str(20_000 + os.getpid() % 10_000)}, command)
    assert refused.returncode == 2
    assert "newer version" in refused.stderr
    assert "compute.9999_from_the_future" in refused.stderr
