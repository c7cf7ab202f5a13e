"""Whatever is wrong with a file or a resource: one line that names the field and the remedy, and exit code 1."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from memdrift.api.faults import fault_of
from memdrift.api.featurestore import FeatureStoreSpec
from memdrift.cli import faults
from memdrift.drift import judge
from memdrift.drift.policy import DetectionPolicy
from memdrift.report import bundle, document
from memdrift.report import exhibit as exhibits
from tests.api import specs
from tests.cli.apiserver import MEMDRIFT, ScriptedServer, scripted_server
from tests.cli.desk import run
from tests.report.exhibits import whole_incident, whole_view
from tests.report.test_bundle import leaking_window

NOWHERE = Path("/nonexistent")
PACKAGE = Path(__file__).resolve().parents[2] / "operator" / "memdrift"
SECRET = "do-not-repeat-me"
STORE, INCIDENT = f"{MEMDRIFT}/market/featurestores", f"{MEMDRIFT}/market/driftincidents"


def only_line(output: str) -> str:
    assert output.count("\n") == 1, output
    assert output.startswith("Error: "), output
    assert "pydantic" not in output
    assert SECRET not in output
    assert "\x1b" not in output
    return output


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ScriptedServer]:
    with scripted_server(tmp_path) as running:
        yield running


def store(**changes: Any) -> dict[str, Any]:
    return specs.changed(
        specs.STORE, ("metadata.name", "features"), ("metadata.namespace", "market"), *changes.pop("also", ()),
    )  # fmt: skip


def broken_store() -> dict[str, Any]:
    return specs.changed(store(), ("spec.metrics.source", {"url": SECRET}), ("spec.mode", SECRET))


def incident() -> dict[str, Any]:
    return json.loads(document.encode(whole_incident()))


def broken_incident() -> dict[str, Any]:
    found = incident()
    found["metadata"] |= {"namespace": "market", "name": "features-2"}
    found["status"]["stage"] = [SECRET]
    found["spec"]["storeRef"] = SECRET
    return found


def items(*documents: dict[str, Any]) -> dict[str, Any]:
    return {"items": list(documents)}


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (("status", "features"), "spec.m"),
        (("status",), "spec.m"),
        (("incidents",), "spec.storeRef"),
        (("explain", "features"), "spec.m"),
        (("backtest", "features", "--prometheus", "http://127.0.0.1:1"), "spec.m"),
        (("profile", "store/features"), "spec.m"),
        (("report", "features-2"), "spec.storeRef"),
        (("judge", "features-2", "Leak"), "spec.storeRef"),
        (("approve", "features-2", "--plan", "0123456789abcdef"), "spec.storeRef"),
        (("deny", "features-2"), "spec.storeRef"),
    ],
)
def test_a_resource_that_cannot_be_read_is_named_with_its_field(
    server: ScriptedServer, command: tuple[str, ...], field: str
) -> None:
    good = specs.changed(store(), ("metadata.name", "good"))
    server.give(STORE, items(good, broken_store()))
    server.give(f"{STORE}/features", broken_store())
    server.give(INCIDENT, items(broken_incident()))
    server.give(f"{INCIDENT}/features-2", broken_incident())

    said = run(server.kubeconfig, *command, "-n", "market")

    assert said.exit_code == 1, said.output
    line = only_line(said.output)
    assert "market/features" in line
    assert f"`{field}" in line
    assert "apply the CRDs of this version" in line


@pytest.mark.parametrize("command", [("status",), ("status", "features"), ("report", "features-2"), ("incidents",)])
def test_an_answer_that_is_no_resource_at_all(server: ScriptedServer, command: tuple[str, ...]) -> None:
    for path in (STORE, f"{STORE}/features", INCIDENT, f"{INCIDENT}/features-2"):
        server.give(path, b"<html>a proxy\nsays hello</html>")

    said = run(server.kubeconfig, *command, "-n", "market")

    assert said.exit_code == 1
    assert "Invalid JSON" in only_line(said.output)


def test_a_pod_that_cannot_be_read(server: ScriptedServer) -> None:
    server.give("/api/v1/namespaces/market/pods/one", {"metadata": {"uid": {"x": SECRET}}})

    said = run(server.kubeconfig, "profile", "pod/one", "-n", "market")

    assert said.exit_code == 1
    assert "pod market/one: `metadata.uid`" in only_line(said.output)


def test_what_the_api_server_says_in_several_lines_is_one(server: ScriptedServer) -> None:
    server.forbid(f"{STORE}/features")

    said = run(server.kubeconfig, "status", "features", "-n", "market")

    assert said.exit_code == 1
    assert 'is forbidden: User "sre" cannot do that' in only_line(said.output)


@pytest.mark.parametrize("text", ["clusters: [\n- {\n", "[]", "text", "", "clusters: 7", "current-context: [x]"])
def test_a_kubeconfig_that_is_none_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)

    said = run(path, "status")

    assert said.exit_code == 1
    assert "NoCredentials" in only_line(said.output)


def written(folder: Path, content: object) -> str:
    path = folder / "given"
    path.write_bytes(content if isinstance(content, bytes) else yaml.safe_dump(content).encode())
    return str(path)


def odd_bundle(**policy: float) -> bytes:
    windows = (leaking_window(),)
    found = json.loads(bundle.encode(windows, judge.judge(windows, DetectionPolicy()), {}, DetectionPolicy()))
    found["policy"] |= policy
    return json.dumps(found).encode()


def lifeless_bundle() -> bytes:
    found = json.loads(odd_bundle())
    found["windows"][0]["lives"][0]["life"] = {"pod": [SECRET]}
    return json.dumps(found).encode()


FILES: dict[str, tuple[Callable[[], object], tuple[str, ...], tuple[str, ...]]] = {
    "a document of another kind": (
        lambda: json.dumps({"kind": "Pod", "spec": SECRET}).encode(), ("report", "FILE"), ("`kind`", "archive"),
    ),
    "a document with a wrong field": (
        lambda: json.dumps(broken_incident()).encode(), ("report", "FILE"), ("`spec.storeRef`", "archive"),
    ),
    "a document that is no JSON": (lambda: b"\xff\x00", ("report", "FILE"), ("Invalid JSON", "archive")),
    "a document that is nested too deeply": (lambda: b"[" * 100_000, ("report", "FILE"), ("Invalid JSON", "archive")),
    "an exhibit that is none": (
        lambda: b'{"version": 1}', ("report", "DOCUMENT", "--exhibit", "FILE"), ("--exhibit", "archive"),
    ),
    "an exhibit that is no JSON": (lambda: b"{", ("report", "DOCUMENT", "--exhibit", "FILE"), ("--exhibit", "archive")),
    "a bundle of an odd life": (lifeless_bundle, ("explain", "--bundle", "FILE"), ("not whole", "archive")),
    "a bundle whose policy no spec can say": (
        lambda: odd_bundle(minimum_growth_percent=1e9),
        ("explain", "--bundle", "FILE", "--set", "detection.minGrowthPercent=5"),
        ("`detection.minGrowthPercent`", "--set"),
    ),
    "a store with a wrong field": (
        broken_store, ("explain", "features", "-f", "FILE"), ("`spec.m", "kubectl explain"),
    ),
    "a store that is no YAML": (
        lambda: b"kind: [\n", ("explain", "features", "-f", "FILE"), ("is not YAML", "line 2"),
    ),
    "a store that is no text": (lambda: b"\xff\xfe", ("explain", "features", "-f", "FILE"), ("is not text", "UTF-8")),
    "a store that is nested too deeply": (
        lambda: b"[" * 400, ("explain", "features", "-f", "FILE"), ("is not YAML",),
    ),
    "a store with a day that no month has": (
        lambda: b"kind: FeatureStore\ncreated: 2026-02-30\n", ("explain", "features", "-f", "FILE"),
        ("is not YAML", "day is out of range"),
    ),
    "an administrator's file that is no YAML": (
        lambda: b"sources: [\n- {", ("explain", "features", "-f", "STORE", "--administration", "FILE"),
        ("--administration", "line 2", "README"),
    ),
    "an administrator's file with a wrong field": (
        lambda: {"sources": [{"name": "main", "url": [SECRET]}]},
        ("explain", "features", "-f", "STORE", "--administration", "FILE"), ("sources[0].url", "README"),
    ),
    "a manifest with a wrong field": (
        lambda: json.dumps([{"file": "x", "label": SECRET}]).encode(), ("backtest", "--corpus", "FILE"), ("row 0",),
    ),
    "a manifest that is no JSON": (lambda: b"{", ("backtest", "--corpus", "FILE"), ("cannot be read as JSON",)),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_cannot_be_read_is_named_with_its_field_and_the_remedy(tmp_path: Path, case: str) -> None:
    content, command, expected = FILES[case]
    given = written(tmp_path, content())
    names = {"FILE": given, "STORE": str(tmp_path / "store.yaml"), "DOCUMENT": str(tmp_path / "document.json")}
    if command[:2] == ("report", "FILE"):
        names["FILE"] = str(Path(given).rename(tmp_path / "given.json"))
    (tmp_path / "store.yaml").write_text(yaml.safe_dump(store()))
    (tmp_path / "document.json").write_bytes(document.encode(whole_incident()))

    said = run(NOWHERE, *(names.get(word, word) for word in command))

    assert said.exit_code == 1, said.output
    line = said.output.splitlines()[-1] + "\n"
    only_line(line)
    assert SECRET not in said.output
    for word in expected:
        assert word in line
    if "--set" not in command:
        assert said.output == line


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [("--prometheus", "not a url", "--prometheus"), ("--prometheus", "ftp://x", "--prometheus")],
)
def test_a_source_that_an_option_makes_wrong_names_the_option(
    tmp_path: Path, option: str, value: str, named: str
) -> None:
    path = tmp_path / "store.yaml"
    path.write_text(yaml.safe_dump(store()))

    said = run(NOWHERE, "explain", "features", "-f", str(path), option, value)

    assert said.exit_code == 1
    assert named in only_line(said.output)


def test_a_file_that_is_not_there_is_not_looked_for_in_the_cluster() -> None:
    said = run(NOWHERE, "report", "archive/no-such.json")

    assert said.exit_code == 1
    assert "there is no such file" in only_line(said.output)


def test_a_file_that_cannot_be_written_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException) as refused:
        faults.written(tmp_path / "no-such-folder" / "page.html", "text", "--html")

    assert refused.value.message.startswith("--html: ")
    assert "name a file in a folder of yours" in refused.value.message


# What a person may not read is left out, and said.


def readable_incident(server: ScriptedServer, **status: Any) -> None:
    found = whole_incident(**status)
    (server.kubeconfig.parent / "x").mkdir(exist_ok=True)
    server.give(f"{INCIDENT}/features-2", json.loads(document.encode(found)))


def a_store_of(uid: str) -> dict[str, Any]:
    held = whole_view().store
    assert held is not None
    found = held.to_wire()
    found["metadata"]["uid"] = uid
    return found


def the_store_path() -> str:
    return f"{STORE}/{whole_incident().spec.store_ref.name}"


LEFT_OUT = "without the store's ledger, objective and baselines: "


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (lambda server: server.forbid(the_store_path()), "you need `get` on featurestores.memdrift.io"),
        (lambda server: None, "is gone"),
        (lambda server: server.give(the_store_path(), a_store_of("another")), "is another one than then"),
        (lambda server: server.give(the_store_path(), broken_store()), "`spec."),
        (lambda server: server.give(the_store_path(), b"no"), "Invalid JSON"),
    ],
    ids=["forbidden", "gone", "made anew", "unreadable", "no JSON"],
)
@pytest.mark.parametrize("form", ["text", "html", "markdown", "speedscope"])
def test_a_report_is_made_of_what_may_be_read_and_says_what_is_left_out(
    server: ScriptedServer, form: str, prepare: Callable[[ScriptedServer], None], why: str
) -> None:
    readable_incident(server)
    prepare(server)
    path = server.kubeconfig.parent / "report"

    said = run(server.kubeconfig, "report", "features-2", "-n", "market", "--format", form, "-o", str(path))

    if form == "speedscope":  # the document of this incident has no stacks, which is its own error
        assert LEFT_OUT in said.output
        return
    assert said.exit_code == 0, said.output
    told = said.output.splitlines()[0]
    assert told.startswith(LEFT_OUT)
    assert why in told
    assert "github.com/grab/async" in path.read_text(encoding="utf-8")


def test_a_report_shows_the_store_of_the_incident_to_who_may_read_it(server: ScriptedServer) -> None:
    readable_incident(server)
    server.give(the_store_path(), a_store_of(whole_incident().spec.store_ref.uid))

    said = run(server.kubeconfig, "report", "features-2", "-n", "market", "--format", "html")

    assert said.exit_code == 0, said.output
    assert LEFT_OUT not in said.output
    assert "Ledger of stopgaps" in said.output


def test_explain_says_what_it_knows_without_the_right_to_incidents(server: ScriptedServer) -> None:
    server.give(f"{STORE}/features", store())
    server.forbid(INCIDENT)

    said = run(server.kubeconfig, "explain", "features", "-n", "market")

    assert said.exit_code == 0, said.output
    assert said.output.startswith("without its incidents, their gates and timelines: ")
    assert "QUESTION" in said.output
    named = run(server.kubeconfig, "explain", "features", "-n", "market", "--incident", "features-2")
    assert named.exit_code == 1
    assert "Forbidden" in only_line(named.output)


# Held for the commands of tomorrow.


def _caught(handler: ast.ExceptHandler) -> set[str]:
    return {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else set()


def test_nobody_prints_an_error_of_a_library_as_it_is() -> None:
    bare = []
    for path in sorted(PACKAGE.rglob("*.py")):
        in_cli = "cli" in path.relative_to(PACKAGE).parts
        for handler in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(handler, ast.ExceptHandler) or not handler.name:
                continue
            if not in_cli and "ValidationError" not in _caught(handler):
                continue
            if "Refused" in ast.unparse(handler.type or ast.Constant("")):
                continue  # our own words
            printed = [
                node.lineno
                for node in ast.walk(handler)
                if isinstance(node, ast.FormattedValue)
                and isinstance(node.value, ast.Name)
                and node.value.id == handler.name
            ]
            bare += [f"{path.relative_to(PACKAGE)}:{line}" for line in printed]
    assert bare == [], "say `fault_of(error)`: it is one line, names the field, and leaves the value out"


def test_a_fault_names_its_field_and_how_many_more_there_are() -> None:
    with pytest.raises(ValueError, match="validation errors") as refused:
        FeatureStoreSpec.model_validate({"targetRef": {"kind": SECRET}, "metrics": {"load": [{"preset": 1}]}})
    said = fault_of(refused.value)
    assert said.startswith("`targetRef.")
    assert said.endswith(" more)")
    assert "\n" not in said
    assert SECRET not in said
    assert fault_of(ValueError("one\n  two")) == "one two"
    assert fault_of(OSError()) == "OSError"
    assert exhibits.VERSION == 1
