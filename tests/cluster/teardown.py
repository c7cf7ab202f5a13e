"""Taking a cluster away completely, in whatever state it is found: running, half started, or crashed.

Every step looks at the machine rather than at what a start believes to have made, so it is harmless to repeat.
Only processes that are ours by their record, their cgroup or their run directory are ended.
"""

import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path

from tests.cluster import host_settings, mounts, network, processes, waiting
from tests.cluster.errors import ClusterError
from tests.cluster.places import Places
from tests.cluster.processes import Processes, Record

PROGRAMS = (
    *("kubelet", "kube-proxy", "coredns", "kube-scheduler", "kube-controller-manager", "kube-apiserver"),
    *("containerd", "etcd"),
)
SHIM = "containerd-shim-runc-v2"
CONTROL_GROUPS = Path("/sys/fs/cgroup")
POD_GROUP = "kubepods"
SHIM_SOCKETS = Path("/run/containerd/s")
CONTAINER_LOG_LINKS = Path("/var/log/containers")
NETWORK_RESULTS = Path("/var/lib/cni/results")


def tear_down(places: Places) -> None:
    """Ends the processes, then removes mounts, network, rules, kernel settings and the run directory."""
    if not places.root.exists() and not network.bridge_exists():
        return
    # Pod cgroups and packet rules do not say whose they are, so another cluster's must not be there.
    require_no_other_kubelet(places)
    own = Processes(places.records, places.logs)
    _end_programs(places, own, ("kubelet", "kube-proxy", "coredns"))
    _end_pods(places)
    _end_programs(places, own, PROGRAMS)
    for record in own.recorded():
        processes.end(record)
    _remove_shim_sockets(places)
    mounts.unmount_below(places.root)
    _remove_control_groups()
    network.remove_rules()
    network.remove_bridge()
    host_settings.restore_settings(places.host_settings)
    _remove_traces(places)
    if places.root.exists():
        shutil.rmtree(places.root)


def remains(places: Places) -> list[str]:
    """What of a cluster is still on this machine, in words; empty after a complete teardown."""
    found = [f"process {record.name} {record.pid}" for record in _own_processes(places)]
    found += [f"mount {mount}" for mount in mounts.mounts_below(places.root)]
    found += [f"rule {rule}" for rule in network.remaining_rules()]
    found += [f"control group {group}" for group in _pod_groups()]
    found += [f"bridge {network.BRIDGE}"] if network.bridge_exists() else []
    found += [f"folder {places.root}"] if places.root.exists() else []
    return found


def require_no_other_kubelet(places: Places) -> None:
    """Refuses to share the machine's pod cgroups and packet rules with another cluster."""
    ours = {record.pid for record in _own_processes(places)}
    for name in ("kubelet", "k3s", "k0s"):
        others = [record for record in processes.running_with([name], "") if record.pid not in ours]
        if others:
            raise ClusterError(
                f"another {name} runs on this machine (pid {others[0].pid}): use CLUSTER=current with its KUBECONFIG, "
                "or stop it"
            )


def _own_processes(places: Places) -> list[Record]:
    # With the closing slash: another run directory may begin with the same letters.
    return processes.running_with((*PROGRAMS, SHIM), f"{places.root}/")


def _end_programs(places: Places, own: Processes, names: tuple[str, ...]) -> None:
    recorded = own.alive()
    for name in names:
        if name in recorded:
            processes.end(recorded[name])
    for record in processes.running_with(names, f"{places.root}/"):
        processes.end(record)


def _end_pods(places: Places) -> None:
    shims = processes.running_with((SHIM,), str(places.containerd_socket))
    # A shim that is killed leaves its container behind, so the containers go first.
    for pid in _pod_processes():
        record = processes.record_of(pid, "container")
        if record is not None:
            processes.end(record, grace_seconds=0)
    for record in shims:
        processes.end(record, grace_seconds=0)


def _pod_groups() -> list[Path]:
    # One hierarchy in version 2; one per controller, some of them links to each other, in version 1.
    candidates = [CONTROL_GROUPS / POD_GROUP, *CONTROL_GROUPS.glob(f"*/{POD_GROUP}")]
    return sorted({candidate.resolve() for candidate in candidates if candidate.is_dir()})


def _pod_processes() -> set[int]:
    found: set[int] = set()
    for group in _pod_groups():
        for listing in group.rglob("cgroup.procs"):
            with suppress(OSError):
                found.update(int(line) for line in listing.read_text().split())
    return found


def _remove_control_groups() -> None:
    for group in _pod_groups():
        folders = sorted((path for path in group.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))
        for folder in [*folders, group]:
            waiting.until(partial(_removed, folder), f"removal of control group {folder}", seconds=10)


def _removed(group: Path) -> bool:
    with suppress(OSError):
        group.rmdir()
    return not group.exists()


def _remove_shim_sockets(places: Places) -> None:
    for bundle in places.containerd_state.glob("io.containerd.runtime.v2.task/*/*/address"):
        with suppress(OSError):
            address = Path(bundle.read_text().strip().removeprefix("unix://"))
            if address.parent == SHIM_SOCKETS:
                address.unlink(missing_ok=True)


def _remove_traces(places: Places) -> None:
    for link in CONTAINER_LOG_LINKS.glob("*.log"):
        if link.is_symlink() and str(places.root) in str(link.readlink()):
            link.unlink()
    for result in NETWORK_RESULTS.glob(f"{network.BRIDGE}-*"):
        result.unlink()
