"""The operator as a process of this machine, with the rights of its service account: for killing it at any moment.

Exists because a test must end it with SIGKILL in every stage and put a proxy between it and the API server, and must
know when it is back. It runs the same command as the image.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.scene import MANIFESTS, Scene
from tests.e2e.waiting import until


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OperatorEnded(Exception):
    """It ended without having been asked to: waiting does not help."""


@dataclass
class OperatorProcess:
    """One operator, started and ended as often as a test likes.

    Attributes:
        server: another address of the API server, such as a proxy's; None is the real one.
        changes: top-level entries of the administrator's file to replace.
        watched: the namespaces it watches; none means all.
    """

    scene: Scene
    folder: Path
    server: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    watched: tuple[str, ...] = ()
    _process: subprocess.Popen[bytes] | None = None
    port: int = field(default_factory=free_port)
    starts: int = 0

    def administration(self, **changes: Any) -> None:
        """Write the administrator's file; the process reads it again by itself."""
        document = yaml.safe_load((MANIFESTS / "administration.yaml").read_text())
        content = yaml.safe_load(document["data"]["administration.yaml"]) | {**self.changes, **changes}
        prometheus = self.scene.named("service", "prometheus", "monitoring")["spec"]["clusterIP"]
        for source in content["sources"]:  # a name of the cluster's DNS means nothing on this machine
            source["url"] = source["url"].replace("prometheus.monitoring.svc", prometheus)
        content["archives"][0]["url"] = self.scene.archive.as_uri()
        token = self.folder / "token"
        token.write_text(self.scene.token)
        content["receiverTokenFile"] = str(token)
        staged = self.folder / "administration.yaml.new"
        staged.write_text(yaml.safe_dump(content))
        staged.replace(self.folder / "administration.yaml")

    def start(self) -> None:
        """Start it and wait until it is alive."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.administration()
        kubeconfig = self.scene.cluster.service_account_kubeconfig("memdrift", "memdrift", self.server)
        environment = {
            **os.environ,
            "MEMDRIFT_ADMINISTRATION_FILE": str(self.folder / "administration.yaml"),
            "MEMDRIFT_LISTEN": f"127.0.0.1:{self.port}",
            "MEMDRIFT_NAMESPACE": "memdrift",
            "MEMDRIFT_WATCH_NAMESPACES": ",".join(self.watched),
            "KUBECONFIG": str(kubeconfig),
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "memdrift", "operator"],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that its children die with it, as in a container
            )
        self.starts += 1
        until(self.alive, "the operator's process", seconds=60, every=0.2)

    @property
    def log(self) -> Path:
        """Everything it said, over all its lives."""
        return self.folder / "operator.log"

    def alive(self) -> bool:
        """Whether it answers."""
        if self._process is not None and self._process.poll() is not None:
            raise OperatorEnded(f"the operator ended with {self._process.returncode}: {self.log.read_text()[-2000:]}")
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)

    def kill(self) -> None:
        """End it and its children without a chance to say goodbye."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end and return its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        process, self._process = self._process, None
        process.send_signal(number)
        return process.wait(timeout=10)

    def metric(self, text: str) -> float:
        """The value of the first sample line that starts with the text; 0 where there is none."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(text)), 0.0)
