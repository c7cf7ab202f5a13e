"""Makes the cluster available to the tests of this folder."""

from tests.cluster.fixtures import cluster

__all__ = ["cluster"]
