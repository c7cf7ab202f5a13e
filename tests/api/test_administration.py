"""The administrator's file is strict, conservative, and its errors name the field."""

import pytest

from memdrift.api.administration import Administration
from memdrift.errors import ConfigurationInvalid

FULL = """
sources:
  - name: prometheus
    url: https://prometheus.monitoring.svc:9090/tenant
    tls: {caFile: /etc/memdrift/ca.pem}
    headers: {X-Scope-OrgID: market}
    bearerTokenFile: /etc/memdrift/token
    labels: {namespace: kubernetes_namespace, pod: kubernetes_pod, container: container}
    fixedMatchers: {cluster: eu-1}
    replicaLabels: [prometheus_replica]
    scrapeIntervalSeconds: 15
    ingestionDelaySeconds: 20
    timeoutSeconds: 10
    allowedNamespaces: [market, "team-*"]
    maxResponseBytes: 1000000
archives:
  - {name: folder, url: "file:///var/lib/memdrift"}
  - {name: bucket, url: "s3://evidence/memdrift", default: true, options: {region: eu-west-1}}
trackers:
  - {name: log, kind: Log, allowedNamespaces: ["*"]}
  - {name: hook, kind: Webhook, url: "https://hooks.internal/drift", allowedNamespaces: [market]}
allowedPorts: [6060, 8081]
allowedBasePaths: [/debug/pprof, /internal/pprof]
defaultCeiling: {mode: Capture}
ceilings:
  - {namespaces: [market], mode: Enforce, minProbationSeconds: 0, minCooldownSeconds: 0, maxPer24Hours: 12}
  - {namespaces: ["*"], mode: Observe}
stormThresholdPercent: 10
concurrency: {evaluations: 2}
freeze: {until: 2026-12-31T00:00:00Z, reason: end of year}
killSwitch: false
receiverTokenFile: /etc/memdrift/receiver
"""

WRONG = {
    "a field that does not exist": ("sources: [{name: p, url: 'http://p', adress: x}]", "`sources[0].adress`"),
    "a source without an address": ("sources: [{name: p}]", "`sources[0].url`"),
    "an address with credentials": ("sources: [{name: p, url: 'http://me:secret@p'}]", "`sources[0].url`"),
    "an address of another protocol": ("sources: [{name: p, url: 'file:///etc/passwd'}]", "`sources[0].url`"),
    "a relative file": ("receiverTokenFile: token", "`receiverTokenFile`"),
    "a port that cannot be": ("allowedPorts: [70000]", "`allowedPorts[0]`"),
    "a base path that climbs": ("allowedBasePaths: [/debug/../admin]", "`allowedBasePaths[0]`"),
    "a base path with a query": ("allowedBasePaths: ['/debug?x']", "`allowedBasePaths[0]`"),
    "an unknown mode": ("defaultCeiling: {mode: Always}", "`defaultCeiling.mode`"),
    "a ceiling for nobody": ("ceilings: [{namespaces: []}]", "`ceilings[0].namespaces`"),
    "a freeze without a zone": ("freeze: {until: '2026-01-01T00:00:00', reason: x}", "`freeze.until`"),
    "two sources of one name": ("sources: [{name: p, url: 'http://p'}, {name: p, url: 'http://q'}]", "`sources`"),
    "two archives and no default": (
        "archives: [{name: a, url: 'file:///a'}, {name: b, url: 'file:///b'}]",
        "`archives`",
    ),
    "a webhook without an address": ("trackers: [{name: t, kind: Webhook}]", "`trackers[0]`"),
    "a log with an address": ("trackers: [{name: t, kind: Log, url: 'http://t'}]", "`trackers[0]`"),
    "a header that breaks the line": (
        "sources: [{name: p, url: 'http://p', headers: {A: \"x\\r\\nB: y\"}}]",
        "headers",
    ),
    "a list instead of an object": ("- a", "dictionary"),
    "no YAML": ("a: [", "not YAML"),
    "several documents": ("killSwitch: true\n---\nkillSwitch: false", "not YAML"),
    "a day that no month has": ("freeze: {until: 2026-02-30T00:00:00Z, reason: x}", "day is out of range"),
    "a number without digits": ("allowedPorts: [0x_]", "not YAML"),
    "a tag whose value is none": ("killSwitch: !!bool perhaps", "not YAML"),
    "lists without an end": ("[" * 4000, "not YAML"),
    "another type": ("killSwitch: 17", "`killSwitch`"),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_it_refuses(sentence):
    text, named = WRONG[sentence]

    with pytest.raises(ConfigurationInvalid) as refusal:
        Administration.parse(text)

    assert refusal.value.reason == "AdministrationInvalid"
    assert named in refusal.value.message


@pytest.mark.parametrize(
    "text", ["sources: [{name: p, url: 'http://me:hunter2@p'}]", "sources: [{name: p, url: 'http://me:hunter2@p'"]
)
def test_a_refusal_does_not_repeat_values_because_they_may_be_secret(text):
    with pytest.raises(ConfigurationInvalid) as refusal:
        Administration.parse(text)

    assert "hunter2" not in refusal.value.message


def test_every_field_can_be_said():
    file = Administration.parse(FULL)

    assert file.source_named("prometheus").labels.pod == "kubernetes_pod"
    assert file.source_named("other") is None
    assert file.tracker_named("hook").url == "https://hooks.internal/drift"
    assert file.default_archive.name == "bucket"
    assert file.freeze.reason == "end of year"


@pytest.mark.parametrize(
    ("namespace", "allowed"),
    [("market", True), ("team-a", True), ("team", False), ("market-2", False), ("kube-system", False)],
)
def test_a_source_serves_only_the_namespaces_it_names(namespace, allowed):
    assert Administration.parse(FULL).source_named("prometheus").allows(namespace) is allowed


def test_the_first_ceiling_that_matches_holds_and_the_default_ceiling_otherwise():
    file = Administration.parse(FULL)

    assert file.ceiling_for("market").mode == "Enforce"
    assert file.ceiling_for("market").min_probation_seconds == 0
    assert file.ceiling_for("other").mode == "Observe"
    assert Administration.parse("defaultCeiling: {mode: Capture}").ceiling_for("other").mode == "Capture"


def test_an_empty_file_is_conservative():
    file = Administration.parse("")
    ceiling = file.ceiling_for("any")

    assert (ceiling.mode, ceiling.when_evidence_missing, ceiling.overrides) == ("Approve", "Block", False)
    assert (ceiling.min_cooldown_seconds, ceiling.min_probation_seconds) == (21_600, 604_800)
    assert (ceiling.max_per_24_hours, ceiling.max_per_7_days, file.concurrency.evaluations) == (2, 6, 16)
    assert (file.allowed_ports, file.allowed_base_paths) == ([6060], ["/debug/pprof"])
    assert file.default_archive is None
