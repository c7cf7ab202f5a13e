"""The bridge between the host and its pods, and the fence that keeps pods on this machine.

The API server refuses to publish a loopback address, so the bridge's address is the node's. The service range is routed
to the bridge: a packet for a Service can then never take the machine's default route, kube-proxy up or not.
"""

import re

from tests.cluster import commands

BRIDGE = "memdrift0"
NODE_ADDRESS = "10.88.0.1"
POD_RANGE = "10.88.0.0/16"
POD_RANGE_START = "10.88.0.10"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
CLUSTER_DOMAIN = "cluster.local"
RULE_COMMENT = "memdrift-cluster"
OUR_RULE = re.compile(rf"(^|[\s:])(KUBE|CNI)-|{RULE_COMMENT}")
TABLES = ("filter", "nat", "mangle")


def raise_bridge() -> None:
    """Makes the bridge, its address, the service route and the fence; harmless to repeat."""
    if not bridge_exists():
        commands.run("ip", "link", "add", BRIDGE, "type", "bridge")
    commands.run("ip", "address", "replace", f"{NODE_ADDRESS}/16", "dev", BRIDGE)
    commands.run("ip", "link", "set", BRIDGE, "up")
    commands.run("ip", "route", "replace", SERVICE_RANGE, "dev", BRIDGE)
    comment = ("-m", "comment", "--comment", RULE_COMMENT)
    inside = ("FORWARD", "-i", BRIDGE, "-o", BRIDGE, *comment, "-j", "ACCEPT")
    fence = ("FORWARD", "-i", BRIDGE, "!", "-o", BRIDGE, *comment, "-j", "REJECT")
    for rule in (fence, inside):
        if not commands.succeeds("iptables", "-w", "-C", *rule):
            commands.run("iptables", "-w", "-I", *rule)


def bridge_exists() -> bool:
    """Whether the bridge is there."""
    return commands.succeeds("ip", "link", "show", "dev", BRIDGE)


def remove_bridge() -> None:
    """Removes the bridge, and with it the route and what still hangs on it."""
    for port in _bridge_ports():
        commands.succeeds("ip", "link", "delete", port)
    if bridge_exists():
        commands.run("ip", "link", "delete", BRIDGE)


def remaining_rules() -> list[str]:
    """Rules and chains of kube-proxy, the port mapper and ourselves that are still in the kernel."""
    return [
        line
        for program in ("iptables", "ip6tables")
        for table in TABLES
        for line in _saved(program, table)
        if OUR_RULE.search(line)
    ]


def remove_rules() -> None:
    """Takes our rules and chains out of every table, leaving what others put there."""
    for program in ("iptables", "ip6tables"):
        for table in TABLES:
            lines = _saved(program, table)
            kept = [line for line in lines if not OUR_RULE.search(line)]
            if len(kept) < len(lines):
                commands.run(f"{program}-restore", "-w", "-T", table, input_text="\n".join(kept) + "\n")


def _saved(program: str, table: str) -> list[str]:
    if commands.find_program(f"{program}-save") is None or not commands.succeeds(program, "-w", "-t", table, "-S"):
        return []
    return commands.run(f"{program}-save", "-t", table).splitlines()


def _bridge_ports() -> list[str]:
    if not bridge_exists():
        return []
    shown = commands.run("ip", "-oneline", "link", "show", "master", BRIDGE)
    return [line.split(": ")[1].split("@")[0] for line in shown.splitlines()]
