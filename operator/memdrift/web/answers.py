"""Pages as answers: with their headers, and with a page in place of every failure.

Exists so that a person who may not look, or cannot be answered now, reads why and what to do. Must not say what they
may not know.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from memdrift.errors import MemdriftError, NotAllowed
from memdrift.ports import Person
from memdrift.report import page

_log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def told(handler: Handler) -> Handler:
    """The handler, whose failures are pages too."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except NotAllowed as error:
            _log.error("pages cannot be served", extra={"reason": error.reason, "problem": error.message})
            return refused(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "memdrift may not ask who you are",
                "Its account lacks the right to create TokenReviews and SubjectAccessReviews.",
                "The administrator grants it with manifests/operator/role-pages.yaml.",
            )
        except (MemdriftError, TimeoutError) as error:
            reason = error.reason if isinstance(error, MemdriftError) else "TimedOut"
            response = refused(
                HTTPStatus.TOO_MANY_REQUESTS if reason == "ReviewsLimited" else HTTPStatus.SERVICE_UNAVAILABLE,
                "Not at the moment",
                f"The API server could not be asked ({reason}).",
                "Load the page again in a moment.",
            )
            response.headers["Retry-After"] = "2"
            return response

    return answer


def forbidden(person: Person, right: str) -> web.Response:
    """403, with the right that is missing."""
    return refused(
        HTTPStatus.FORBIDDEN,
        "You may not see this",
        f"Your account lacks the right to {right}.",
        "Whoever administers the cluster grants it with a RoleBinding.",
        person.name,
    )


def from_elsewhere() -> web.Response:
    """403 for a form of another site."""
    return refused(HTTPStatus.FORBIDDEN, "Not from here", "The form was sent by another site's page.", "")


def refused(status: HTTPStatus, heading: str, problem: str, remedy: str, person: str = "") -> web.Response:
    """A page that says why there is no other one; whose `person` is signed in can leave from it."""
    text = page.render(
        "refused.html", forms=True, heading=heading, problem=problem, remedy=remedy, person=person
    )  # fmt: skip
    return html(text, page.policy(forms=True), status)


def html(text: str, policy: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    """A page with its content security policy; no other page may frame it."""
    headers = {"Content-Security-Policy": f"{policy}; frame-ancestors 'none'", "Vary": "Authorization, Cookie"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def went(path: str) -> web.Response:
    """On to another page."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})
