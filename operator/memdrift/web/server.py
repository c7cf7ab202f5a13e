"""The HTTP server: routes, limits and headers.

Exists as the one place where bytes from outside become calls. Must not know what an alert means or how healthy is
healthy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from memdrift.adapters import alertmanager
from memdrift.adapters.telemetry import Telemetry
from memdrift.errors import SpecInvalid
from memdrift.ports import Clock, Requests
from memdrift.report.health import Health
from memdrift.web import probes
from memdrift.web.alerts import AlertReceiver
from memdrift.web.pages import Pages
from memdrift.web.tokens import Admission, admission

_log = logging.getLogger(__name__)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",  # with `no-referrer` a browser hides the origin of our own forms from us
    "Server": "memdrift",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_REFUSALS = {
    Admission.MISSING: (HTTPStatus.UNAUTHORIZED, "TokenMissing", "send `Authorization: Bearer <token>`"),
    Admission.WRONG: (HTTPStatus.FORBIDDEN, "TokenWrong", "the token is not in the file `receiverTokenFile` names"),
    Admission.UNREADABLE: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "TokenNotConfigured",
        "the administrator must set `receiverTokenFile` to a readable file with a token",
    ),
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take.

    Attributes:
        body_bytes: of a notification.
        read_seconds: for its body to arrive.
        record_seconds: for all of its alerts; below the 10 s after which Alertmanager gives up by default.
        idle_seconds: for which a kept-alive connection may say nothing.
    """

    body_bytes: int = 1024 * 1024
    read_seconds: float = 5.0
    record_seconds: float = 8.0
    idle_seconds: float = 75.0


class WebServer:
    """Serves `/alerts`, `/healthz`, `/readyz`, `/metrics` and the pages from the running event loop.

    Args:
        port: 0 chooses a free one, see `port`.
        token_file: asked for every request, so that a new administrator's file counts at once; None refuses all alerts.
        pages: None serves none.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        requests: Requests,
        telemetry: Telemetry,
        health: Health,
        clock: Clock,
        token_file: Callable[[], Path | None],
        limits: Limits | None = None,
        pages: Pages | None = None,
    ) -> None:
        self._host = host
        self._wanted_port = port
        self._telemetry = telemetry
        self._health = health
        self._clock = clock
        self._token_file = token_file
        self._limits = limits or Limits()
        self._pages = pages
        self._alerts = AlertReceiver(requests, telemetry.count_alerts)
        self._scrape = asyncio.Lock()
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; only after `start`."""
        addresses = self._runner.addresses if self._runner else []
        return int(addresses[0][1]) if addresses else self._wanted_port

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the address is taken or not ours.
        """
        app = web.Application(client_max_size=self._limits.body_bytes, middlewares=[_errors_as_json])
        app.on_response_prepare.append(_with_headers)
        app.router.add_post("/alerts", self._receive)
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/metrics", self._metrics)
        if self._pages is not None:
            self._pages.add_to(app.router)
        # A compressed body could unfold to any size before its limit is seen, so it stays as it came and is refused.
        runner = web.AppRunner(
            app,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=self._limits.idle_seconds,
            lingering_time=1.0,
            shutdown_timeout=2.0,
        )
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, self._host, self._wanted_port, reuse_address=True).start()

    async def stop(self) -> None:
        """Finish what is being answered, at most 2 s, and close."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        admitted = admission(request.headers.get("Authorization", ""), self._token_file())
        if admitted is not Admission.GRANTED:
            status, reason, remedy = _REFUSALS[admitted]
            return _refusal(status, reason, remedy)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return _refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "BodyEncoded", "`Content-Encoding`: send plain JSON")
        try:
            async with asyncio.timeout(self._limits.read_seconds):
                body = await request.read()
        except TimeoutError:
            return _refusal(HTTPStatus.REQUEST_TIMEOUT, "BodyTooSlow", "the body did not arrive in time")
        try:
            notification = alertmanager.parse(body)
        except SpecInvalid as error:
            return _refusal(HTTPStatus.BAD_REQUEST, error.reason, error.message)
        receipt = await self._alerts.receive(notification, self._limits.record_seconds)
        response = web.json_response(receipt.document(), status=receipt.status)
        if receipt.status is HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers["Retry-After"] = "10"
        return response

    async def _alive(self, _request: web.Request) -> web.Response:
        status, document = probes.alive(self._health.dead_watches(self._clock.monotonic()))
        return web.json_response(document, status=status)

    async def _ready(self, _request: web.Request) -> web.Response:
        status, document = probes.ready(self._health.figures(self._clock.monotonic()))
        return web.json_response(document, status=status)

    async def _metrics(self, _request: web.Request) -> web.Response:
        async with self._scrape:
            self._telemetry.observe_health(self._health.figures(self._clock.monotonic()))
            content = await self._telemetry.exposition()
        return web.Response(body=content, headers={"Content-Type": Telemetry.CONTENT_TYPE})


def _refusal(status: HTTPStatus, reason: str, message: str) -> web.Response:
    response = web.json_response({"reason": reason, "message": message}, status=status)
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="memdrift"'
    return response


@web.middleware
async def _errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        response = _refusal(HTTPStatus(error.status), type(error).__name__.removeprefix("HTTP"), error.reason)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except Exception:  # noqa: BLE001 - one broken request must not tell a stranger why, nor stop the server
        _log.exception("a request failed")
        return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", "see memdrift's log")


async def _with_headers(_request: web.Request, response: web.StreamResponse) -> None:
    policy = response.headers.get("Content-Security-Policy")
    response.headers.update(_HEADERS)
    if policy is not None:  # a page's own, which allows its own style and scripts
        response.headers["Content-Security-Policy"] = policy
