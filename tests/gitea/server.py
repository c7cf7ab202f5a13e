"""A real Gitea with one account: started for tests and demo, stopped by its process id.

Exists so that tickets meet a tracker that other people wrote. Must not be used for load.
"""

from __future__ import annotations

import base64
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

from tests.cluster import commands, processes, waiting
from tests.cluster.beside import Beside
from tests.cluster.processes import Processes, Record
from tests.gitea.program import gitea

OWNER = "memdrift"
PASSWORD = "a-Throw-away-1"
"""Of every account: the server and all that is in it are thrown away."""
NAME = "gitea"
PAGE_STYLE = Path(__file__).parent / "page.css"
_SETTINGS = """
APP_NAME = tickets
RUN_USER = {user}
RUN_MODE = prod
WORK_PATH = {folder}
; a throw-away of the tests, whose user may be root in a container
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = {address}
HTTP_PORT = {port}
ROOT_URL = http://{address}:{port}/
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
[mailer]
ENABLED = false
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

    Args:
        beside: the cluster that it belongs to, whose pods reach it and whose end ends it; default: none, on loopback.

    Attributes:
        token: of its one account, `OWNER`.
        url: its base address.
    """

    def __init__(self, beside: Beside | None = None) -> None:
        self._program, self._served_from = gitea()
        folder = beside.folder / NAME if beside else Path(tempfile.mkdtemp(prefix="gitea-"))
        self._folder = folder
        self._address = beside.address if beside else "127.0.0.1"
        self._processes = beside.processes if beside else Processes(folder / "records", folder / "logs")
        self._record: Record | None = None
        self._port = _free_port(self._address)
        self.url = f"http://{self._address}:{self._port}"
        self.token = ""

    def __enter__(self) -> GiteaServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Returns once it answers; whatever an earlier one of the same cluster left is taken away first."""
        self._clear()
        self._folder.mkdir(parents=True)
        settings = _SETTINGS.format(
            user=getpass.getuser(),
            folder=self._folder,
            address=self._address,
            port=self._port,
            served_from=self._served_from,
        )
        (self._folder / "app.ini").write_text(settings)
        self._dress()
        prepared = self._program.parent / "prepared"
        if not (prepared / "token").exists():
            self._prepare(prepared)
        shutil.copyfile(prepared / "gitea.db", self._folder / "gitea.db")
        self.token = (prepared / "token").read_text()
        self._record = self._processes.start(NAME, self._command("web"), self._environment())
        waiting.until(self._ready, "start of Gitea", seconds=60)

    def stop(self) -> None:
        """It is gone with all that was in it; harmless to repeat."""
        self._clear()
        self._record = None

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, *, as_account: str | None = None) -> Any:
        """What its own API answers, past everything of memdrift: to `OWNER`, or to another account by its password."""
        credentials = base64.b64encode(f"{as_account}:{PASSWORD}".encode()).decode()
        authorization = f"Basic {credentials}" if as_account else f"token {self.token}"
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        content = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", content, headers, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def _dress(self) -> None:
        """Pages get a style sheet of ours: the module holds no built front end."""
        styles = self._folder / "custom" / "public" / "assets" / "css"
        styles.mkdir(parents=True)
        shutil.copyfile(PAGE_STYLE, styles / "index.css")
        (styles / "theme-gitea-auto.css").touch()

    def _clear(self) -> None:
        for record in self._processes.recorded():
            if record.name == NAME:
                processes.end(record, grace_seconds=20)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _prepare(self, prepared: Path) -> None:
        """A database with one account, kept beside the program: it takes longer to make than to copy."""
        self._run("migrate")
        account = ["--username", OWNER, "--password", PASSWORD, "--email", "memdrift@tickets.example"]
        self._run("admin", "user", "create", *account, "--admin", "--must-change-password=false")
        told = self._run("admin", "user", "generate-access-token", "--username", OWNER, "--scopes", "all", "--raw")
        prepared.mkdir(exist_ok=True)
        shutil.copyfile(self._folder / "gitea.db", prepared / "gitea.db")
        (prepared / "token").write_text(told.split()[-1])

    def _ready(self) -> bool:
        if self._record is None or not processes.is_alive(self._record):
            raise RuntimeError(self._processes.log_tail(NAME))
        try:
            return bool(self.call("GET", "version"))
        except OSError:
            return False

    def _command(self, *arguments: str) -> list[str]:
        return [str(self._program), *arguments, "--config", str(self._folder / "app.ini")]

    def _environment(self) -> dict[str, str]:
        return {"HOME": str(self._folder), "PATH": "/usr/local/bin:/usr/bin:/bin", "GITEA_WORK_DIR": str(self._folder)}

    def _run(self, *arguments: str) -> str:
        environment = commands.environment(self._environment())
        finished = subprocess.run(
            self._command(*arguments), env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        if finished.returncode != 0:
            raise RuntimeError(f"gitea {' '.join(arguments[:3])}: {(finished.stderr + finished.stdout)[-3000:]}")
        return finished.stdout


def _free_port(address: str) -> int:
    with socket.socket() as listening:
        listening.bind((address, 0))
        port: int = listening.getsockname()[1]
        return port
