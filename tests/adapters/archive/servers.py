"""Real object stores on loopback: MinIO, and Azure's emulator, each with one bucket `evidence`.

Exists so that archives are tried against programs that other people wrote. Each is stopped by its process id.
"""

from __future__ import annotations

import base64
import hmac
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from tests.adapters.archive import programs
from tests.adapters.prometheus_server import free_port
from tests.cluster import waiting

BUCKET = "evidence"
USER, PASSWORD = "memdrift", "memdrift-secret"
KEY_NAME = "key-one"
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_ACCOUNT_KEY = base64.b64encode(b"a key for a server that lives for one test").decode()


def fetched(link: str) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of a GET without credentials."""
    try:
        with urllib.request.urlopen(link, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


class Server:
    """One process with a folder of its own.

    Args:
        name: for messages.
        ready_path: answers with any status once it is ready.
        environment: beside this process's own.
    """

    def __init__(self, name: str, ready_path: str, environment: Mapping[str, str] | None = None) -> None:
        self._name = name
        self._ready_path = ready_path
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        self.port = free_port()

    @property
    def endpoint(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, command: Sequence[str]) -> None:
        """Returns once it answers; a stopped server comes back on its port, with its data."""
        with (self.folder / "log").open("ab") as log:
            environment = {**self._environment, "HOME": str(self.folder)}
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            waiting.until(self._ready, f"start of {self._name}", seconds=60)
        except waiting.NotInTime as error:
            tail = (self.folder / "log").read_text(errors="replace")[-3000:]
            self.stop()
            raise RuntimeError(f"{self._name} did not start:\n{tail}") from error

    def stop(self, *, forget: bool = False) -> None:
        """Ends the process; its data goes too where it shall be forgotten."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(20)
            self._process = None
        if forget:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise waiting.NotInTime(f"{self._name} ended by itself")
        with suppress(OSError):
            try:
                urllib.request.urlopen(self.endpoint + self._ready_path, timeout=5).close()
            except urllib.error.HTTPError as error:
                return error.code < 500
            return True
        return False


class Minio(Server):
    """A real S3 server with a key for encryption."""

    def __init__(self) -> None:
        super().__init__(
            "minio",
            "/minio/health/ready",
            {
                "MINIO_ROOT_USER": USER,
                "MINIO_ROOT_PASSWORD": PASSWORD,
                "MINIO_KMS_SECRET_KEY": f"{KEY_NAME}:{base64.b64encode(os.urandom(32)).decode()}",
                "MINIO_UPDATE": "off",
                "MINIO_BROWSER": "off",
            },
        )
        (self.folder / "data" / BUCKET).mkdir(parents=True)

    def begin(self) -> Minio:
        """Start it, or start it again."""
        address = f"127.0.0.1:{self.port}"
        self.start([str(programs.minio()), "server", "--quiet", "--address", address, str(self.folder / "data")])
        return self

    @property
    def options(self) -> dict[str, str]:
        """For `open_archive`."""
        return {
            "endpoint": self.endpoint,
            "region": "us-east-1",
            "access_key_id": USER,
            "secret_access_key": PASSWORD,
        }


class Azurite(Server):
    """The emulator of Azure Blob Storage."""

    def __init__(self) -> None:
        super().__init__("azurite", "/", {"AZURITE_ACCOUNTS": f"{AZURE_ACCOUNT}:{AZURE_ACCOUNT_KEY}"})

    def begin(self) -> Azurite:
        """Start it."""
        where = ["--blobHost", "127.0.0.1", "--blobPort", str(self.port), "--location", str(self.folder / "data")]
        self.start([str(programs.azurite()), *where, "--silent", "--skipApiVersionCheck", "--loose"])
        return self

    @property
    def options(self) -> dict[str, str]:
        """For `open_archive`."""
        return {
            "account_name": AZURE_ACCOUNT,
            "account_key": AZURE_ACCOUNT_KEY,
            "endpoint": f"{self.endpoint}/{AZURE_ACCOUNT}",
        }

    def begin_with_container(self) -> Azurite:
        """Start it and make the container, by a request signed as the reference of Azure's Shared Key says."""
        self.begin()
        path, date = f"/{AZURE_ACCOUNT}/{BUCKET}", format_datetime(datetime.now(UTC), usegmt=True)
        headers = {"x-ms-date": date, "x-ms-version": "2021-08-06"}
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        signed = "PUT" + "\n" * 12 + lines + f"/{AZURE_ACCOUNT}{path}\nrestype:container"
        digest = hmac.digest(base64.b64decode(AZURE_ACCOUNT_KEY), signed.encode(), "sha256")
        headers |= {"Authorization": f"SharedKey {AZURE_ACCOUNT}:{base64.b64encode(digest).decode()}"}
        request = urllib.request.Request(f"{self.endpoint}{path}?restype=container", method="PUT", headers=headers)
        urllib.request.urlopen(request, timeout=20).close()
        return self
