"""`python -m tests.bench.capture_load URL RATE SECONDS`: an even, bounded load; prints the latencies as JSON.

A process of its own, so that what is measured is the service and not whoever captures beside it. The load is open:
a request is sent when its time has come, however slow the earlier ones are, and its latency counts from that moment.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiohttp

AT_ONCE = 64
TIMEOUT_SECONDS = 10.0


async def measured(url: str, rate: float, seconds: float) -> dict[str, float | list[float]]:
    """When the first request was due, and each one's latency, in that order; a failed one counts as its timeout."""
    requests = int(rate * seconds)
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(TIMEOUT_SECONDS)) as session:

        async def one(due: float, number: int) -> float:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            try:
                async with session.get(f"{url}?entity={number % 50}") as answer:
                    await answer.read()
                    failed = answer.status != 200
            except (aiohttp.ClientError, TimeoutError):
                failed = True
            return TIMEOUT_SECONDS if failed else time.monotonic() - due

        begun, first_due = time.monotonic() + 0.05, time.time() + 0.05
        found = await asyncio.gather(*(one(begun + number / rate, number) for number in range(requests)))
    return {"first_due": first_due, "latencies_seconds": found}


if __name__ == "__main__":
    address, requests_per_second, span = sys.argv[1:]
    print(json.dumps(asyncio.run(measured(address, float(requests_per_second), float(span)))))
