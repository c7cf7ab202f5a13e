"""`python -m tests.cluster`: the local cluster from the command line."""

import argparse
import sys
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.local import LocalCluster
from tests.cluster.waiting import NotInTime


def main() -> int:
    """Runs one verb; prints only the kubeconfig's path on stdout when a cluster is up."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="start the cluster unless it is up, and print its kubeconfig")
    verbs.add_parser("down", help="take the cluster away completely")
    verbs.add_parser("status", help="show which parts run")
    load = verbs.add_parser("load-image", help="make an image archive known to the node")
    load.add_argument("archive", type=Path)
    chosen = parser.parse_args()
    try:
        return _run(LocalCluster(), chosen)
    except (ClusterError, NotInTime) as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1


def _run(cluster: LocalCluster, chosen: argparse.Namespace) -> int:
    match chosen.verb:
        case "up":
            cluster.start()
            print(cluster.kubeconfig)
        case "down":
            cluster.stop()
        case "status":
            for part, state in cluster.status().items():
                print(f"{part:26}{state}")
            print(f"{'cluster':26}{'up' if cluster.is_up() else 'down'}")
            return 0 if cluster.is_up() else 1
        case "load-image":
            cluster.load_image(chosen.archive)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
