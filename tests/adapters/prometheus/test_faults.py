"""Every way in which a metrics source can fail ends in one error with its own word."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from memdrift.adapters.prometheus import PrometheusMetrics
from memdrift.drift.blocks import Window
from memdrift.errors import MetricsUnavailable
from tests.adapters.prometheus import faulty_server as faults
from tests.adapters.prometheus import scenes
from tests.adapters.prometheus.history import A
from tests.adapters.prometheus_server import free_port

OWN = {"namespace": "shop", "pod": A, "container": "app"}
ONE_VALUE = [[scenes.END, "1"]]
MANY = 1_000_000


class Bench:
    """A sampler before a faulty server."""

    def __init__(self, server: faults.FaultyServer, running: TestServer, clock: scenes.StillClock) -> None:
        self.server = server
        self.url = str(running.make_url("/prometheus")).rstrip("/")
        self.clock = clock
        self.changes: dict[str, Any] = {"timeout_seconds": 1, "max_response_bytes": MANY}
        self.metrics = PrometheusMetrics(lambda: [scenes.source(self.url, **self.changes)], clock)

    async def windows(self, **arguments: Any) -> tuple[Window, ...]:
        of = scenes.target(scenes.pod(A, scenes.container(0.0)))
        return await self.metrics.windows(scenes.request(of=of, **arguments))

    async def failure(self, respond: faults.Respond) -> MetricsUnavailable:
        self.server.respond = respond
        with pytest.raises(MetricsUnavailable) as failed:
            await self.windows()
        (health,) = self.metrics.health()
        assert health.last_failure in (failed.value.reason, "")
        return failed.value


@pytest.fixture
async def bench(clock: scenes.StillClock) -> AsyncIterator[Bench]:
    server = faults.FaultyServer(faults.constant("1", **OWN))
    running = await server.start()
    made = Bench(server, running, clock)
    yield made
    made.metrics.close()
    await running.close()


UPSTREAM = '{"status":"error","errorType":"unavailable","error":"upstream \\u001b[31m connect"}'
BAD_DATA = '{"status":"error","errorType":"bad_data","error":"parse error: unexpected"}'
GAVE_UP = '{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}'

FAULTS: dict[str, tuple[faults.Respond, str, str]] = {
    "503": (faults.answer(503, UPSTREAM), "MetricsUnreachable", "HTTP status 503: upstream  [31m connect"),
    "502 of a proxy": (faults.answer(502, "<html>Bad Gateway"), "MetricsUnreachable", "<html>Bad Gateway"),
    "503 because the engine gave up": (faults.answer(503, GAVE_UP), "MetricsTimedOut", "gave up"),
    "400": (faults.answer(400, BAD_DATA), "MetricsRejected", "parse error: unexpected"),
    "401": (faults.answer(401, "no"), "MetricsRejected", "HTTP status 401: no"),
    "429": (faults.answer(429, "slow down"), "MetricsRejected", "slow down"),
    "redirect": (faults.answer(302, "", Location="/elsewhere"), "MetricsRejected", "redirects"),
    "hang": (faults.hang, "MetricsTimedOut", "did not answer in 1 s"),
    "two gigabytes": (faults.flood, "MetricsTooLarge", "more than 1000000 bytes"),
    "decompression bomb": (faults.bomb, "MetricsTooLarge", "more than 1000000 bytes"),
    "broken off": (faults.break_off, "MetricsMalformed", "broke off"),
    "truncated JSON": (faults.answer(200, '{"status":"success","data":{"resul'), "MetricsMalformed", "something else"),
    "not JSON": (faults.answer(200, "<html>welcome"), "MetricsMalformed", "something else"),
    "empty body": (faults.answer(200, ""), "MetricsMalformed", "something else"),
    "an error in a 200": (faults.answer(200, BAD_DATA), "MetricsMalformed", "something else"),
    "a text as value": (
        faults.answer(200, faults.document([{"metric": OWN, "values": [[scenes.END, "many"]]}])),
        "MetricsMalformed",
        "something else",
    ),
    "a time off the grid": (
        faults.answer(200, faults.document([{"metric": OWN, "values": [[scenes.END - 7, "1"]]}])),
        "MetricsMalformed",
        "not asked for",
    ),
    "the same series twice": (
        faults.answer(200, faults.document([{"metric": OWN, "values": ONE_VALUE}] * 2)),
        "MetricsMalformed",
        "the same labels",
    ),
    "warning": (
        faults.answer(200, faults.document([], warnings=["store gateway \x1b[2J 3 is not available"])),
        "MetricsWarned",
        "store gateway  [2J 3 is not available",
    ),
    "nothing": (faults.answer(200, faults.document([])), "MetricsMissing", "no memory figures"),
    "NaN only": (faults.constant("NaN", **OWN), "MetricsMissing", "no memory figures"),
    "infinite only": (faults.constant("+Inf", **OWN), "MetricsMissing", "no memory figures"),
    "another namespace": (faults.constant("1", **{**OWN, "namespace": "bank"}), "MetricsMissing", "no memory figures"),
    "another pod": (faults.constant("1", **{**OWN, "pod": "other"}), "MetricsMissing", "no memory figures"),
}


@pytest.mark.parametrize(("respond", "reason", "words"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_fault_has_its_word(bench: Bench, respond: faults.Respond, reason: str, words: str) -> None:
    failed = await bench.failure(respond)
    assert failed.reason == reason
    assert words in failed.message
    assert "`main`" in failed.message
    assert "\x1b" not in failed.message


@pytest.mark.parametrize(("respond", "reason", "words"), FAULTS.values(), ids=FAULTS.keys())
async def test_after_a_fault_the_next_good_answer_counts(
    bench: Bench, respond: faults.Respond, reason: str, words: str
) -> None:
    await bench.failure(respond)
    bench.server.respond = faults.constant("5", **OWN)
    (window,) = await bench.windows()
    assert set(window.lives[0].resident.p50) == {5.0}


async def test_a_slow_drip_is_too_slow(bench: Bench) -> None:
    bench.clock.pace = 0.1
    assert (await bench.failure(faults.drip)).reason == "MetricsTimedOut"


async def test_nobody_listens(clock: scenes.StillClock) -> None:
    metrics = PrometheusMetrics(lambda: [scenes.source(f"http://127.0.0.1:{free_port()}")], clock)
    with pytest.raises(MetricsUnavailable, match=r"MetricsUnreachable: metrics source `main` cannot be reached"):
        await metrics.windows(scenes.request())
    metrics.close()


async def test_nothing_is_retried_in_secret(bench: Bench) -> None:
    await bench.failure(faults.answer(503, UPSTREAM))
    assert 1 <= len(bench.server.asked) <= 6
    assert len({asked.form["query"] for asked in bench.server.asked}) == len(bench.server.asked)


async def test_a_partial_fault_spoils_the_whole(bench: Bench) -> None:
    good, bad = faults.constant("1", **OWN), faults.answer(503, UPSTREAM)

    async def only_latency_fails(request: Any, form: dict[str, str]) -> Any:
        return await (bad if "histogram_quantile" in form["query"] else good)(request, form)

    assert (await bench.failure(only_latency_fails)).reason == "MetricsUnreachable"


async def test_infos_are_no_warnings(bench: Bench) -> None:
    good = faults.constant("1", **OWN)

    async def with_infos(request: Any, form: dict[str, str]) -> Any:
        answer = await good(request, form)
        answer.text = answer.text[:-1] + ', "infos": ["metric might not be a counter"]}'
        return answer

    bench.server.respond = with_infos
    (window,) = await bench.windows()
    assert set(window.lives[0].resident.p50) == {1.0}


async def test_the_query_travels_in_the_body(bench: Bench) -> None:
    await bench.windows()
    assert {asked.path for asked in bench.server.asked} == {"/prometheus/api/v1/query_range"}
    assert {asked.address_query for asked in bench.server.asked} == {""}
    assert all(asked.form["query"] and asked.form["timeout"] == "1s" for asked in bench.server.asked)


async def test_headers_and_the_token_of_the_moment_are_sent(bench: Bench, tmp_path: Path) -> None:
    token = tmp_path / "token"
    bench.changes |= {"headers": {"X-Scope-OrgID": "team-a"}, "bearer_token_file": str(token)}
    assert "bearerTokenFile" in (await bench.failure(faults.constant("1", **OWN))).message
    token.write_text("a secret\nInjected: header")
    spoilt = await bench.failure(faults.constant("1", **OWN))
    assert "bearerTokenFile" in spoilt.message
    assert "secret" not in spoilt.message
    for content in ("first\n", "second\n"):
        token.write_text(content)
        bench.clock.seconds += 1000
        await bench.windows()
        last = bench.server.asked[-1].headers
        assert last["Authorization"] == f"Bearer {content.strip()}"
        assert last["X-Scope-OrgID"] == "team-a"


async def test_only_new_blocks_travel(bench: Bench) -> None:
    def blocks_asked() -> set[int]:
        asked = {len(faults.ends(each.form)) for each in bench.server.asked if "step" in each.form}
        bench.server.asked.clear()
        return asked - {1}  # the bounds of buckets, of which only the last ones count

    await bench.windows()
    assert blocks_asked() == {48}
    bench.clock.seconds += 450
    await bench.windows(now=scenes.END + 450)
    assert blocks_asked() == {3}
    await bench.windows(now=scenes.END + 451)
    assert bench.server.asked == []


async def test_a_silent_tick_still_asks_whether_the_source_is_there(bench: Bench) -> None:
    await bench.windows()
    bench.server.asked.clear()
    bench.clock.seconds += 60
    await bench.windows()
    assert [asked.form["query"] for asked in bench.server.asked] == ["vector(1)"]


async def test_a_changed_source_starts_anew(bench: Bench) -> None:
    await bench.windows()
    bench.server.asked.clear()
    bench.changes["fixed_matchers"] = {"cluster": "eu"}
    await bench.windows()
    assert all('cluster="eu"' in asked.form["query"] for asked in bench.server.asked)
    assert {len(faults.ends(asked.form)) for asked in bench.server.asked} == {1, 48}


async def test_of_a_removed_source_nothing_is_known_any_more(bench: Bench, clock: scenes.StillClock) -> None:
    """What it owed, and by how much its clock differed, would count for ever: the latter holds every restart."""
    sources = [scenes.source(bench.url, **bench.changes)]
    metrics = PrometheusMetrics(lambda: sources, clock)
    bench.server.respond = faults.answer(503, UPSTREAM)
    of = scenes.target(scenes.pod(A, scenes.container(0.0)))
    with pytest.raises(MetricsUnavailable):
        await metrics.windows(scenes.request(of=of))
    assert [known.last_failure for known in metrics.health()] == ["MetricsUnreachable"]
    (removed,) = sources
    sources.clear()
    assert metrics.health() == ()
    sources.append(removed)
    bench.server.respond = faults.constant("1", **OWN)
    await metrics.windows(scenes.request(of=of))
    assert [known.last_failure for known in metrics.health()] == [""]
    metrics.close()


async def test_a_hanging_source_does_not_hold_up_another(bench: Bench) -> None:
    bench.server.respond = faults.hang
    good = faults.FaultyServer(faults.constant("1", **OWN))
    running = await good.start()
    sources = [scenes.source(bench.url, timeout_seconds=1), scenes.source(str(running.make_url("")), name="good")]
    metrics = PrometheusMetrics(lambda: sources, bench.clock)
    of = scenes.target(scenes.pod(A, scenes.container(0.0)))
    stuck = asyncio.gather(
        *(metrics.windows(scenes.request(of=of, windows=(3600 * hours,))) for hours in (1, 2, 3)),
        return_exceptions=True,
    )
    (window,) = await metrics.windows(scenes.request({"source": "good"}, of=of))
    assert not stuck.done()
    assert set(window.lives[0].resident.p50) == {1.0}
    assert {type(each) for each in await stuck} == {MetricsUnavailable}
    metrics.close()
    await running.close()


async def test_a_certificate_is_trusted_only_where_the_source_says_so(clock: scenes.StillClock, tmp_path: Path) -> None:
    certificate, context = self_signed(tmp_path)
    running = await faults.FaultyServer(faults.constant("1", **OWN)).start(context)
    of = scenes.target(scenes.pod(A, scenes.container(0.0)))

    async def with_tls(**tls: Any) -> tuple[Window, ...]:
        source = scenes.source(str(running.make_url("")), tls=tls)
        metrics = PrometheusMetrics(lambda: [source], clock)
        try:
            return await metrics.windows(scenes.request(of=of))
        finally:
            metrics.close()

    with pytest.raises(MetricsUnavailable, match=r"MetricsUnreachable.*CERTIFICATE_VERIFY_FAILED"):
        await with_tls()
    with pytest.raises(MetricsUnavailable, match=r"MetricsUnreachable"):
        await with_tls(ca_file=str(tmp_path / "absent"))
    assert len(await with_tls(ca_file=str(certificate))) == 1
    await running.close()


def self_signed(folder: Path) -> tuple[Path, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "metrics")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, private)
    return pem, context
