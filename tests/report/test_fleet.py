"""The fleet's page and the rows behind it: bounded, sorted by what needs somebody, and nothing foreign is markup."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from memdrift.report.board import CLOSED_AT_MOST, Board
from memdrift.report.fleet import STORES_PER_PAGE, FleetView, Query, fleet_page
from tests.web.fakes import START
from tests.web.people import condition, fill, holding, incident_document, store_document


def shown(board: Board, **query: str) -> str:
    every = lambda namespace: True  # noqa: E731
    return fleet_page(
        FleetView(
            board.stores(every), board.open_incidents(every), board.closed_incidents(every),
            Query.parse(query), "ada", START,
        )
    )  # fmt: skip


@pytest.fixture
def board() -> Board:
    filled = Board()
    fill(filled)
    return filled


def test_it_says_why_nothing_is_done_and_until_when(board: Board) -> None:
    text = shown(board)
    assert "<strong>Cooldown</strong>" in text
    assert "in 50 min" in text
    assert "there is no Deployment offers" in text
    assert "487 of 200 ms" in text
    assert "1 h 30 min" in text


def test_what_drifts_comes_first(board: Board) -> None:
    stores = shown(board).split('id="stores"')[1].split('id="closed"')[0]
    places = [stores.index(f'data-key="{key}"') for key in ("market/features", "shop/offers", "market/profiles")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("query", "found"),
    [({"q": "FEAT"}, {"features"}), ({"q": "shop/"}, {"offers"}), ({"verdict": "Steady"}, {"profiles"}),
     ({"verdict": "Wrong"}, {"features", "offers", "profiles"}), ({"q": "none"}, set())],
)  # fmt: skip
def test_a_part_can_be_asked_for(board: Board, query: dict[str, str], found: set[str]) -> None:
    stores = shown(board, **query).split('id="stores"')[1].split('id="closed"')[0]
    assert {name for name in ("features", "offers", "profiles") if f'/{name}"' in stores} == found


def test_a_thousand_stores_come_in_pages_of_bounded_size(board: Board) -> None:
    for number in range(1000):
        board.store_seen(store_document(f"store-{number:04}", verdict="Drifting", conditions=[
            condition("Remediating", "False", "ModeForbids", "m" * 1000)]))  # fmt: skip
        board.incident_seen(incident_document(f"store-{number:04}-1", store=f"store-{number:04}", **holding(5)))
    text = shown(board)
    assert len(text) < 400_000
    assert f"1 to {STORES_PER_PAGE} of 1003" in text
    assert "page 1 of 21" in text
    assert "more are not shown" in text
    last = shown(board, page="21")
    assert "1001 to 1003 of 1003" in last
    assert "1001 to 1003 of 1003" in shown(board, page="999")
    assert shown(board, page="two").count('<tr data-key="') == text.count('<tr data-key="')


def test_the_address_of_a_part_leads_to_it() -> None:
    query = Query.parse({"q": "a b&c", "verdict": "Steady", "page": "3"})
    assert query.address == "/fleet?q=a+b%26c&verdict=Steady&page=3"
    assert Query().address == "/fleet"


def test_an_incident_moves_from_open_to_closed(board: Board) -> None:
    board.incident_seen(
        incident_document("features-2", stage="Closed", outcome="Resolved", closed_time=START + timedelta(minutes=1))
    )
    text = shown(board)
    assert "Resolved" in text.split('id="closed"')[1]
    assert text.split('id="incidents"')[1].split("</section>")[0].count("<tr data-key") == 0


def test_a_store_that_is_gone_takes_its_open_incidents_along(board: Board) -> None:
    board.store_gone("market", "features")
    assert board.open_incidents(lambda _: True) == ()
    assert "features-2" not in shown(board)
    board.incident_gone("shop", "offers-1")
    assert board.closed_incidents(lambda _: True) == ()
    assert board.store_namespaces == {"market", "shop"}
    assert board.incident_namespaces == set()


def test_of_closed_incidents_the_newest_stay() -> None:
    board = Board()
    for number in range(CLOSED_AT_MOST + 20):
        at = START + timedelta(minutes=(number * 7) % (CLOSED_AT_MOST + 20))
        board.incident_seen(incident_document(f"i-{number}", stage="Closed", outcome="Relieved", closed_time=at))
    kept = board.closed_incidents(lambda _: True)
    assert len(kept) == CLOSED_AT_MOST
    assert kept[-1].closed_at == START + timedelta(minutes=20)


def test_a_store_that_cannot_be_read_is_shown_with_its_fault() -> None:
    board = Board()
    document = store_document("broken")
    document["spec"]["metrics"] = {"source": 1}
    board.store_seen(document)
    text = shown(board)
    assert "SpecInvalid" in text
    assert "broken" in text


@pytest.mark.parametrize("evil", ["<img src=x onerror=alert(1)>", "\x1b[2J\u202e", '"><script>alert(1)</script>'])
def test_foreign_words_are_text(evil: str) -> None:
    board = Board()
    status: dict[str, Any] = {**holding(5), "message": evil}
    board.store_seen(store_document("s", conditions=[condition("Remediating", "False", "Idle2", evil)]))
    board.incident_seen(incident_document("s-1", store="s", **status))
    text = shown(board, q="")
    assert evil not in text
    assert "<img" not in text
    assert text.count("<script>") == 1, "ours"
    assert "\u202e" not in text


def test_a_ticket_is_a_link_only_where_it_may_be_followed(board: Board) -> None:
    for number, url in enumerate(("javascript:alert(1)", "https://tracker.example/7")):
        ticket = {"tracker": "t", "url": url, "filed_time": START}
        board.incident_seen(incident_document(f"t-{number}", **{**holding(5), "ticket": ticket}))
    text = shown(board)
    assert "javascript:" not in text
    assert 'href="https://tracker.example/7"' in text


def test_history_beyond_what_is_kept_is_not_even_read() -> None:
    board = Board()
    for number in range(CLOSED_AT_MOST):
        at = START + timedelta(minutes=number)
        board.incident_seen(incident_document(f"i-{number}", stage="Closed", outcome="Relieved", closed_time=at))
    ancient = incident_document("old", stage="Closed", outcome="Relieved", closed_time=START - timedelta(days=1))
    del ancient["spec"]["container"]
    board.incident_seen(ancient)
    newer = incident_document("new", stage="Closed", outcome="Gone", closed_time=START + timedelta(days=1))
    board.incident_seen(newer)
    names = [row.name for row in board.closed_incidents(lambda _: True)]
    assert (len(names), names[0]) == (CLOSED_AT_MOST, "new")
    assert "i-0" not in names
