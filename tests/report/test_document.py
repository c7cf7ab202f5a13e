"""The incident's document reads without the operator, and its name is one line."""

from __future__ import annotations

import json
import re

from memdrift.report import document
from tests.report.incidents import findings, incident, suspect

HOSTILE = "`|\r\n# owned\n@everyone [click](http://evil.example)<script>alert(1)</script>\x1b[31m\u202e"


def test_the_document_is_the_incident_without_its_bookkeeping() -> None:
    stored = json.loads(document.encode(incident()))

    assert stored["metadata"] == {"name": "features-2", "namespace": "market", "uid": "incident-uid"}
    assert stored["spec"] == incident().spec.to_wire()
    assert stored["status"] == incident().status.to_wire()


def test_equal_incidents_have_equal_bytes() -> None:
    assert document.encode(incident()) == document.encode(incident())
    assert document.encode(incident()) != document.encode(incident(message="something else"))


def test_the_title_names_store_suspect_and_growth() -> None:
    assert document.title(incident()) == "Memory drift in features: example.org/leak v0.0.3, 120Mi/h"
    assert document.title(incident(findings=None)) == "Memory drift in features: cause not known, 120Mi/h"


def test_the_title_is_one_line_without_control_characters() -> None:
    named = findings(suspect(HOSTILE, module="", version=HOSTILE))

    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", document.title(incident(findings=named)))
