"""The Debian packages that the local cluster stands on: found, or installed by root, or asked for by name."""

import os
import re
import sys
from pathlib import Path

from tests.cluster import commands
from tests.cluster.errors import ClusterError

PACKAGE_OF_PROGRAM = {
    "go": "golang-go",
    "gcc": "build-essential",
    "git": "git",
    "etcd": "etcd-server",
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "mount": "mount",
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
}
OLDEST_GO = (1, 21)
"""From here on Go fetches by itself the newer version that a module asks for."""
CONTAINER_NETWORK_PACKAGE = "containernetworking-plugins"
CONTAINER_NETWORK_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))


def container_network_plugins() -> Path | None:
    """The folder with the `bridge` plugin, wherever this distribution puts it."""
    return next((folder for folder in CONTAINER_NETWORK_FOLDERS if (folder / "bridge").exists()), None)


def missing_packages() -> list[str]:
    """Names of the packages whose programs are not here."""
    missing = {package for program, package in PACKAGE_OF_PROGRAM.items() if commands.find_program(program) is None}
    if container_network_plugins() is None:
        missing.add(CONTAINER_NETWORK_PACKAGE)
    return sorted(missing)


def ensure_packages() -> None:
    """Installs what is missing when we are root on a Debian-like system; otherwise says what to install."""
    missing = missing_packages()
    if not missing:
        _require_go()
        return
    remedy = f"apt-get install --no-install-recommends {' '.join(missing)}"
    if os.geteuid() != 0 or commands.find_program("apt-get") is None:
        raise ClusterError(f"programs of the local cluster are missing; install them as root: {remedy}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    print(f"installing packages: {' '.join(missing)}", file=sys.stderr, flush=True)
    commands.run("apt-get", "update", extra_environment=quiet, seconds=300)
    # policy-rc.d would be the polite way to keep services down, but we must not edit the system's policy;
    # services that do start use other ports and folders than ours.
    commands.run(
        "apt-get", "install", "--yes", "--no-install-recommends", *missing, extra_environment=quiet, seconds=900
    )
    still = missing_packages()
    if still:
        raise ClusterError(f"after installing, these packages still lack their programs: {' '.join(still)}")
    _require_go()


def _require_go() -> None:
    """Refuses a Go that would fail late, in the middle of a build."""
    said = commands.run("go", "env", "GOVERSION").strip()
    found = re.match(r"go(\d+)\.(\d+)", said)
    if found and (int(found[1]), int(found[2])) < OLDEST_GO:
        oldest = ".".join(str(number) for number in OLDEST_GO)
        raise ClusterError(f"{said} is too old to build the cluster's programs: install Go {oldest} or later first")
