"""Messages through apprise to a service on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from memdrift.adapters.leases.turns import LocalTurns
from memdrift.adapters.trackers import ConfiguredTrackers
from memdrift.api.administration import Administration
from memdrift.errors import NotAllowed, TrackerUnavailable
from memdrift.ports import Filing
from tests.adapters.trackers.faults import serving

pytest.importorskip("apprise")

FILING = Filing("fp1", "market-store leaks", "**It leaks.**\n\n| secret | table |", {}, occurrence="incident-1")


def configured(folder: Path, addresses: str) -> ConfiguredTrackers:
    file = folder / "urls"
    file.write_text(addresses)
    entry = {"name": "chat", "kind": "Notification", "urlsFile": str(file), "allowedNamespaces": ["market"]}
    administration = Administration.model_validate({"trackers": [entry]})
    return ConfiguredTrackers(lambda: administration, LocalTurns())


async def test_an_incident_is_told_once_with_its_first_paragraph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    seen: list[dict[str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(await request.json())
        return web.Response(status=200 if len(seen) > 1 else 503)

    async with serving(answer) as url:
        trackers = configured(tmp_path, f"# chat\njson://{url.removeprefix('http://')}/in?secret=1\n")
        tracker = trackers.named("chat", "market")
        with pytest.raises(TrackerUnavailable) as caught:
            await tracker.file(FILING)
        assert "secret" not in str(caught.value)
        for _ in range(3):
            assert await tracker.file(FILING) == ""
    assert len(seen) == 2
    assert "It leaks." in seen[1]["message"]
    assert "table" not in seen[1]["message"]


@pytest.mark.parametrize("addresses", ["", "no-such-service://secret-token@host"])
async def test_addresses_that_nobody_knows_are_refused_without_showing_them(tmp_path: Path, addresses: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        await configured(tmp_path, addresses).named("chat", "market").file(FILING)
    assert "secret-token" not in str(caught.value)
