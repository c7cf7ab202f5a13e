"""A real API server accepts the CRDs, fills in the defaults, and refuses wrong specs by the name of the field."""

import json
from functools import partial
from pathlib import Path

import pytest

from memdrift.api import crds
from tests.api import values
from tests.api.specs import INCIDENT, REMOVED, STORE, changed
from tests.cluster import waiting
from tests.cluster.errors import ClusterError

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
NAMESPACE = "memdrift-api-selftest"

WINDOW = {"start": "09:00", "end": "17:00"}
FILING = {"tracker": "log"}
LONG_NAME = "a" * 53

WRONG_STORES = {
    "no target": ([("spec.targetRef", REMOVED)], "spec.targetRef: Required"),
    "no source": ([("spec.metrics.source", REMOVED)], "spec.metrics.source: Required"),
    "a URL as source": ([("spec.metrics.source", "http://prometheus:9090")], "spec.metrics.source"),
    "no load": ([("spec.metrics.load", [])], "spec.metrics.load"),
    "no latency": ([("spec.metrics.latency", REMOVED)], "spec.metrics.latency: Required"),
    "an unknown preset": ([("spec.metrics.memory.preset", "java")], "spec.metrics.memory.preset"),
    "a preset and a query": ([("spec.metrics.latency.query", "up")], "`latency` needs either"),
    "neither preset nor query": ([("spec.metrics.latency", {})], "`latency` needs either"),
    "a load with a preset and a query": ([("spec.metrics.load", [{"preset": "feast", "query": "up"}])], "`load` needs"),
    "memory by a preset and a query": ([("spec.metrics.memory.resident", "up")], "`memory` needs either"),
    "memory by neither": ([("spec.metrics.memory", {})], "`memory` needs either"),
    "memory by working set alone": ([("spec.metrics.memory", {"workingSet": "up"})], "needs `liveHeap` or `resident`"),
    "a kind that is no workload": ([("spec.targetRef.kind", "CronJob")], "spec.targetRef.kind"),
    "a Rollout of apps/v1": ([("spec.targetRef.kind", "Rollout")], "`apiVersion` must be `argoproj.io/v1alpha1`"),
    "a Deployment of Argo": ([("spec.targetRef.apiVersion", "argoproj.io/v1alpha1")], "`apiVersion` must be"),
    "a target that cannot be a name": ([("spec.targetRef.name", "Market_Store")], "spec.targetRef.name"),
    "an unknown mode": ([("spec.mode", "Auto")], "spec.mode"),
    "an objective of nothing": ([("spec.objective.latencyMilliseconds", 0)], "spec.objective.latencyMilliseconds"),
    "a quantile as a number": ([("spec.objective.quantile", 0.99)], "spec.objective.quantile"),
    "a quantile that is not known": ([("spec.objective.quantile", "0.42")], "spec.objective.quantile"),
    "judging all the time": ([("spec.evaluationPeriodSeconds", 1)], "spec.evaluationPeriodSeconds"),
    "a window of one minute": ([("spec.detection.windowSeconds", [60])], "spec.detection.windowSeconds"),
    "no window": ([("spec.detection.windowSeconds", [])], "spec.detection.windowSeconds"),
    "the same window twice": ([("spec.detection.windowSeconds", [600, 600])], "spec.detection.windowSeconds[1]"),
    "a growth in words": ([("spec.detection.minGrowth", "much")], "spec.detection.minGrowth"),
    "a coverage above all": ([("spec.detection.minCoveragePercent", 101)], "spec.detection.minCoveragePercent"),
    "a port that cannot be": ([("spec.capture.port", 70000)], "spec.capture.port"),
    "a base path that climbs": ([("spec.capture.basePath", "/debug/../admin")], "spec.capture.basePath"),
    "a base path with a query": ([("spec.capture.basePath", "/debug/pprof?gc=1")], "spec.capture.basePath"),
    "no profiles of GoPprof": ([("spec.capture.profiles", [])], "`profiles` needs at least one"),
    "a baseline without a heap": ([("spec.capture.profiles", ["goroutine"])], "`baseline: true` needs `heap`"),
    "a profile that is not asked for": ([("spec.capture.profiles", ["cmdline"])], "spec.capture.profiles"),
    "near a limit without a distance": (
        [("spec.capture.whenEvidenceMissing", "RestartNearLimit")],
        "`nearLimitSeconds` is required",
    ),
    "an unknown strategy": ([("spec.remediation.strategy", "Delete")], "spec.remediation.strategy"),
    "more a day than a week": ([("spec.remediation.maxPer24Hours", 7)], "`maxPer24Hours` must not be larger"),
    "none available": ([("spec.remediation.minAvailable", 0)], "spec.remediation.minAvailable"),
    "none available in percent": ([("spec.remediation.minAvailable", "0%")], "spec.remediation.minAvailable"),
    "available in words": ([("spec.remediation.minAvailable", "half")], "spec.remediation.minAvailable"),
    "no soak": ([("spec.remediation.soakSeconds", 0)], "spec.remediation.soakSeconds"),
    "a time of day that is none": (
        [("spec.remediation.allowedWindows", [{**WINDOW, "start": "9:00"}])],
        "spec.remediation.allowedWindows[0].start",
    ),
    "a window of nothing": (
        [("spec.remediation.allowedWindows", [{**WINDOW, "end": "09:00"}])],
        "`start` and `end` must differ",
    ),
    "a day that is none": (
        [("spec.remediation.allowedWindows", [{**WINDOW, "days": ["Someday"]}])],
        "spec.remediation.allowedWindows[0].days",
    ),
    "a window without an end": (
        [("spec.remediation.allowedWindows", [{"start": "09:00"}])],
        "spec.remediation.allowedWindows[0].end: Required",
    ),
    "an override of no window": (
        [("spec.remediation.overrideWindowWhenLimitWithinSeconds", 600)],
        "`overrideWindowWhenLimitWithinSeconds` needs `allowedWindows`",
    ),
    "a URL as tracker": ([("spec.filing", {"tracker": "https://x"})], "spec.filing.tracker"),
    "an owner without a team": ([("spec.filing", {**FILING, "owner": {}})], "spec.filing.owner.team: Required"),
    "a pause without a reason": ([("spec.pauseRequests", [""])], "spec.pauseRequests[0]"),
    "a name that incidents cannot carry": ([("metadata.name", LONG_NAME)], "`metadata.name` must not be longer"),
    "a misspelt field": ([("spec.capture.prot", 6060)], 'unknown field "spec.capture.prot"'),
    "no spec": ([("spec", REMOVED)], "spec: Required"),
}

