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


async def latencies_seconds(url: str, rate: float, seconds: float) -> list[float]:
    """One latency per request; a failed request counts as its timeout."""
    found: list[float] = []
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(TIMEOUT_SECONDS)) as session:

        async def one(due: float, number: int) -> None:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            try:
                async with session.get(f"{url}?entity={number % 50}") as answer:
                    await answer.read()
                    failed = answer.status != 200
            except (aiohttp.ClientError, TimeoutError):
                failed = True
            found.append(TIMEOUT_SECONDS if failed else time.monotonic() - due)

        begun = time.monotonic() + 0.05
        await asyncio.gather(*(one(begun + number / rate, number) for number in range(int(rate * seconds))))
    return found


if __name__ == "__main__":
    address, requests_per_second, span = sys.argv[1:]
    print(json.dumps(asyncio.run(latencies_seconds(address, float(requests_per_second), float(span)))))
