"""Kernel settings that a Kubernetes node changes: remembered before, restored after."""

import json
from pathlib import Path

WANTED = {"net/ipv4/ip_forward": "1"}
CHANGED_BY_KUBELET = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops")
KERNEL = Path("/proc/sys")


def change_settings(memory: Path) -> None:
    """Writes down how things were, once per cluster, then sets what a node needs."""
    if not memory.exists():
        names = (*WANTED, *CHANGED_BY_KUBELET, "net/netfilter/nf_conntrack_max")
        before = {name: (KERNEL / name).read_text().strip() for name in names if (KERNEL / name).exists()}
        memory.write_text(json.dumps(before, indent=2))
    for name, value in WANTED.items():
        (KERNEL / name).write_text(value)


def restore_settings(memory: Path) -> None:
    """Puts back what was written down; nothing to do when there is no such memory."""
    if not memory.exists():
        return
    for name, value in json.loads(memory.read_text()).items():
        setting = KERNEL / name
        if setting.exists() and setting.read_text().strip() != value:
            setting.write_text(value)