APPROVAL = {"plan": "0123456789abcdef", "decision": "Approved", "by": "ada", "expiresAt": "2030-01-01T00:00:00Z"}

WRONG_INCIDENTS = {
    "no store": ([("spec.storeRef", REMOVED)], "spec.storeRef: Required"),
    "number nought": ([("spec.number", 0)], "spec.number"),
    "an unknown judgement": ([("spec.judgement", "Fine")], "spec.judgement"),
    "a decision on no plan": ([("spec.approval", {"decision": "Denied", "by": "ada"})], "spec.approval.plan: Required"),
    "a decision by nobody": ([("spec.approval", {**APPROVAL, "by": ""})], "spec.approval.by"),
    "an approval for ever": (
        [("spec.approval", {name: APPROVAL[name] for name in ("plan", "decision", "by")})],
        "`expiresAt` is required",
    ),
    "an end that is no time": ([("spec.approval", {**APPROVAL, "expiresAt": "soon"})], "spec.approval.expiresAt"),
}


def established(cluster, resource):
    crd = json.loads(cluster.kubectl("get", "crd", f"{resource.plural}.memdrift.io", "--output=json"))
    conditions = crd.get("status", {}).get("conditions") or []
    return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)


@pytest.fixture(scope="module")
def server(cluster):
    for resource in crds.RESOURCES:
        file = ROOT / "crds" / f"{resource.plural}.yaml"
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(file))
        # Not `kubectl wait`: it fails on a CRD that is too young to have conditions.
        waiting.until(partial(established, cluster, resource), f"the establishing of {resource.plural}")
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait")
    cluster.kubectl("create", "namespace", NAMESPACE)
    yield cluster
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def created(server, document, *options):
    words = ("create", f"--namespace={NAMESPACE}", "--output=json", *options, "-f", "-")
    return json.loads(server.kubectl(*words, input=json.dumps(document)))


def merged(server, kind, name, patch, *options):
    words = ("patch", kind, name, f"--namespace={NAMESPACE}", "--type=merge", "--output=json", *options)
    return json.loads(server.kubectl(*words, f"--patch={json.dumps(patch)}"))


def test_it_applies_the_defaults_that_the_models_have(server):
    stored = created(server, STORE, "--dry-run=server")

    schema = crds.definition(crds.FEATURE_STORES)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert stored["spec"] == values.defaulted(STORE["spec"], schema["properties"]["spec"])
    assert crds.FEATURE_STORES.model.model_validate(stored).spec.to_wire() == stored["spec"]


