"""The two stores differ in one dependency's version, and the images are what the manifests ask for."""

import json
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

from tests.cluster.commands import environment, find_program
from tests.market_store import build

ROOT = build.SOURCE


def requirements(module_file: str) -> dict[str, str]:
    """Module path to version."""
    finished = subprocess.run(
        ["go", "mod", "edit", "-json", module_file], cwd=ROOT, env=environment(), capture_output=True, check=True
    )
    return {entry["Path"]: entry["Version"] for entry in json.loads(finished.stdout)["Require"]}


def test_the_module_files_differ_in_one_version_only() -> None:
    healthy, leaking = requirements("go.mod"), requirements("go.leak.mod")
    differing = {path for path in healthy.keys() | leaking.keys() if healthy.get(path) != leaking.get(path)}
    assert differing == {"github.com/grab/async"}
    assert (healthy["github.com/grab/async"], leaking["github.com/grab/async"]) == ("v0.0.5", "v0.0.3")


@pytest.mark.parametrize("module_file", ["go.mod", "go.leak.mod"])
def test_go_is_content(module_file: str) -> None:
    for arguments in (["vet"], ["test", "-count=1"]):
        finished = subprocess.run(
            [str(find_program("go")), *arguments, f"-modfile={module_file}", "./..."],
            cwd=ROOT,
            env=environment({"CGO_ENABLED": "0", "GOFLAGS": ""}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr


def test_the_manifests_ask_for_images_that_are_built() -> None:
    asked: set[str] = set()
    for path in sorted(Path(ROOT, "manifests").rglob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            template = document.get("spec", {}).get("template", {}) if document else {}
            asked |= {container["image"] for container in template.get("spec", {}).get("containers", [])}
    assert asked == {build.HEALTHY_STORE.reference, build.LOAD.reference}


def test_an_image_holds_the_program_under_its_fixed_name() -> None:
    image = build.build_image(build.LEAKING_STORE)
    assert image.reference == "registry.local/market-store:async-v0.0.3"
    with tarfile.open(image.archive) as archive:
        index = archive.extractfile("index.json")
        assert index is not None
        assert image.reference in index.read().decode()
    assert b"grab/async@v0.0.3/" in build.build_program(build.LEAKING_STORE).read_bytes()
    assert b"grab/async@v0.0.5/" in build.build_program(build.HEALTHY_STORE).read_bytes()
