"""What axe-core, the accessibility checker, says of a page.

It is an npm package of a pinned version, kept in the user's cache and never in the repository.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.cluster import commands
from tests.cluster.places import cache_directory

VERSION = "4.10.3"
SERIOUS = frozenset({"serious", "critical"})


def ensure_axe() -> Path:
    """The checker's one file, fetched with npm where the cache does not have it."""
    kept = cache_directory() / "axe-core" / VERSION / "axe.min.js"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as folder:
            packed = commands.run(
                "npm", "pack", "--silent", f"axe-core@{VERSION}", folder=Path(folder), seconds=180
            ).split()[-1]
            shutil.unpack_archive(Path(folder) / packed, folder, filter="data")
            kept.parent.mkdir(parents=True, exist_ok=True)
            written = kept.with_suffix(".part")
            shutil.copyfile(Path(folder) / "package" / "axe.min.js", written)
            written.replace(kept)
    return kept


async def serious_faults(page: Page) -> list[str]:
    """Faults that axe calls serious or critical, one line each; the page must be opened with `bypass_policy`."""
    await page.add_script_tag(content=ensure_axe().read_text(encoding="utf-8"))
    found: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {fault['help']}: {node['html'][:160]}: {node.get('failureSummary', '')[:300]}"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
        for node in fault["nodes"][:5]
    ]
