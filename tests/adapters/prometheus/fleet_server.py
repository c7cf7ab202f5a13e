"""A web server that answers like Prometheus for a fleet of pods, and reads a query's matchers as Prometheus would."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.adapters.prometheus import faulty_server

_MATCHER = {label: re.compile(rf'\b{label}(=~?)"((?:[^"\\]|\\.)*)"') for label in ("namespace", "pod")}
BANDS = ("p10", "p50", "p90", "count")

Pods = Mapping[str, tuple[str, ...]]
"""Pods by namespace."""
Spoil = Callable[[web.Request, str, list[tuple[str, str]], list[int]], web.StreamResponse | None]
"""Given the query, the pods which it covers and the ends asked for: another answer, or None."""


@dataclass
class Fleet:
    """The pods, and what was asked.

    Attributes:
        value: what a pod's figures are in the block that ends there.
        asked: query, pods covered and number of blocks of every range query.
    """

    pods: Pods
    value: Callable[[str, str, int], float] = lambda namespace, pod, end: end % 1_000_000 + len(pod)
    spoil: Spoil = lambda request, query, covered, ends: None
    hold: Callable[[str, list[tuple[str, str]]], object] = lambda query, covered: None
    asked: list[tuple[str, list[tuple[str, str]], int]] = field(default_factory=list)

    async def start(self) -> TestServer:
        return await faulty_server.FaultyServer(self.respond).start()

    async def respond(self, request: web.Request, form: dict[str, str]) -> web.StreamResponse:
        if request.path.endswith("/query"):
            return await faulty_server.constant("1")(request, form)
        query, ends = form["query"], faulty_server.ends(form)
        covered = [(ns, pod) for ns, pods in self.pods.items() for pod in pods if self._covers(query, ns, pod)]
        self.asked.append((query, covered, len(ends)))
        waiting = self.hold(query, covered)
        if waiting is not None:
            await waiting  # type: ignore[misc]
        spoilt = self.spoil(request, query, covered, ends)
        if spoilt is not None:
            return spoilt
        return web.Response(
            text=faulty_server.document(self._series(query, covered, ends)), content_type="application/json"
        )

    def _series(self, query: str, covered: list[tuple[str, str]], ends: list[int]) -> list[object]:
        bands = [band for band in BANDS if f'"memdrift_band", "{band}"' in query] or [""]
        if "process_start_time" in query:
            return []
        return [
            {
                "metric": {
                    "namespace": ns,
                    "pod": pod,
                    **({"container": "app", "memdrift_band": band} if band else {}),
                },
                "values": [[end, repr(self.value(ns, pod, end))] for end in ends],
            }
            for ns, pod in covered
            for band in bands
        ]

    @staticmethod
    def _covers(query: str, namespace: str, pod: str) -> bool:
        def fits(label: str, value: str) -> bool:
            found = _MATCHER[label].search(query)
            if found is None:
                return True
            wanted = json.loads(f'"{found[2]}"')
            return re.fullmatch(wanted, value) is not None if found[1] == "=~" else wanted == value

        return fits("namespace", namespace) and fits("pod", pod)
