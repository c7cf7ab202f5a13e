"""What tells that a watch lives: every stream that was opened, however long it stays open and silent."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from memdrift.handlers import opened_streams

PATH = "/apis/memdrift.io/v1alpha1/{resource}"


async def _silent(request: web.Request) -> web.StreamResponse:
    if request.match_info["resource"] == "driftincidents":
        raise web.HTTPForbidden
    answer = web.StreamResponse()
    await answer.prepare(request)
    await answer.write(b"{}\n")
    await asyncio.Event().wait()
    return answer


async def test_a_stream_is_heard_when_it_is_opened_and_a_refused_one_is_not() -> None:
    heard: list[str] = []
    application = web.Application()
    application.router.add_get(PATH, _silent)
    async with TestServer(application, shutdown_timeout=0.1) as server:
        traces = [opened_streams(heard.append)]
        async with aiohttp.ClientSession(trace_configs=traces) as session:
            for resource in ("featurestores", "driftincidents", "pods"):
                async with session.get(server.make_url(PATH.format(resource=resource))) as answer:
                    await answer.content.readline()
    assert heard == ["featurestores"]
