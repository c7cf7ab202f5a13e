"""Who sees what: the pages over a real connection, with the cluster's rules as a fake at the port."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path

import aiohttp
import pytest

from memdrift.errors import ClusterUnavailable, NotAllowed
from memdrift.web.access import AccessLimits
from memdrift.web.senders import FORM_COOKIE
from memdrift.web.visitors import COOKIE, own_path
from tests.web.fakes import running_room
from tests.web.people import Office, holding, incident_document, office, store_document

INCIDENT = "/incidents/market/features-2"
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def place() -> AsyncIterator[Office]:
    async with office() as running:
        yield running


async def asked(
    place: Office, path: str, token: str = "", method: str = "GET", **more: object
) -> tuple[aiohttp.ClientResponse, str]:
    headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **more.pop("headers", {})}
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.request(method, place.url + path, headers=headers, allow_redirects=False, **more) as answer,
    ):
        return answer, await answer.text()


async def test_without_a_token_there_is_a_form_and_nothing_else(place: Office) -> None:
    for path in ("/fleet", INCIDENT):
        answer, text = await asked(place, path)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert 'type="password"' in text
        assert f'value="{path}"' in text
        assert "features grows" not in text
    assert place.reviews.asked == []


@pytest.mark.parametrize("token", ["wrong", "x" * 8000])
async def test_a_token_of_nobody_is_unauthorised(place: Office, token: str) -> None:
    answer, text = await asked(place, "/fleet", token)
    assert answer.status == 401
    assert "does not accept" in text
    assert token not in text


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer a b", "Bearer ü", "Bearer a;b", "token all"])
async def test_what_is_no_token_is_not_even_asked_about(place: Office, header: str) -> None:
    answer, _ = await asked(place, "/fleet", headers={"Authorization": header})
    assert answer.status == 401
    assert place.reviews.asked == []


async def test_a_person_without_rights_is_forbidden_everything(place: Office) -> None:
    for path in ("/fleet", "/fleet?q=features", INCIDENT, "/incidents/market/no-such"):
        answer, text = await asked(place, path, "nobody")
        assert answer.status == 403, path
        assert "nora" in text
        assert "120Mi" not in text
    assert place.cluster.reads == 0, "what may not be seen is not read either"


async def test_everybody_sees_the_namespaces_of_their_rights(place: Office) -> None:
    _, everything = await asked(place, "/fleet", "all")
    answer, some = await asked(place, "/fleet", "market")
    assert answer.status == 200
    for shown in ("features", "profiles", "features-2", "Cooldown", "487 of", "github.com/grab/async"):
        assert shown in everything
        assert shown in some
    for hidden in ("shop", "offers", "TargetNotFound"):
        assert hidden in everything
        assert hidden not in some


async def test_incidents_have_a_right_of_their_own(place: Office) -> None:
    place.reviews.admit("half", "hal", "market", resources=("featurestores",))
    answer, text = await asked(place, "/fleet", "half")
    assert answer.status == 200
    assert "profiles" in text
    assert "grab/async" not in text
    assert (await asked(place, INCIDENT, "half"))[0].status == 403


async def test_an_incident_shows_its_store_only_to_who_may_read_that(place: Office) -> None:
    place.reviews.admit("incidents", "ivy", "market", resources=("driftincidents",))
    answer, text = await asked(place, INCIDENT, "incidents")
    assert answer.status == 200
    assert "Ledger of stopgaps" not in text
    answer, text = await asked(place, INCIDENT, "market")
    assert "Ledger of stopgaps" in text
    assert "features grows by" in text
    assert "https://archive.example/" in text
    assert (await asked(place, "/incidents/market/no-such", "market"))[0].status == 404
    assert (await asked(place, "/incidents/shop/features-2", "market"))[0].status == 403


async def test_a_page_of_an_incident_is_made_once_until_it_changes(place: Office) -> None:
    first = (await asked(place, INCIDENT, "all"))[1]
    assert (await asked(place, INCIDENT, "market"))[1] == first
    assert place.cluster.reads == 1
    place.clock.passed += 6
    assert (await asked(place, INCIDENT, "all"))[1] == first
    assert place.cluster.reads == 2
    place.change(reason="Budget24Hours")
    place.clock.passed += 6
    assert "Budget24Hours" in (await asked(place, INCIDENT, "all"))[1]


async def test_an_exhibit_that_is_gone_leaves_a_page(place: Office) -> None:
    place.cluster.objects.clear()
    answer, text = await asked(place, INCIDENT, "all")
    assert answer.status == 200
    assert "cannot be read at the moment" in text


async def test_answers_are_remembered_for_seconds_only(place: Office) -> None:
    for _ in range(5):
        assert (await asked(place, "/fleet", "market"))[0].status == 200
    once = list(place.reviews.asked)
    assert len(once) == len(set(once))
    place.reviews.rights.clear()
    place.clock.passed += 31
    assert (await asked(place, "/fleet", "market"))[0].status == 403
    del place.reviews.people["market"]
    place.clock.passed += 11
    assert (await asked(place, "/fleet", "market"))[0].status == 401


async def test_made_up_tokens_are_refused_before_they_are_asked_about_and_lock_nobody_out() -> None:
    async with office(AccessLimits(strangers_per_second=2)) as place:
        assert (await asked(place, "/fleet", "all"))[0].status == 200
        statuses = [(await asked(place, "/fleet", f"made-up-{number}"))[0].status for number in range(20)]
        assert statuses == [401] * 5 + [429] * 15
        place.clock.passed += 11
        for number in range(20):
            await asked(place, "/fleet", f"another-{number}")
        answer, _ = await asked(place, "/fleet", "new")
        assert (answer.status, answer.headers["Retry-After"]) == (429, "2")
        assert (await asked(place, "/fleet", "all"))[0].status == 200


async def test_while_the_api_server_is_slow_to_refuse_made_up_tokens_nobody_known_waits_for_them() -> None:
    async with office() as place:
        assert (await asked(place, "/fleet", "all"))[0].status == 200
        place.reviews.strangers_wait_for = answered = asyncio.Event()
        flood = [asyncio.create_task(asked(place, "/fleet", f"made-up-{number}")) for number in range(14)]
        while len(place.reviews.asked) < 5:  # noqa: ASYNC110 - until both of them are asked about
            await asyncio.sleep(0)
        for passed in (0, 11, 31):  # remembered; the token is asked about anew; the rights too
            place.clock.passed += passed
            async with asyncio.timeout(10):
                assert (await asked(place, "/fleet", "all"))[0].status == 200
        assert sum(asked.startswith("token made-up") for asked in place.reviews.asked) == 2
        answered.set()
        assert {answer.status for answer, _ in await asyncio.gather(*flood)} == {401}


def teams(place: Office, count: int, *, allowed: int) -> None:
    """So many namespaces with a store and an incident, of which `teams` may read the last ones."""
    for number in range(count):
        place.board.store_seen(store_document("each", f"team-{number:03}", verdict="Steady"))
        place.board.incident_seen(incident_document("each-1", f"team-{number:03}", "each", **holding(5)))
        if number >= count - allowed:
            place.reviews.admit("teams", "tea", f"team-{number:03}")


def shown(text: str) -> set[str]:
    return set(re.findall(r'data-key="(team-\d+)/', text))


def reviewed(place: Office, since: int) -> set[str]:
    """The namespaces that were asked about."""
    return {asked.split()[2] for asked in place.reviews.asked[since:] if asked.startswith("tea ") and asked[-1] != " "}


async def test_three_hundred_namespaces_are_all_looked_at_at_once() -> None:
    async with office() as place:
        teams(place, 300, allowed=200)
        answer, text = await asked(place, "/fleet", "teams")
        assert answer.status == 200
        assert "part of the fleet" not in text
        assert "1 to 50 of 200" in text
        once = len(place.reviews.asked)
        assert (await asked(place, "/fleet", "teams"))[1] == text
        assert len(place.reviews.asked) == once, "what is remembered is not asked again"


async def test_a_fleet_that_is_seen_in_part_says_so_and_goes_on_until_it_is_whole() -> None:
    async with office(AccessLimits(reviews_per_second=20, right_seconds=300)) as place:
        teams(place, 300, allowed=300)
        told, seen = [], []
        for _ in range(6):
            before = len(place.reviews.asked)
            _, text = await asked(place, "/fleet", "teams")
            found = re.search(r"(\d+) of 302 namespaces are not looked at yet", text)
            told.append(int(found[1]) if found else 0)
            seen.append(len(place.reviews.asked) - before)
            place.clock.passed += 10
        assert told[0] > told[1] >= told[2] > told[3] == 0, told
        assert "The next refresh goes on with them" not in text
        assert "1 to 50 of 300" in text
        assert max(seen) <= 204, "no refresh asks more than ten seconds' worth"
        assert sum(seen) <= 620, "and nothing is asked twice"


async def test_what_is_not_known_yet_is_not_shown() -> None:
    async with office(AccessLimits(reviews_per_second=5)) as place:
        teams(place, 300, allowed=10)
        for _ in range(12):
            _, text = await asked(place, "/fleet", "teams")
            assert shown(text) <= {f"team-{number:03}" for number in range(290, 300)}
            assert "part of the fleet" in text
            place.clock.passed += 10


async def test_of_more_than_can_ever_be_known_every_namespace_has_its_turn() -> None:
    async with office(AccessLimits(reviews_per_second=3)) as place:
        teams(place, 300, allowed=300)
        looked_at: set[str] = set()
        for _ in range(25):
            before = len(place.reviews.asked)
            await asked(place, "/fleet", "teams")
            looked_at |= reviewed(place, before)
            place.clock.passed += 10
        assert len(looked_at & {f"team-{number:03}" for number in range(300)}) == 300


async def test_a_namespace_that_is_named_is_looked_at_first() -> None:
    async with office(AccessLimits(reviews_per_second=2)) as place:
        teams(place, 300, allowed=300)
        _, text = await asked(place, "/fleet", "teams")
        assert "team-250" not in shown(text)
        place.clock.passed += 10
        _, text = await asked(place, "/fleet?q=team-250", "teams")
        assert shown(text) == {"team-250"}


async def test_who_has_many_namespaces_can_still_open_an_incident() -> None:
    async with office(AccessLimits(reviews_per_second=20)) as place:
        teams(place, 300, allowed=300)
        place.reviews.admit("teams", "tea", "market")
        assert "part of the fleet" in (await asked(place, "/fleet?q=team", "teams"))[1]
        assert (await asked(place, INCIDENT, "teams"))[0].status == 200


async def test_a_slow_api_server_shows_a_part_in_time_and_nobody_else_waits_for_it() -> None:
    async with office(AccessLimits(patience_seconds=0.2)) as place:
        teams(place, 300, allowed=300)
        place.reviews.hangs_for = "tea"
        answer, text = await asked(place, "/fleet", "teams")
        assert answer.status == 200
        assert "302 of 302 namespaces are not looked at yet" in text
        assert text.count("None, as far as is known yet.") == 2
        assert shown(text) == set()
        slow = asyncio.create_task(asked(place, "/fleet", "teams"))
        assert "1 to 50 of 303" in (await asked(place, "/fleet", "all"))[1]
        await slow


async def test_a_right_that_is_taken_away_ends_also_among_many() -> None:
    async with office() as place:
        teams(place, 300, allowed=300)
        assert "1 to 50 of 300" in (await asked(place, "/fleet", "teams"))[1]
        place.reviews.rights -= {("tea", resource, "team-007") for resource in ("featurestores", "driftincidents")}
        place.clock.passed += 31
        _, text = await asked(place, "/fleet?q=team-00", "teams")
        assert shown(text) == {f"team-{number:03}" for number in range(10)} - {"team-007"}


async def test_who_may_read_incidents_only_sees_them_and_what_is_left_out(place: Office) -> None:
    place.reviews.admit("incidents", "ivy", "market", resources=("driftincidents",))
    answer, text = await asked(place, "/fleet", "incidents")
    assert answer.status == 200
    assert "features-2" in text
    assert "profiles" not in text
    assert "Left out: you may <code>get</code> no <code>featurestores.memdrift.io</code>" in text
    place.reviews.admit("half", "hal", "market", resources=("featurestores",))
    assert "no <code>driftincidents.memdrift.io</code>" in (await asked(place, "/fleet", "half"))[1]
    assert "Left out" not in (await asked(place, "/fleet", "market"))[1]


async def test_the_cookie_is_for_browsers(place: Office) -> None:
    form = {"token": " market\n", "next": INCIDENT}
    answer, _ = await asked(place, "/login", method="POST", data=form, headers=OURS)
    assert (answer.status, answer.headers["Location"]) == (303, INCIDENT)
    cookie = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["path"]) == (True, True, "Strict", "/")
    assert int(cookie["max-age"]) <= 8 * 3600
    assert "market" not in cookie.value
    headers = {"Cookie": f"{COOKIE}={cookie.value}"}
    assert (await asked(place, INCIDENT, headers=headers))[0].status == 200
    assert (await asked(place, INCIDENT, headers={**headers, "Authorization": "Basic YTpi"}))[0].status == 200
    answer, _ = await asked(place, "/logout", method="POST", headers=headers)
    assert answer.status == 303
    assert SimpleCookie(answer.headers["Set-Cookie"])[COOKIE].value == ""
    assert (await asked(place, INCIDENT, headers=headers))[0].status == 401


@pytest.mark.parametrize(
    "form",
    [{"token": "wrong"}, {"token": ""}, {}, {"token": "a b"}, {"token": "x" * 4000}, {"token": "x" * 40_000}],
    ids=lambda form: str(form)[:20],
)
async def test_a_wrong_sign_in_says_so_and_sets_nothing(place: Office, form: dict[str, str]) -> None:
    answer, text = await asked(place, "/login", method="POST", data=form, headers=OURS)
    assert answer.status == 401
    assert 'role="alert"' in text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
     {"Origin": "null"}, {"Referer": "https://evil.example/127.0.0.1"}, {"Origin": "http://[evil"}, {}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("path", ["/login", "/logout"])
async def test_another_sites_page_signs_nobody_in_or_out(place: Office, path: str, headers: dict[str, str]) -> None:
    answer, _ = await asked(place, path, method="POST", data={"token": "market"}, headers=headers)
    assert answer.status == 403
    assert COOKIE not in answer.headers.get("Set-Cookie", "")
    assert place.reviews.asked == []


def form_of(answer: aiohttp.ClientResponse, text: str) -> tuple[dict[str, str], dict[str, str]]:
    """The cookie and the hidden field that a browser without `Sec-Fetch-Site` is given with the form."""
    cookie = SimpleCookie(answer.headers["Set-Cookie"])[FORM_COOKIE]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["path"]) == (True, True, "Strict", "/")
    assert cookie["domain"] == ""
    found = re.search(r'name="form" value="([0-9a-f]{64})"', text)
    assert found is not None
    return {"Cookie": f"{FORM_COOKIE}={cookie.value}"}, {"form": found[1]}


@pytest.mark.parametrize("said", [{}, {"Origin": "null"}], ids=str)
async def test_a_browser_that_says_nothing_signs_in_with_the_form_it_was_given(
    place: Office, said: dict[str, str]
) -> None:
    headers, proof = form_of(*(await asked(place, "/fleet")))
    answer, _ = await asked(place, "/login", method="POST", data={"token": "market", **proof}, headers=headers | said)
    assert answer.status == 303
    assert COOKIE in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("header", ["Origin", "Referer"])
async def test_an_old_browser_that_names_our_own_page_signs_in_and_out(place: Office, header: str) -> None:
    ours = {header: place.url if header == "Origin" else f"{place.url}/login"}
    answer, _ = await asked(place, "/login", method="POST", data={"token": "market"}, headers=ours)
    assert answer.status == 303
    cookie = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]
    headers = {"Cookie": f"{COOKIE}={cookie.value}"}
    assert (await asked(place, "/logout", method="POST", headers=headers | ours))[0].status == 303
    assert (await asked(place, "/fleet", headers=headers))[0].status == 401


async def test_the_two_halves_of_a_form_must_belong_together(place: Office) -> None:
    mine, my_proof = form_of(*(await asked(place, "/login")))
    other, other_proof = form_of(*(await asked(place, "/login")))
    for headers, proof in ((mine, other_proof), (other, my_proof), (mine, {}), ({}, my_proof), (mine, {"form": "x"}),
                           ({"Cookie": f"{FORM_COOKIE}=short"}, my_proof)):  # fmt: skip
        answer, text = await asked(place, "/login", method="POST", data={"token": "market", **proof}, headers=headers)
        assert answer.status == 403
        assert "please sign in with this one" in text
        assert COOKIE + "=" not in answer.headers.get("Set-Cookie", "")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        data = {"token": "market", **my_proof}
        answer, _ = await asked(place, "/login", method="POST", data=data, headers=mine | headers)
        assert answer.status == 403, "a proof does not outweigh what the browser says"


async def test_two_open_forms_of_one_browser_are_both_good(place: Office) -> None:
    headers, first = form_of(*(await asked(place, "/login")))
    again, second = form_of(*(await asked(place, "/login", headers=headers)))
    assert (headers, first) == (again, second)


async def test_a_browser_that_says_where_a_form_comes_from_is_given_no_cookie_for_it(place: Office) -> None:
    answer, text = await asked(place, "/login", headers={"Sec-Fetch-Site": "none"})
    assert "Set-Cookie" not in answer.headers
    assert 'name="form"' not in text


async def test_our_pages_let_a_browser_name_them_to_ourselves_only(place: Office) -> None:
    answer, text = await asked(place, "/login")
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert '<meta name="referrer" content="same-origin">' in text


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/fleet", "//evil.example/fleet", "/\\evil.example", "/fleet\r\nX: y", "/metrics",
     "/incidents/../x", "javascript:alert(1)", ""],
)  # fmt: skip
def test_nobody_is_sent_away(address: str) -> None:
    assert own_path(address) == "/fleet"


def test_where_somebody_wanted_to_go_is_kept() -> None:
    for path in ("/fleet", "/fleet?q=a%2Fb&page=2", "/incidents/market/features-2"):
        assert own_path(path) == path


@pytest.mark.parametrize(
    ("path", "token"), [("/fleet", "all"), (INCIDENT, "all"), ("/fleet", ""), ("/fleet", "nobody")]
)
async def test_every_page_is_locked_down(place: Office, path: str, token: str) -> None:
    answer, text = await asked(place, path, token)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")
    assert policy.endswith("; frame-ancestors 'none'")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert not re.search(r"<[^>]+ (style|on\w+)=", text)


async def test_head_is_answered_and_nothing_but_get_is_served(place: Office) -> None:
    answer, text = await asked(place, "/fleet", "all", "HEAD")
    assert (answer.status, text) == (200, "")
    assert (await asked(place, "/fleet", method="HEAD"))[0].status == 401
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert (await asked(place, "/fleet", "all", method))[0].status == 405
        assert (await asked(place, INCIDENT, "all", method))[0].status == 405
    answer, _ = await asked(place, "/")
    assert (answer.status, answer.headers["Location"]) == (303, "/fleet")


async def test_what_the_cluster_does_not_answer_is_told_without_details(place: Office) -> None:
    place.reviews.failure = ClusterUnavailable("ApiServerTimedOut", "no answer to POST /apis/secret-path")
    answer, text = await asked(place, "/fleet", "all")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert "ApiServerTimedOut" in text
    assert "secret-path" not in text
    place.reviews.failure = NotAllowed("Forbidden", "grant it")
    answer, text = await asked(place, "/fleet", "other")
    assert answer.status == 503
    assert "role-pages.yaml" in text


async def test_a_token_is_never_logged(place: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    place.reviews.admit("very-secret", "sam", "")
    place.cluster.objects.clear()
    await asked(place, INCIDENT, "very-secret")
    await asked(place, "/login", method="POST", data={"token": "very-secret"}, headers=OURS)
    place.reviews.failure = NotAllowed("Forbidden", "grant it")
    place.clock.passed += 60
    await asked(place, "/fleet", "very-secret")
    assert caplog.records
    assert "very-secret" not in caplog.text + repr([vars(record) for record in caplog.records])


async def test_hostile_words_are_text(place: Office) -> None:
    evil = "<script>alert(1)</script>"
    place.board.store_seen(store_document("evil", verdict="Steady", growthPerHour="1Mi"))
    _, text = await asked(place, "/fleet?q=%3Cscript%3Ealert(1)%3C/script%3E&verdict=%22%3E&page=-3", "all")
    assert evil not in text
    assert "&lt;script&gt;" in text


async def test_without_pages_there_are_none(tmp_path: Path) -> None:
    async with (
        running_room(tmp_path / "token") as room,
        aiohttp.ClientSession() as session,
        session.get(f"{room.url}/fleet") as answer,
    ):
        assert answer.status == 404
