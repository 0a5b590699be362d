"""Importing on pages: send a file, see it, confirm, follow, read the result."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from uuid import uuid4

import pyrosm
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from talkoot.core.base.actors import operator
from talkoot.core.compute import queue
from talkoot.core.compute.carrying import carry_out
from talkoot.core.compute.models import Job
from talkoot.core.register.importing.guess import BEGINNING
from talkoot.core.register.models import Import, Thing
from talkoot.core.ui import uploads
from tests.core.ui.conftest import MakeClient, SmallCity

pytestmark = pytest.mark.django_db(databases="__all__")

# A city's own list as it comes: Latin-1, semicolons, comma decimals, a negative height, HTML in a name.
LAMPS = (
    "tunnus;nimi;lon;lat;korkeus (m)\n"
    "L1;Hämeentie 1;24,9300;60,1700;6,5\n"
    "L2;<b>Ström</b>;24,9310;60,1701;8\n"
    "L3;Väärä;24,9320;60,1702;-4\n"
).encode("latin-1")


@pytest.fixture
def editor(signed_in: MakeClient, small_city: SmallCity, home: Path) -> Client:
    """The browser of somebody who may import."""
    return signed_in("register_editor")


def send(client: Client, name: str = "valaisimet.csv", content: bytes = LAMPS, **more: str) -> str:
    """Send a file in and return where that leads."""
    file = SimpleUploadedFile(name, content)
    response = client.post("/en/imports/", {"file": file, "whole": "1", **more})
    assert response.status_code == 302, response.content.decode()
    return str(response["Location"])


def proposed(html: str) -> dict[str, str]:
    """Return the confirmation form as a browser would send it back unchanged."""
    import re

    form = html.split('<form class="form"')[1].split("</form>")[0]
    values = dict(re.findall(r'<input type="text" name="([^"]+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        values[name] = chosen[1] if chosen else ""
    return values


def test_the_city_s_own_csv_goes_all_the_way(
    editor: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    address = send(editor)
    html = editor.get(f"{address}?kind=street_lamp").content.decode()
    assert "3 rows" in html
    assert "Hämeentie 1" in html
    assert "&lt;b&gt;Ström" in html
    form = proposed(html)
    assert (form["id"], form["x"], form["y"]) == ("tunnus", "lon", "lat")
    assert form["column-height_m"] == "korkeus (m)"
    with django_capture_on_commit_callbacks(execute=True):
        sent = editor.post(f"{address}?kind=street_lamp", {**form, "licence": "CC-BY-4.0", "source_code": "lamps"})
    assert sent.status_code == 302, sent.content.decode()
    job = queue.claim("tests")
    assert job is not None
    carry_out(job)
    result = editor.get(sent["Location"], follow=True)
    html = result.content.decode()
    assert "<dt>Added</dt><dd>2" in html
    assert "<dt>Rejected</dt><dd>1" in html
    lamp = Thing.objects.get(source__code="lamps", external_id="L1")
    assert lamp.attributes == {"height_m": 6.5}
    reading = Import.objects.get()
    text = b"".join(editor.get(f"/en/imports/{reading.uid}/rejected.csv").streaming_content).decode()  # type: ignore[attr-defined]
    (rejected,) = csv.DictReader(io.StringIO(text))
    assert "height" in rejected["reason"]
    assert "valaisimet.csv" in editor.get("/en/imports/").content.decode()


def test_of_a_large_file_the_page_says_that_it_shows_the_beginning(editor: Client) -> None:
    content = LAMPS + b"L4;x;24,93;60,17;5\n" * (BEGINNING // 19)
    html = editor.get(send(editor, content=content)).content.decode()
    assert "are from its beginning: the first 500 rows" in html
    assert "Hämeentie 1" in html


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Pairs of buildings that overlap", "Relations to what is not there")),
        ("fi", ("Päällekkäisten rakennusten pareja", "Suhteita, joiden toista osapuolta ei ole")),
        ("sv", ("Par av överlappande byggnader", "Relationer till något som saknas")),
    ],
)
def test_every_count_has_a_name(editor: Client, small_city: SmallCity, language: str, words: tuple[str, str]) -> None:
    counts = {"overlapping_buildings": 2, "relations_without_object": 3}
    reading = Import.objects.create(source=small_city.source, file_name="a.osm.pbf", counts=counts)
    html = editor.get(f"/{language}/imports/{reading.uid}/").content.decode()
    for word, count in zip(words, counts.values(), strict=True):
        assert f"<dt>{word}</dt><dd>{count}" in html


def test_a_missing_licence_is_asked_for_at_its_field(editor: Client) -> None:
    address = send(editor)
    form = proposed(editor.get(f"{address}?kind=street_lamp").content.decode())
    response = editor.post(f"{address}?kind=street_lamp", form)
    assert response.status_code == 422
    assert 'href="#id_licence"' in response.content.decode()
    assert not Job.objects.filter(task="register.import").exists()


def test_a_file_that_did_not_arrive_whole_is_refused(editor: Client) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nid;x;y\n1;24.9'  # cut off here
    response = editor.generic("POST", "/en/imports/", body, content_type="multipart/form-data; boundary=x")
    assert response.status_code == 422
    assert "did not arrive whole" in response.content.decode()
    assert not list(uploads.folder().glob("*/*"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("poles.exe", b"MZ", "cannot be imported"),
        ("poles.csv", b"", "is empty"),
        ("poles", b"x", "cannot be imported"),
    ],
)
def test_a_wrong_file_is_refused_with_the_fix(editor: Client, name: str, content: bytes, words: str) -> None:
    file = SimpleUploadedFile(name, content)
    response = editor.post("/en/imports/", {"file": file, "whole": "1"})
    assert response.status_code == 422
    assert words in response.content.decode()


def test_no_file_is_refused(editor: Client) -> None:
    assert "No file was chosen" in editor.post("/en/imports/", {"whole": "1"}).content.decode()


def test_too_large_a_file_is_refused(editor: Client, settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    response = editor.post("/en/imports/", {"file": SimpleUploadedFile("a.csv", b"x" * 11), "whole": "1"})
    assert response.status_code == 422
    assert "larger than" in response.content.decode()


@pytest.mark.parametrize(
    ("name", "content"),
    [("broken.gpkg", b"not a database"), ("broken.geojson", b"{"), ("binary.csv", bytes(range(256)))],
)
def test_a_file_that_cannot_be_read_says_why(editor: Client, name: str, content: bytes) -> None:
    response = editor.get(send(editor, name, content))
    assert response.status_code == 422
    assert "Nothing was written" in response.content.decode()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\data\\Lamput 2026.CSV", "Lamput-2026.csv"),
        ("a\x00b;rm -rf.osm.pbf", "a-b-rm--rf.osm.pbf"),
        (".csv", "file.csv"),
    ],
)
def test_names_of_files_are_made_safe(given: str, kept: str) -> None:
    assert uploads.safe_name(given) == kept


def test_an_upload_is_its_sender_s_own(editor: Client, signed_in: MakeClient, visitor: Client) -> None:
    address = send(editor)
    assert signed_in("manager").get(address).status_code == 404
    assert visitor.get(address).status_code == 403
    assert editor.get(f"/en/imports/files/{uuid4()}/").status_code == 404


def test_old_uploads_are_forgotten(editor: Client) -> None:
    send(editor)
    (kept,) = uploads.folder().iterdir()
    old = kept.stat().st_mtime - 8 * 24 * 3600
    os.utime(kept, (old, old))
    uploads.forget_old()
    assert not kept.exists()


@pytest.mark.parametrize("role", ["", "planner", "operator", "auditor"])
def test_others_may_not_import(signed_in: MakeClient, small_city: SmallCity, home: Path, role: str) -> None:
    client = signed_in(role)
    assert client.get("/en/imports/").status_code == 403
    response = client.post("/en/imports/", {"file": SimpleUploadedFile("a.csv", LAMPS), "whole": "1"})
    assert response.status_code == 403
    assert not list(home.glob("uploads/*"))


def test_an_extract_has_nothing_to_map(editor: Client) -> None:
    extract = Path(pyrosm.__file__).parent / "data" / "test.osm.pbf"
    html = editor.get(send(editor, "town.osm.pbf", extract.read_bytes())).content.decode()
    assert "nothing to set" in html


def test_uploads_need_the_permission_whatever_the_door(small_city: SmallCity, home: Path) -> None:
    kept = uploads.keep(operator(), SimpleUploadedFile("a.csv", LAMPS))
    assert kept.path.read_bytes() == LAMPS
