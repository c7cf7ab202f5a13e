"""The issue trackers, each behind a proxy that can lose what it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.adapters.trackers.sites import KINDS, Site, published, real_gitea
from tests.gitea.server import GiteaServer


@pytest.fixture(scope="session")
def gitea_server() -> Iterator[GiteaServer]:
    with GiteaServer() as server:
        yield server


@pytest.fixture(params=[*KINDS, pytest.param("Gitea", marks=pytest.mark.servers)])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    kind: str = request.param
    opened = (
        real_gitea(request.getfixturevalue("gitea_server"), tmp_path) if kind == "Gitea" else published(kind, tmp_path)
    )
    async with opened as ready:
        yield ready
