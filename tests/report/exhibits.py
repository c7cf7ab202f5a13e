"""A whole incident with everything a report can show, for the report's tests and benchmarks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from memdrift.api.driftincident import (
    ActionRecord,
    ActionState,
    AffectedPod,
    ChangeRecord,
    DriftIncident,
    GateRecord,
    ModuleRecord,
    PlanRecord,
    TicketRecord,
    VerdictRecord,
)
from memdrift.api.featurestore import Baseline, FeatureStore
from memdrift.api.storestatus import LedgerEntry
from memdrift.report.exhibit import Exhibit, GrownStack
from memdrift.report.panels import UNITS, Panel, Picture
from memdrift.report.view import IncidentView
from tests.report.incidents import NOW, SHA256, findings, incident, profile, suspect

MEBIBYTE = 1024 * 1024
HOURS = 12
SERVE = ("runtime.goexit", "net/http.(*Server).Serve.func3", "net/http.(*conn).serve", "main.(*features).lookup")
LEAKING = "github.com/grab/async.(*task[...]).run"
STACKS: Sequence[GrownStack] = (
    ((*SERVE, "github.com/grab/async.InvokeAll", LEAKING, "context.WithCancel", "context.newCancelCtx"), 70 * MEBIBYTE),
    ((*SERVE, "github.com/grab/async.InvokeAll", LEAKING, "context.(*cancelCtx).propagateCancel"), 14 * MEBIBYTE),
    ((*SERVE, "encoding/json.Marshal", "encoding/json.(*encodeState).reflectValue"), 3 * MEBIBYTE),
    ((*SERVE, "main.(*cache).put"), 5 * MEBIBYTE),
    (("runtime.main", "main.main", "go.uber.org/zap.New"), MEBIBYTE),
    (("runtime.main", "main.main", "main.warm"), -7 * MEBIBYTE),
)


def picture(pod: str = "features-a", *, seed: int = 1, slope: float = 7.5) -> Picture:
    """Half a day of a pod whose memory rises while its load falls, with a hole."""
    draw, blocks = np.random.default_rng(seed), HOURS * 12
    hours = np.arange(blocks) / 12
    memory = (210 + slope * np.maximum(hours - 2, 0) + draw.normal(0, 2.0, blocks)) * MEBIBYTE
    memory[40:44] = np.nan
    load = 480 - 14 * hours + draw.normal(0, 12, blocks)
    latency = 92 + 1.6 * np.maximum(hours - 2, 0) ** 1.8 + draw.normal(0, 4, blocks)
    began = NOW.timestamp() - HOURS * 3600
    return Picture(
        title=f"{pod} app",
        began_at=began,
        ended_at=NOW.timestamp(),
        marks=(("onset", began + 2 * 3600),),
        panels=(
            Panel("live heap", memory, UNITS["bytes"]),
            Panel("load", load, UNITS["perSecond"]),
            Panel("latency", latency, UNITS["milliseconds"], 150.0),
        ),
    )


def whole_incident(**status: Any) -> DriftIncident:
    """An incident of which everything is known."""
    began = NOW - timedelta(hours=10)
    known: dict[str, Any] = {
        "verdict": VerdictRecord(
            kind="DriftingWithImpact",
            reason="GrowthUnexplained",
            growth_kind="Heap",
            sentence="live heap of features-a grew 36 % in 10 h while load fell 25 %, and latency p99 rose with it",
            window_seconds=43_200,
            gates=[
                GateRecord(
                    name="coverage",
                    figure="97",
                    threshold="80",
                    unit="%",
                    passed=True,
                    sentence="97 % of the blocks are measured",
                ),
                GateRecord(
                    name="trend",
                    figure="0.93",
                    threshold="0.4",
                    passed=True,
                    sentence="rises without a break in all bands",
                ),
                GateRecord(
                    name="load",
                    figure="-25",
                    threshold="0",
                    unit="%",
                    passed=True,
                    sentence="load fell, so it explains none of the growth",
                ),
                GateRecord(name="saturation", passed=None, sentence="too short a time to tell"),
                GateRecord(
                    name="line-not-step", figure="0.02", threshold="0.3", passed=False, sentence="no single step"
                ),
            ],
            queries=['quantile_over_time(0.5, go_memory_classes_heap_objects_bytes{namespace="market"}[5m])'],
        ),
        "findings": findings(
            suspect(
                LEAKING,
                module="github.com/grab/async",
                retained_by="contexts",
                confidence_percent=88,
                ownership="dependency",
                called_by="main.(*features).lookup",
                growth_per_hour="9.1Mi",
            ),
            suspect("main.(*cache).put", module="example.org/market", version="", growth="5Mi", share_percent=6),
        ).replace(
            explained_percent=94,
            confidence_percent=88,
            confidence_reason="it holds 91 % of the growth, and the profiles explain 94 % of the metric's",
            sentence="github.com/grab/async v0.0.3 holds 91 % of the growth, as contexts",
        ),
        "change": ChangeRecord(
            revision_before="features-6d5f",
            revision_after="features-7c9b",
            images_before=["registry.example/features:1.8.0"],
            images_after=["registry.example/features:1.9.0"],
            modules=[
                ModuleRecord(module="github.com/grab/async", before="v0.0.5", after="v0.0.3", in_growing_stacks=True),
                ModuleRecord(module="go.uber.org/zap", before="v1.26.0", after="v1.27.0"),
            ],
            configuration=["container app: the limit of memory was 512Mi and is 448Mi"],
            guilty=True,
            command="kubectl -n market rollout undo deployment/features",
            sentence="began 38 min after revision features-6d5f → features-7c9b; "
            "github.com/grab/async went v0.0.5 → v0.0.3",
        ),
        "onset_time": began,
        "growth_percent": 36,
        "seconds_to_limit": 12_300,
        "latency_milliseconds": 193,
        "load_change_percent": -25,
        "affected_pods": [
            AffectedPod(name=name, uid=f"uid-{name}", started_time=began) for name in ("features-a", "features-b")
        ],
        "profiles": [
            profile(revision="features-7c9b", taken_time=NOW - timedelta(minutes=30), bytes=381_234),
            profile(kind="goroutine", revision="features-7c9b", taken_time=NOW - timedelta(minutes=30)),
        ],
        "ticket": TicketRecord(
            tracker="board", url="https://tracker.example/features/41", filed_time=NOW - timedelta(minutes=20)
        ),
        "reason": "ApprovalMissing",
        "message": "a person must approve exactly this plan",
        "ask_again_time": NOW + timedelta(minutes=1),
        "plan": PlanRecord(
            hash="sha256-0123456789",
            strategy="WorstFirst",
            sentence="Evict features-a first, compare it with features-b, then the rest.",
        ),
        "actions": [
            ActionRecord(
                kind="Analyse",
                state=ActionState.DONE,
                time=NOW - timedelta(minutes=29),
                detail="async holds the growth",
            ),
            ActionRecord(kind="Evict", pod="features-a", state=ActionState.DONE, time=NOW - timedelta(minutes=2)),
        ],
        "fingerprint": "4f1d8a2c90b7e6d3",
    }
    return incident(**{**known, **status})


def store() -> FeatureStore:
    """Its store, with a ledger and baselines."""
    began = NOW - timedelta(hours=12)
    return FeatureStore.model_validate(
        {
            "metadata": {"name": "features", "namespace": "market", "uid": "store-uid"},
            "spec": {
                "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "features"},
                "metrics": {
                    "source": "main",
                    "memory": {"preset": "go"},
                    "latency": {"query": "latency"},
                    "load": [{"query": "load"}],
                },
                "objective": {"latencyMilliseconds": 150, "quantile": "0.99"},
                "filing": {"tracker": "board", "owner": {"team": "feature-store", "contact": "#oncall"}},
            },
            "status": {
                "ledger": [
                    LedgerEntry(
                        incident="features-1", strategy="WorstFirst", pods=2, started_time=NOW - timedelta(days=2),
                        ended_time=NOW - timedelta(days=2), outcome="Relieved", bought_seconds=93_600,
                    ).to_wire()
                ],
                "baselines": [
                    Baseline(
                        revision=revision, container="app", kind="heap", pod="features-a", pod_uid="uid-a",
                        pod_started_time=began, taken_time=began, uri=f"file:///archive/{revision}-heap.pb.gz",
                        sha256=SHA256, bytes=123_456, healthy=revision == "features-6d5f",
                    ).to_wire()
                    for revision in ("features-6d5f", "features-7c9b")
                ],
            },
        }
    )  # fmt: skip


def whole_view(*, stacks: Sequence[GrownStack] = STACKS, **status: Any) -> IncidentView:
    """Everything a report can show."""
    exhibit = Exhibit(
        pictures=(picture(), picture("features-b", seed=2, slope=5.0)),
        stacks=tuple(stacks),
        stacks_are="The heap of features-a compared with the baseline of the same revision.",
    )
    return IncidentView(whole_incident(**status), store(), exhibit, written_at=NOW)


def many_stacks(number: int = 60_000) -> list[GrownStack]:
    """Stacks as a large service has them: deep, with long names and a few that grow most."""
    draw = random.Random(7)
    packages = [f"github.com/example/service-{number}/internal/storage/engine" for number in range(60)]
    functions = [f"{draw.choice(packages)}.(*Component{draw.randrange(400)}).Method{part}" for part in range(3000)]
    stacks = []
    for _ in range(number):
        at, frames = draw.randrange(12), list(SERVE)
        for _ in range(draw.randrange(6, 28)):
            at = (at * 5 + draw.randrange(3)) % len(functions)
            frames.append(functions[at])
        stacks.append((tuple(frames), int(draw.paretovariate(1.2) * 4096)))
    return stacks
