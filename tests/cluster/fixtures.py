"""The cluster as a pytest fixture; name this module in `pytest_plugins`."""

from collections.abc import Iterator

import pytest

from tests.cluster.clusters import Cluster, chosen_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running cluster: the one that `make cluster-up` left, else one that ends with the test session."""
    chosen = chosen_cluster()
    with chosen.in_use():
        yield chosen
