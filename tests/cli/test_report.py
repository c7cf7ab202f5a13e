"""`report`: an incident for people, from what is stored, without a cluster."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from memdrift.api.driftincident import StoredDocument
from memdrift.report import document
from memdrift.report import exhibit as exhibits
from tests.cli.desk import run
from tests.report.exhibits import LEAKING, whole_incident, whole_view
from tests.report.hostile import HOSTILE
from tests.report.incidents import SHA256

NOWHERE = Path("/nonexistent")


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A folder archive with an incident's document and exhibit, as the operator leaves them."""
    folder = tmp_path / "archive" / "incidents" / "market" / "features-2-incident"
    folder.mkdir(parents=True)
    (folder / "exhibit-1.json").write_bytes(exhibits.encode(whole_view().exhibit))
    kept = StoredDocument(uri=(folder / "exhibit-1.json").as_uri(), sha256=SHA256)
    path = folder / "document-1.json"
    path.write_bytes(document.encode(whole_incident(exhibit=kept)))
    return path


def test_on_a_terminal_it_is_text_with_the_chart(stored: Path) -> None:
    said = run(NOWHERE, "report", str(stored))

    assert said.exit_code == 0, said.output
    assert "github.com/grab/async v0.0.3 keeps contexts" in said.output
    assert "▲ onset" in said.output


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.html", "<!doctype html>"),
        ("report.md", "### What to do"),
        ("report.json", "speedscope.app/file-format-schema.json"),
        ("report.txt", "What to do: Roll back"),
    ],
)
def test_the_name_of_the_file_says_the_format(stored: Path, tmp_path: Path, name: str, expected: str) -> None:
    said = run(NOWHERE, "report", str(stored), "-o", str(tmp_path / name))

    assert said.exit_code == 0, said.output
    written = (tmp_path / name).read_text(encoding="utf-8")
    assert expected in written
    assert LEAKING in written


def test_an_archive_that_cannot_be_read_leaves_out_what_it_holds_and_says_so(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    kept = StoredDocument(uri=f"{elsewhere.as_uri()}/incidents/market/features-2/exhibit-1.json", sha256=SHA256)
    path = tmp_path / "document.json"
    path.write_bytes(document.encode(whole_incident(exhibit=kept)))

    said = run(NOWHERE, "report", str(path), "--format", "html")

    assert said.exit_code == 0, said.output
    assert "is not on this machine" in said.output
    assert "The measurements are not in this report" in said.output
    assert not elsewhere.exists(), "reading creates nothing"


@pytest.mark.parametrize("uri", ["s3://[bucket/incidents/x", "ftp://archive/incidents/x", "exhibit.json"])
def test_an_exhibit_at_no_address_is_left_out(tmp_path: Path, uri: str) -> None:
    path = tmp_path / "document.json"
    path.write_bytes(document.encode(whole_incident(exhibit=StoredDocument(uri=uri, sha256=SHA256))))

    said = run(NOWHERE, "report", str(path))

    assert said.exit_code == 0, said.output
    assert f"without measurements: {uri} cannot be read" in said.output


def test_an_exhibit_can_be_given_as_a_file(stored: Path, tmp_path: Path) -> None:
    alone = tmp_path / "document.json"
    alone.write_bytes(document.encode(whole_incident()))

    said = run(NOWHERE, "report", str(alone), "--exhibit", str(stored.with_name("exhibit-1.json")))

    assert "▲ onset" in said.output


def test_nothing_in_it_moves_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "document.json"
    path.write_bytes(document.encode(whole_incident(message=HOSTILE)))

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", run(NOWHERE, "report", str(path)).output)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("-o", "report.pdf"), "--format"),
        (("--archive-option", "endpoint"), "--archive-option endpoint: write it as NAME=VALUE"),
        (("-o", "/nonexistent/report.html"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_names_the_option(stored: Path, arguments: tuple[str, ...], expected: str) -> None:
    said = run(NOWHERE, "report", str(stored), *arguments)

    assert said.exit_code != 0
    assert expected in said.output


def test_a_file_that_is_no_document_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps({"kind": "Pod"}))

    said = run(NOWHERE, "report", str(path))

    assert said.exit_code != 0
    assert "is no stored incident document" in said.output