@pytest.mark.parametrize("file", sorted((ROOT / "manifests" / "samples").glob("*.yaml")), ids=lambda file: file.stem)
def test_it_accepts_the_sample(server, file):
    server.kubectl("create", f"--namespace={NAMESPACE}", "--dry-run=server", "-f", str(file))


def test_it_accepts_what_a_demonstration_needs(server):
    fast = changed(
        STORE,
        ("spec.evaluationPeriodSeconds", 2),
        ("spec.detection", {"windowSeconds": [120], "warmUpSeconds": 0, "minGrowth": 1048576}),
        ("spec.remediation", {"probationSeconds": 0, "soakSeconds": 10, "cooldownSeconds": 0, "minAvailable": "50%"}),
    )

    assert created(server, fast, "--dry-run=server")["spec"]["detection"]["minGrowth"] == 1048576


@pytest.mark.parametrize("sentence", WRONG_STORES)
def test_it_refuses_a_store_with(server, sentence):
    changes, named = WRONG_STORES[sentence]

    with pytest.raises(ClusterError) as refusal:
        created(server, changed(STORE, *changes), "--dry-run=server")

    assert named in str(refusal.value)


@pytest.mark.parametrize("sentence", WRONG_INCIDENTS)
def test_it_refuses_an_incident_with(server, sentence):
    changes, named = WRONG_INCIDENTS[sentence]

    with pytest.raises(ClusterError) as refusal:
        created(server, changed(INCIDENT, *changes), "--dry-run=server")

    assert named in str(refusal.value)


@pytest.fixture(scope="module")
def incident(server):
    return created(server, INCIDENT)["metadata"]["name"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("storeRef", {"name": "other", "uid": "0b5c"}), ("container", "sidecar"), ("number", 2)],
)
def test_what_an_incident_is_about_cannot_be_changed(server, incident, field, value):
    with pytest.raises(ClusterError, match=f"`{field}` is immutable"):
        merged(server, "driftincident", incident, {"spec": {field: value}})


def test_people_can_approve_and_judge_an_incident(server, incident):
    patch = {"spec": {"approval": APPROVAL, "judgement": "Leak"}}

    assert merged(server, "driftincident", incident, patch)["spec"]["approval"] == APPROVAL


def test_status_is_its_own_door_and_shows_in_the_columns(server, incident):
    condition = {
        "type": "Remediating",
        "status": "False",
        "reason": "ModeForbids",
        "message": "Observe only.",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    suspect = {"function": "f", "module": "example.com/leaky", "growth": "1Mi", "sharePercent": 90}
    findings = {"comparedWith": "baseline", "profileGrowth": "-3Mi", "suspects": [suspect]}
    status = {"conditions": [condition], "findings": findings, "growthPerHour": "33Mi", "outcome": "Relieved"}

    merged(server, "driftincident", incident, {"status": status}, "--subresource=status")
    ignored = merged(server, "driftincident", incident, {"status": {"outcome": "Gone"}})

    shown = server.kubectl("get", "drift", incident, f"--namespace={NAMESPACE}")
    assert ignored["status"]["outcome"] == "Relieved"
    header = ["NAME", "STORE", "STAGE", "SUSPECT", "GROWTH", "TICKET", "OUTCOME", "AGE"]
    assert shown.splitlines()[0].split() == header
    assert shown.splitlines()[1].split()[1:5] == ["market-store", "ModeForbids", "example.com/leaky", "33Mi"]


@pytest.mark.parametrize(
    ("resource", "document"),
    [(crds.FEATURE_STORES, STORE), (crds.DRIFT_INCIDENTS, INCIDENT)],
    ids=lambda case: getattr(case, "plural", ""),
)
def test_a_status_with_every_field_is_stored_as_the_model_wrote_it(server, resource, document):
    name = f"full-{resource.plural}"
    created(server, changed(document, ("metadata.name", name)))
    schema = crds.definition(resource)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    status = values.filled(schema["properties"]["status"])

    merged(server, resource.plural, name, {"status": status}, "--subresource=status")
    stored = json.loads(server.kubectl("get", resource.plural, name, f"--namespace={NAMESPACE}", "--output=json"))

    assert stored["status"] == status
    assert resource.model.model_validate(stored).status.to_wire() == status


def test_every_field_is_explained(server):
    explained = server.kubectl(
        "explain", "featurestores.spec.remediation.cooldownSeconds", "--api-version=memdrift.io/v1alpha1"
    )

    assert "least time between two stopgaps" in " ".join(explained.split())
