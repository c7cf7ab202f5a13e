"""The pages for people: the fleet, one incident, signing in and out.

Exists so that a person sees in a browser exactly what the cluster lets them read, and nothing can be changed from here.
Must not judge, fetch measurements or write anything; every answer about a store follows an answer of `Access`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from memdrift.errors import MemdriftError, NotAllowed
from memdrift.ports import Clock, Person
from memdrift.report import fleet, incident, page
from memdrift.report.board import Board
from memdrift.report.fleet import FleetView, Query
from memdrift.web import visitors
from memdrift.web.access import Access
from memdrift.web.incidents import IncidentPages
from memdrift.web.sessions import SESSION_SECONDS, Sessions

STORES, INCIDENTS = "featurestores", "driftincidents"
READ_SECONDS = 5.0
_WRONG = "The API server does not accept this token: it may have ended, or belong to another cluster."
_log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
View = Callable[[web.Request, Person], Awaitable[web.Response]]


class Pages:
    """Adds the pages to a server."""

    def __init__(self, board: Board, access: Access, incidents: IncidentPages, clock: Clock) -> None:
        self._board = board
        self._access = access
        self._incidents = incidents
        self._clock = clock
        self._sessions = Sessions(clock)
        self._one_at_a_time = asyncio.Lock()  # pages may be slow when many look; ticks may not

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve them. Only signing in and out is not a GET, and both change nothing here."""
        router.add_get("/", self._first)
        router.add_get("/favicon.ico", self._no_icon)
        router.add_get("/fleet", self._for_people(self._fleet))
        router.add_get("/incidents/{namespace}/{name}", self._for_people(self._incident))
        router.add_get("/login", _told(self._ask))
        router.add_post("/login", _told(self._sign_in))
        router.add_post("/logout", _told(self._sign_out))

    def _for_people(self, view: View) -> Handler:
        async def answer(request: web.Request) -> web.Response:
            token = visitors.token_of(request, self._sessions)
            if not token:
                return _sign_in_page(request.rel_url.raw_path_qs, "")
            person = await self._access.person(token)
            if person is None:
                return _sign_in_page(request.rel_url.raw_path_qs, _WRONG)
            return await view(request, person)

        return _told(answer)

    async def _no_icon(self, _request: web.Request) -> web.Response:
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _first(self, _request: web.Request) -> web.Response:
        return _went("/fleet")

    async def _fleet(self, request: web.Request, person: Person) -> web.Response:
        namespaces = self._board.namespaces
        stores = await self._access.sight(person, STORES, namespaces)
        incidents = await self._access.sight(person, INCIDENTS, namespaces)
        if stores.empty and not stores.unasked:
            return _forbidden(person, "get featurestores.memdrift.io in any namespace that has a store")
        view = FleetView(
            self._board.stores(stores.__contains__),
            self._board.open_incidents(incidents.__contains__),
            self._board.closed_incidents(incidents.__contains__),
            Query.parse(request.query),
            person.name,
            self._clock.now(),
            max(stores.unasked, incidents.unasked),
        )
        async with self._one_at_a_time:
            html = await asyncio.to_thread(fleet.fleet_page, view)
        return _html(html, page.policy(fleet.SCRIPTS, live=True))

    async def _incident(self, request: web.Request, person: Person) -> web.Response:
        namespace, name = request.match_info["namespace"], request.match_info["name"]
        if not await self._access.may_read(person, INCIDENTS, namespace):
            return _forbidden(person, f"get driftincidents.memdrift.io in the namespace {namespace}")
        with_store = await self._access.may_read(person, STORES, namespace)
        html = await self._incidents.html(namespace, name, with_store=with_store)
        if html is None:
            return _refused(
                HTTPStatus.NOT_FOUND,
                "No such incident",
                f"There is no DriftIncident {namespace}/{name} any more.",
                "Closed incidents are pruned in time; their documents and reports stay in the archive.",
            )
        return _html(html, page.policy(incident.LIVE_SCRIPTS, live=True))

    async def _ask(self, request: web.Request) -> web.Response:
        return _sign_in_page(request.query.get("next", ""), "", HTTPStatus.OK)

    async def _sign_in(self, request: web.Request) -> web.Response:
        if visitors.from_elsewhere(request):
            return _from_elsewhere()
        form = await visitors.form_of(request, READ_SECONDS)
        following, token = form.get("next", ""), visitors.valid(form.get("token", "").strip())
        if not token:
            return _sign_in_page(following, "That is no token: paste it as it was given, in one line.")
        if await self._access.person(token) is None:
            return _sign_in_page(following, _WRONG)
        response = _went(visitors.own_path(following))
        visitors.remember(response, self._sessions.begin(token))
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        if visitors.from_elsewhere(request):
            return _from_elsewhere()
        self._sessions.end(visitors.session_of(request))
        response = _went("/login")
        visitors.forget(response)
        return response


def _told(handler: Handler) -> Handler:
    """The handler, whose failures are pages too."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except NotAllowed as error:
            _log.error("pages cannot be served", extra={"reason": error.reason, "problem": error.message})
            return _refused(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "memdrift may not ask who you are",
                "Its account lacks the right to create TokenReviews and SubjectAccessReviews.",
                "The administrator grants it with manifests/operator/role-pages.yaml.",
            )
        except (MemdriftError, TimeoutError) as error:
            reason = error.reason if isinstance(error, MemdriftError) else "TimedOut"
            response = _refused(
                HTTPStatus.TOO_MANY_REQUESTS if reason == "ReviewsLimited" else HTTPStatus.SERVICE_UNAVAILABLE,
                "Not at the moment",
                f"The API server could not be asked ({reason}).",
                "Load the page again in a moment.",
            )
            response.headers["Retry-After"] = "2"
            return response

    return answer


def _sign_in_page(following: str, problem: str, status: HTTPStatus = HTTPStatus.UNAUTHORIZED) -> web.Response:
    html = page.render(
        "signin.html",
        forms=True,
        problem=problem,
        following=visitors.own_path(following),
        hours=SESSION_SECONDS // 3600,
    )
    response = _html(html, page.policy(forms=True), status)
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="memdrift"'
    return response


def _forbidden(person: Person, right: str) -> web.Response:
    return _refused(
        HTTPStatus.FORBIDDEN,
        "You may not see this",
        f"Your account lacks the right to {right}.",
        "Whoever administers the cluster grants it with a RoleBinding.",
        person.name,
    )


def _from_elsewhere() -> web.Response:
    return _refused(HTTPStatus.FORBIDDEN, "Not from here", "The form was sent by another site's page.", "")


def _refused(status: HTTPStatus, heading: str, problem: str, remedy: str, person: str = "") -> web.Response:
    html = page.render(
        "refused.html", forms=True, heading=heading, problem=problem, remedy=remedy, person=person
    )  # fmt: skip
    return _html(html, page.policy(forms=True), status)


def _html(text: str, policy: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    headers = {"Content-Security-Policy": f"{policy}; frame-ancestors 'none'", "Vary": "Authorization, Cookie"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def _went(path: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})
