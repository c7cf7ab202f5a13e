"""Starting, crashing and stopping the local cluster, for real; takes away whatever cluster is up.

Its name keeps it out of ordinary test runs, which share one cluster: run it by its path, alone,
`pytest tests/cluster/lifecycle.py`.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import guests, host_settings, images, kubectl, processes, usage, waiting
from tests.cluster.local import LocalCluster
from tests.cluster.places import Places

CRASHING = ("kubelet", "kube-apiserver", "containerd")
POD = "survivor"


@pytest.fixture
def local() -> Iterator[LocalCluster]:
    """A cluster in a run directory of its own, down before and after; the usual one is down and stays so."""
    usual = LocalCluster()
    with usage.kept_from_others(usual.places.users):
        usual.stop()
        cluster = LocalCluster(Places(usual.places.root.with_name("lifecycle")))
        cluster.stop()
        yield cluster
        cluster.stop()


def with_a_running_pod(cluster: LocalCluster) -> None:
    probe = images.probe_image()
    cluster.load_image(probe.archive)
    cluster.kubectl("apply", "-f", "-", input=guests.one_shot(POD, probe, ["serve"]))
    cluster.kubectl("wait", f"pod/{POD}", "--for=condition=Ready", "--timeout=60s")


def kernel_settings() -> dict[str, str]:
    names = (*host_settings.WANTED, *host_settings.CHANGED_BY_KUBELET)
    return {name: Path("/proc/sys", name).read_text() for name in names}


def test_down_leaves_nothing(local: LocalCluster) -> None:
    before = kernel_settings()
    assert local.remains() == []
    local.start()
    with_a_running_pod(local)
    assert local.remains() != []
    local.stop()
    assert local.remains() == []
    assert not local.kubeconfig.exists()
    assert kernel_settings() == before


def test_up_when_up_changes_nothing(local: LocalCluster) -> None:
    local.start()
    before = local.status()
    local.start()
    assert local.status() == before


def test_up_after_a_crash_starts_afresh(local: LocalCluster) -> None:
    local.start()
    with_a_running_pod(local)
    for record in processes.Processes(local.places.records, local.places.logs).recorded():
        if record.name in CRASHING:
            os.kill(record.pid, signal.SIGKILL)
    waiting.until(lambda: not local.is_up(), "death of the killed processes")

    local.start()

    assert local.is_up()
    assert kubectl.node_is_ready(local.kubeconfig)
    assert POD not in local.kubectl("get", "pods", "--output=name")


def test_up_after_the_records_were_lost_starts_afresh(local: LocalCluster) -> None:
    local.start()
    for record in local.places.records.iterdir():
        record.unlink()
    local.start()
    assert local.is_up()


def test_the_last_session_stops_what_a_session_started(local: LocalCluster) -> None:
    with local.in_use():
        with LocalCluster(local.places).in_use():
            assert local.is_up()
        assert local.is_up()
    assert local.remains() == []


def test_a_session_leaves_what_a_person_started(local: LocalCluster) -> None:
    local.start()
    with local.in_use():
        pass
    assert local.is_up()
