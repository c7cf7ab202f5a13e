"""Writes fleet.json and store.json, the Grafana dashboards: `python build.py [--check]`.

Run it after an edit; a test runs it with `--check`, which writes nothing and fails where a file is not current. Needs
grafana-foundation-sdk, a development dependency: who installs memdrift only needs the JSON files.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fleet import fleet
from panels import written
from store import store

FOLDER = Path(__file__).parent


def main(arguments: list[str]) -> int:
    """Write or compare; the exit status is the number of files that are not current."""
    stale = 0
    for name, content in {"fleet.json": written(fleet()), "store.json": written(store())}.items():
        path = FOLDER / name
        if "--check" not in arguments:
            path.write_text(content)
        elif not path.exists() or path.read_text() != content:
            stale += 1
            sys.stderr.write(f"{name} is not what the builders make: run `python {Path(__file__).name}`\n")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
