"""The pages for people: the fleet, one incident, signing in and out.

Exists so that a person sees in a browser exactly what the cluster lets them read, and nothing can be changed from here.
Must not judge, fetch measurements or write anything; every answer about a store follows an answer of `Access`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from memdrift.ports import Clock, Person
from memdrift.report import fleet, incident, page
from memdrift.report.board import Board
from memdrift.report.fleet import FleetView, Query
from memdrift.web import answers, visitors
from memdrift.web.access import Access
from memdrift.web.answers import Handler
from memdrift.web.incidents import IncidentPages
from memdrift.web.senders import Forms, Sender, remember_form, sender_of
from memdrift.web.sessions import SESSION_SECONDS, Sessions

STORES, INCIDENTS = "featurestores", "driftincidents"
READ_SECONDS = 5.0
_STALE = "This form is of an earlier day, or your browser keeps no cookie of it: please sign in with this one."
_WRONG = "The API server does not accept this token: it may have ended, or belong to another cluster."

View = Callable[[web.Request, Person], Awaitable[web.Response]]


class Pages:
    """Adds the pages to a server."""

    def __init__(self, board: Board, access: Access, incidents: IncidentPages, clock: Clock) -> None:
        self._board = board
        self._access = access
        self._incidents = incidents
        self._clock = clock
        self._sessions = Sessions(clock)
        self._forms = Forms()
        self._one_at_a_time = asyncio.Lock()  # pages may be slow when many look; ticks may not

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve them. Only signing in and out is not a GET, and both change nothing here."""
        router.add_get("/", self._first)
        router.add_get("/favicon.ico", self._no_icon)
        router.add_get("/fleet", self._for_people(self._fleet))
        router.add_get("/incidents/{namespace}/{name}", self._for_people(self._incident))
        router.add_get("/login", answers.told(self._ask))
        router.add_post("/login", answers.told(self._sign_in))
        router.add_post("/logout", answers.told(self._sign_out))

    def _for_people(self, view: View) -> Handler:
        async def answer(request: web.Request) -> web.Response:
            token = visitors.token_of(request, self._sessions)
            if not token:
                return self._sign_in_page(request, request.rel_url.raw_path_qs)
            person = await self._access.person(token)
            if person is None:
                return self._sign_in_page(request, request.rel_url.raw_path_qs, _WRONG)
            return await view(request, person)

        return answers.told(answer)

    async def _no_icon(self, _request: web.Request) -> web.Response:
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _first(self, _request: web.Request) -> web.Response:
        return answers.went("/fleet")

    async def _fleet(self, request: web.Request, person: Person) -> web.Response:
        query, board = Query.parse(request.query), self._board
        stores = await self._access.sight(person, STORES, board.store_namespaces, query.text)
        incidents = await self._access.sight(person, INCIDENTS, board.incident_namespaces, query.text)
        unasked = stores.unasked | incidents.unasked
        if stores.empty and incidents.empty and not unasked:
            return answers.forbidden(person, "get featurestores.memdrift.io in any namespace that has a store")
        kinds = ((STORES, stores, board.store_namespaces), (INCIDENTS, incidents, board.incident_namespaces))
        hidden = [kind for kind, sight, places in kinds if places and sight.empty and not sight.unasked]
        view = FleetView(
            board.stores(stores.__contains__),
            board.open_incidents(incidents.__contains__),
            board.closed_incidents(incidents.__contains__),
            query,
            person.name,
            self._clock.now(),
            unasked_namespaces=len(unasked),
            namespaces=len(board.store_namespaces | board.incident_namespaces),
            hidden=hidden,
        )
        async with self._one_at_a_time:
            html = await asyncio.to_thread(fleet.fleet_page, view)
        return answers.html(html, page.policy(fleet.SCRIPTS, live=True))

    async def _incident(self, request: web.Request, person: Person) -> web.Response:
        namespace, name = request.match_info["namespace"], request.match_info["name"]
        if not await self._access.may_read(person, INCIDENTS, namespace):
            return answers.forbidden(person, f"get driftincidents.memdrift.io in the namespace {namespace}")
        with_store = await self._access.may_read(person, STORES, namespace)
        html = await self._incidents.html(namespace, name, with_store=with_store)
        if html is None:
            return answers.refused(
                HTTPStatus.NOT_FOUND,
                "No such incident",
                f"There is no DriftIncident {namespace}/{name} any more.",
                "Closed incidents are pruned in time; their documents and reports stay in the archive.",
            )
        return answers.html(html, page.policy(incident.LIVE_SCRIPTS, live=True))

    async def _ask(self, request: web.Request) -> web.Response:
        return self._sign_in_page(request, request.query.get("next", ""), status=HTTPStatus.OK)

    async def _sign_in(self, request: web.Request) -> web.Response:
        sender = sender_of(request)
        if sender is Sender.ANOTHER:
            return answers.from_elsewhere()
        form = await visitors.form_of(request, READ_SECONDS)
        following, token = form.get("next", ""), visitors.valid(form.get("token", "").strip())
        if sender is not Sender.OURS and not self._forms.proved(request, form.get("form", "")):
            return self._sign_in_page(request, following, _STALE, HTTPStatus.FORBIDDEN)
        if not token:
            return self._sign_in_page(request, following, "That is no token: paste it as it was given, in one line.")
        if await self._access.person(token) is None:
            return self._sign_in_page(request, following, _WRONG)
        response = answers.went(visitors.own_path(following))
        visitors.remember(response, self._sessions.begin(token))
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        sender = sender_of(request)
        # Browsers add the session's cookie to no other site's form, and so it speaks for one that says nothing.
        ours = sender is Sender.OURS or (sender is Sender.UNSAID and self._sessions.token(visitors.session_of(request)))
        if not ours:
            return answers.from_elsewhere()
        self._sessions.end(visitors.session_of(request))
        response = answers.went("/login")
        visitors.forget(response)
        return response

    def _sign_in_page(
        self, request: web.Request, following: str, problem: str = "", status: HTTPStatus = HTTPStatus.UNAUTHORIZED
    ) -> web.Response:
        name = self._forms.name_for(request)
        html = page.render(
            "signin.html",
            forms=True,
            problem=problem,
            following=visitors.own_path(following),
            proof=self._forms.proof(name),
            hours=SESSION_SECONDS // 3600,
        )
        response = answers.html(html, page.policy(forms=True), status)
        if name:
            remember_form(response, name)
        if status is HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Bearer realm="memdrift"'
        return response
