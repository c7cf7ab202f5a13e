"""Records every behaviour at every load level: `make record`, about ten minutes for each level.

Exists so that anybody can make the recordings again. One level after the other, all behaviours of a level together, on
loopback only; what it starts it also ends.
"""

import argparse
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.cluster import waiting
from tests.recordings import files, fleet, readings
from tests.recordings.behaviours import BEHAVIOURS, LEVELS, Behaviour, Level

SECONDS = 600


def record(behaviours: Sequence[Behaviour], level: Level, seconds: int, folder: Path) -> None:
    """One round: the files of these behaviours at one level, and their lines in the manifest."""
    today = datetime.now(UTC).date().isoformat()
    with fleet.running(behaviours, level, seconds) as (server, start):
        end = start + seconds + 1
        waiting.until(lambda: time.time() > end, "the recording's end", seconds=seconds + 60, pause_seconds=1)
        for behaviour in behaviours:
            files.write_rows(folder, behaviour, level, readings.rows_of(server.url, behaviour.name, start, seconds))
        limits = [readings.limit_bytes(server.url, behaviour.name, start + 5) for behaviour in behaviours]
        entries = [
            files.entry_of(behaviour, level, seconds, limit, today)
            for behaviour, limit in zip(behaviours, limits, strict=True)
        ]
        files.merge_into_manifest(folder, entries)
    print(f"{level.name}: {len(entries)} recordings of {seconds} s", flush=True)


def main() -> None:
    """The command line: without arguments everything, into `data/`."""
    asked = argparse.ArgumentParser(prog="python -m tests.recordings.record", description=main.__doc__)
    asked.add_argument("--level", choices=[level.name for level in LEVELS], action="append")
    asked.add_argument("--behaviour", choices=[behaviour.name for behaviour in BEHAVIOURS], action="append")
    asked.add_argument("--seconds", type=int, default=SECONDS, help="length of a recording, 20 to 1500")
    asked.add_argument("--folder", type=Path, default=files.FOLDER)
    chosen = asked.parse_args()
    if not 20 <= chosen.seconds <= 1500:
        asked.error(f"--seconds is {chosen.seconds}: give 20 to 1500")
    behaviours = [behaviour for behaviour in BEHAVIOURS if not chosen.behaviour or behaviour.name in chosen.behaviour]
    for level in LEVELS:
        if not chosen.level or level.name in chosen.level:
            record(behaviours, level, chosen.seconds, chosen.folder)


if __name__ == "__main__":
    main()
