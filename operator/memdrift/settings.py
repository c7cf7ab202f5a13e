"""Process settings: a table of environment variables, and the administrator's file.

There are two kinds of configuration and no third: behaviour in the resources, process here. Only this module reads the
environment. The administrator's file is re-read when it changes; a wrong one keeps the last good one in force and is
reported, because a typo must neither widen nor end anything. Must not know any adapter.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from memdrift.api.administration import Administration
from memdrift.errors import ConfigurationInvalid

SERVICE_ACCOUNT_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: the command line, the README and the parser all follow from this table."""

    name: str
    default: str
    description: str


SETTINGS: tuple[Setting, ...] = (
    Setting("MEMDRIFT_ADMINISTRATION_FILE", "/etc/memdrift/administration.yaml", "The administrator's file."),
    Setting("MEMDRIFT_LISTEN", "0.0.0.0:8080", "Host and port of alerts, metrics, health and the pages."),
    Setting("MEMDRIFT_PAGES", "on", "`on` serves the pages to whom the cluster lets read the resources; or `off`."),
    Setting("MEMDRIFT_PAGES_URL", "", "Where people reach the pages, with https://: tickets link there."),
    Setting("MEMDRIFT_NAMESPACE", "", "The operator's own namespace; default: that of its service account."),
    Setting("MEMDRIFT_WATCH_NAMESPACES", "", "Namespaces to watch, separated by commas; default: all."),
    Setting("KUBECONFIG", "", "A kubeconfig for running outside a cluster; default: the pod's service account."),
    Setting("MEMDRIFT_LOG_LEVEL", "INFO", "The least severe log level that is written."),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment, parsed once at the start."""

    administration_file: Path
    host: str
    port: int
    namespace: str
    watch_namespaces: tuple[str, ...]
    kubeconfig: Path | None
    log_level: str
    pages: bool = True
    pages_url: str = ""

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """The settings.

        Raises:
            ConfigurationInvalid: the message names the variable.
        """
        values = {setting.name: environment.get(setting.name, setting.default) for setting in SETTINGS}
        host, _, port = values["MEMDRIFT_LISTEN"].rpartition(":")
        if not host or not port.isdecimal() or not 0 <= int(port) <= 65_535:
            raise ConfigurationInvalid("SettingInvalid", "MEMDRIFT_LISTEN must be host:port, such as 0.0.0.0:8080")
        level = values["MEMDRIFT_LOG_LEVEL"].upper()
        if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ConfigurationInvalid("SettingInvalid", "MEMDRIFT_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR")
        if values["MEMDRIFT_PAGES"] not in {"on", "off"}:
            raise ConfigurationInvalid("SettingInvalid", "MEMDRIFT_PAGES must be `on` or `off`")
        pages_url = values["MEMDRIFT_PAGES_URL"].rstrip("/")
        if pages_url and not pages_url.startswith(("https://", "http://")):
            raise ConfigurationInvalid("SettingInvalid", "MEMDRIFT_PAGES_URL must begin with https:// or http://")
        kubeconfig = values["KUBECONFIG"]
        namespaces = tuple(each.strip() for each in values["MEMDRIFT_WATCH_NAMESPACES"].split(",") if each.strip())
        return cls(
            administration_file=Path(values["MEMDRIFT_ADMINISTRATION_FILE"]),
            host=host,
            port=int(port),
            namespace=values["MEMDRIFT_NAMESPACE"] or _own_namespace(),
            watch_namespaces=namespaces,
            kubeconfig=Path(kubeconfig) if kubeconfig else None,
            log_level=level,
            pages=values["MEMDRIFT_PAGES"] == "on",
            pages_url=pages_url if values["MEMDRIFT_PAGES"] == "on" else "",
        )


def _own_namespace() -> str:
    try:
        return SERVICE_ACCOUNT_NAMESPACE.read_text().strip()
    except OSError:
        return "memdrift"


@dataclass(slots=True)
class AdministrationFile:
    """The administrator's file: `current()` is a frozen snapshot, re-read when the content changes.

    Attributes:
        problem: why the file as it is now is not in force, "" where it is.
    """

    path: Path
    problem: str = ""
    _digest: str = ""
    _snapshot: Administration | None = field(default=None)

    def current(self) -> Administration:
        """The newest valid content.

        Raises:
            ConfigurationInvalid: there was never a valid one.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            return self._kept(f"{self.path} cannot be read: {error.strerror}")
        digest = hashlib.sha256(content).hexdigest()
        if digest == self._digest and self._snapshot is not None and not self.problem:
            return self._snapshot
        try:
            self._snapshot = Administration.parse(content.decode("utf-8", "replace"))
        except ConfigurationInvalid as error:
            return self._kept(error.message)
        if self._digest:
            _log.warning("administration changed", extra={"digest": digest[:12]})
        self._digest, self.problem = digest, ""
        return self._snapshot

    def _kept(self, problem: str) -> Administration:
        if problem != self.problem:
            _log.error("administration invalid", extra={"problem": problem, "kept": self._digest[:12]})
        self.problem = problem
        if self._snapshot is None:
            raise ConfigurationInvalid("AdministrationInvalid", problem)
        return self._snapshot
