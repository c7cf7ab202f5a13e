"""A real Gitea on loopback with one account: started for the tests, stopped by its process id.

Exists so that tickets meet a tracker that other people wrote. Must not be used for load.
"""

from __future__ import annotations

import getpass
import json
import shutil
import socket
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.adapters.trackers.gitea_program import gitea
from tests.cluster import waiting

OWNER = "memdrift"
_SETTINGS = """
APP_NAME = tickets
RUN_USER = {user}
RUN_MODE = prod
WORK_PATH = {folder}
; a throw-away of the tests, whose user may be root in a container
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
STATIC_ROOT_PATH = {served_from}
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = {folder}/gitea.db
[repository]
ROOT = {folder}/repositories
[security]
INSTALL_LOCK = true
PASSWORD_HASH_ALGO = pbkdf2_v2
[service]
DISABLE_REGISTRATION = true
[actions]
ENABLED = false
[cron]
ENABLED = false
[session]
PROVIDER = memory
[log]
MODE = console
LEVEL = Warn
"""


class GiteaServer:
    """One server with its own data folder and port.

    Attributes:
        token: of its one account, `OWNER`.
        url: its base address.
    """

    def __init__(self) -> None:
        self._program, self._served_from = gitea()
        self._folder = Path(tempfile.mkdtemp(prefix="gitea-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.token = ""

    def __enter__(self) -> GiteaServer:
        settings = _SETTINGS.format(
            user=getpass.getuser(), folder=self._folder, port=self._port, served_from=self._served_from
        )
        (self._folder / "app.ini").write_text(settings)
        prepared = self._program.parent / "prepared"
        if not (prepared / "token").exists():
            self._prepare(prepared)
        shutil.copyfile(prepared / "gitea.db", self._folder / "gitea.db")
        self.token = (prepared / "token").read_text()
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(self._command("web"), stdout=log, stderr=log, env=self._environment())
        waiting.until(self._ready, "start of Gitea", seconds=60)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(20)
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What its own API answers, past everything of memdrift."""
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        content = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", content, headers, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def _prepare(self, prepared: Path) -> None:
        """A database with one account, kept beside the program: it takes longer to make than to copy."""
        self._run("migrate")
        account = ["--username", OWNER, "--password", "a-Throw-away-1", "--email", "memdrift@tickets.example"]
        self._run("admin", "user", "create", *account, "--admin", "--must-change-password=false")
        told = self._run("admin", "user", "generate-access-token", "--username", OWNER, "--scopes", "all", "--raw")
        prepared.mkdir(exist_ok=True)
        shutil.copyfile(self._folder / "gitea.db", prepared / "gitea.db")
        (prepared / "token").write_text(told.split()[-1])

    def _ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError((self._folder / "log").read_text(errors="replace")[-3000:])
        try:
            return bool(self.call("GET", "version"))
        except OSError:
            return False

    def _command(self, *arguments: str) -> list[str]:
        return [str(self._program), *arguments, "--config", str(self._folder / "app.ini")]

    def _environment(self) -> dict[str, str]:
        return {"HOME": str(self._folder), "PATH": "/usr/local/bin:/usr/bin:/bin", "GITEA_WORK_DIR": str(self._folder)}

    def _run(self, *arguments: str) -> str:
        finished = subprocess.run(
            self._command(*arguments), env=self._environment(), capture_output=True, text=True, timeout=120, check=False
        )
        if finished.returncode != 0:
            raise RuntimeError(f"gitea {' '.join(arguments[:3])}: {(finished.stderr + finished.stdout)[-3000:]}")
        return finished.stdout


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
