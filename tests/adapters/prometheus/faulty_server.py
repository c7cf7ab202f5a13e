"""A web server that answers like Prometheus, or badly, as it is told."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

PACKED = gzip.compress(b" " * (64 * 2**20), compresslevel=1)

Respond = Callable[[web.Request, dict[str, str]], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    """A request as it arrived."""

    path: str
    address_query: str
    form: dict[str, str]
    headers: dict[str, str]


@dataclass
class FaultyServer:
    """Answers every request with `respond` and remembers what was asked."""

    respond: Respond
    asked: list[Asked] = field(default_factory=list)

    async def start(self, context: ssl.SSLContext | None = None) -> TestServer:
        application = web.Application(client_max_size=64 * 2**20)
        application.router.add_route("*", "/{path:.*}", self._answer)
        server = TestServer(application, scheme="https" if context else "http", host="127.0.0.1")
        await server.start_server(ssl=context)
        return server

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(Asked(request.path, request.query_string, form, dict(request.headers)))
        return await self.respond(request, form)


def answer(status: int = 200, text: str = "", **headers: str) -> Respond:
    async def respond(request: web.Request, form: dict[str, str]) -> web.StreamResponse:
        return web.Response(status=status, text=text, content_type="application/json", headers=headers)

    return respond


def document(result: list[Any], **more: Any) -> str:
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}, **more})


def ends(form: dict[str, str]) -> list[int]:
    step = int(form["step"].rstrip("s"))
    return list(range(int(form["start"]), int(form["end"]) + 1, step))


def constant(value: str, **labels: str) -> Respond:
    """Every query gives this value in every band at all times."""

    async def respond(request: web.Request, form: dict[str, str]) -> web.StreamResponse:
        if request.path.endswith("/query"):
            result = [{"metric": {}, "value": [0, "1"]}]
            return web.json_response({"status": "success", "data": {"resultType": "vector", "result": result}})
        values = [[end, value] for end in ends(form)]
        bands = ("p10", "p50", "p90", "count") if "quantile_over_time(0.1" in form["query"] else ("",)
        result = [
            {"metric": {**labels, **({"memdrift_band": band} if band else {})}, "values": values} for band in bands
        ]
        return web.Response(text=document(result), content_type="application/json")

    return respond


async def hang(request: web.Request, form: dict[str, str]) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def drip(request: web.Request, form: dict[str, str]) -> web.StreamResponse:
    """A byte now and then: every read is in time, the whole never is."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def flood(request: web.Request, form: dict[str, str]) -> web.StreamResponse:
    """Two gigabytes, if anybody would read them."""
    response = web.StreamResponse(headers={"Content-Length": str(2 * 2**30)})
    await response.prepare(request)
    for _ in range(2 * 2**10):
        await response.write(b" " * 2**20)
    return response


async def bomb(request: web.Request, form: dict[str, str]) -> web.StreamResponse:
    """A small body that unpacks to 64 MiB."""
    return web.Response(body=PACKED, headers={"Content-Encoding": "gzip"})


async def break_off(request: web.Request, form: dict[str, str]) -> web.StreamResponse:
    """Promises more than it sends."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"status": "success", "data": {"resultType": "matr')
    assert request.transport is not None
    request.transport.close()
    return response
