"""`kubectl memdrift report` as people run it: as a plugin, with their own rights, against the real API server.

Exists so that the story also shows what people without the operator's rights get. Must not run as administrator.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import commands, network
from tests.e2e.scene import MARKET, TWIN, Scene

MOST_BYTES = 600_000


@dataclass(frozen=True)
class Told:
    """What one person was given.

    Attributes:
        page: the file; "" where none was written.
    """

    exit_code: int
    said: str
    page: str


def told(scene: Scene, account: str, incident: str, folder: Path) -> Told:
    """The report that an account of the demo gets."""
    output = folder / f"{account}.html"
    programs = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
    environment = commands.environment(
        {
            **commands.with_direct_addresses(network.NODE_ADDRESS),
            "PATH": programs,
            "KUBECONFIG": str(scene.cluster.service_account_kubeconfig(MARKET, account)),
        }
    )
    finished = subprocess.run(
        ["kubectl", "memdrift", "report", incident, "-n", MARKET, "-o", str(output)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    page = output.read_text(encoding="utf-8") if output.exists() else ""
    return Told(finished.returncode, finished.stdout + finished.stderr, page)


def faults_of_reader(given: Told, secrets: list[str]) -> list[str]:
    """What is wrong with the report of somebody who may read the namespace."""
    expected = [
        (given.exit_code == 0, f"the command ended with {given.exit_code}: {given.said}"),
        (given.page.lstrip().lower().startswith("<!doctype html>"), f"it is no HTML: {given.page[:80]!r}"),
        (0 < len(given.page.encode()) <= MOST_BYTES, f"it has {len(given.page.encode())} bytes"),
        ("github.com/grab/async" in given.page and "v0.0.3" in given.page, "it does not name the module"),
        (not any(secret in given.page + given.said for secret in secrets), "it holds a credential"),
        (TWIN not in given.page, "it speaks of another store"),
        (".svc:" not in given.page, "it names an address within the cluster"),
        ("Traceback" not in given.said, given.said),
    ]
    return [sentence for kept, sentence in expected if not kept]


def faults_of_stranger(given: Told) -> list[str]:
    """What is wrong with the answer to somebody who may read nothing."""
    expected = [
        (given.exit_code != 0, "a stranger was served"),
        (given.page == "", "a stranger was given a file"),
        ("driftincidents" in given.said, f"a stranger is not told which right is missing: {given.said}"),
        ("grab/async" not in given.said, "a stranger was told of the leak"),
        ("Traceback" not in given.said, given.said),
    ]
    return [sentence for kept, sentence in expected if not kept]
