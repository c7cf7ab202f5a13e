"""Without a cluster every command says so in one line, and ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.prometheus_server import free_port
from tests.cli.desk import run

COMMANDS = [
    ("status",),
    ("incidents", "-A"),
    ("explain", "features"),
    ("approve", "features-1", "--plan", "0123456789abcdef"),
    ("deny", "features-1"),
    ("backtest", "features", "--prometheus", "http://127.0.0.1:1"),
]


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """A kubeconfig of a server that nobody runs."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "dead",
        "clusters": [{"name": "dead", "cluster": {"server": f"http://127.0.0.1:{free_port()}"}}],
        "users": [{"name": "dead", "user": {"token": "secret-token"}}],
        "contexts": [{"name": "dead", "context": {"cluster": "dead", "user": "dead"}}],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_server_that_does_not_answer_is_one_line(dead: Path, command: tuple[str, ...]) -> None:
    said = run(dead, *command)

    assert said.exit_code == 1
    assert said.output.startswith("Error: ApiServerUnreachable: ")
    assert said.output.count("\n") == 1
    assert "secret-token" not in said.output


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_kubeconfig_is_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    said = run(tmp_path / "nothing", *command)

    assert said.exit_code == 1
    assert said.output.startswith("Error: NoCredentials: ")
    assert said.output.count("\n") == 1


def test_the_real_command_prints_no_stack(dead: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "memdrift", "status"],
        env={**os.environ, "KUBECONFIG": str(dead)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith("Error: ApiServerUnreachable: ")
    assert "Traceback" not in ended.stderr
