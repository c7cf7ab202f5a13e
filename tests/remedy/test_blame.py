"""The change that the growth began with, as sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from memdrift.api.driftincident import Recommendation, Stage
from memdrift.api.featurestore import Baseline
from memdrift.evidence.findings import Findings, ModuleChange, Suspect
from memdrift.remedy import blame
from memdrift.remedy.blame import History
from memdrift.remedy.target import Revision
from tests import builders
from tests.remedy.test_guards import SHA, incident

ASYNC = "github.com/grab/async"
LEAK = Suspect("github.com/grab/async.(*task).Run", ASYNC, "v0.0.3", 50, 96.0, ownership="dependency")
OWN = Suspect("main.(*store).remember", "", "", 50, 96.0, ownership="own code")
DOWNGRADE = ModuleChange(ASYNC, "v0.0.5", "v0.0.3", in_growing_stacks=True)
ELSEWHERE = ModuleChange("github.com/x/y", "v1.0.0", "v1.1.0", in_growing_stacks=False)
ONSET = builders.START + timedelta(minutes=38)


def findings(suspect: Suspect = LEAK, *changes: ModuleChange, native: bool = False) -> Findings:
    return Findings("baseline", 50, 52.0, 96.0, (), (suspect,), changes, fingerprint="f1", native=native)


def baseline(revision: str, *images: str) -> Baseline:
    return Baseline(
        revision=revision, container="app", kind="heap", pod="features-1", pod_uid="uid-1",
        pod_started_time=builders.START, taken_time=builders.START, uri="memory:b", sha256=SHA, bytes=1, healthy=True,
        images=list(images),
    )  # fmt: skip


def history(**changes: object) -> History:
    known = History(
        target=builders.target(builders.pod(1)),
        namespace=builders.NAMESPACE,
        revision="r2",
        onset=ONSET,
        healthy=(baseline("r1"),),
    )
    return replace(known, **changes)


def with_settings(*settings: tuple[tuple[str, str], ...], image: str = "app:1") -> History:
    revisions = tuple(
        Revision(f"r{number}", number, builders.START, (("app", image),), pairs)
        for number, pairs in enumerate(settings, 1)
    )
    return history(target=replace(builders.target(builders.pod(1)), revisions=revisions), revision=f"r{len(settings)}")


def test_a_module_in_the_growing_stacks_is_guilty_and_the_command_takes_it_back():
    change = blame.change_of(findings(LEAK, ELSEWHERE, DOWNGRADE), history())
    assert change.sentence == (f"began 38 min after revision 1 → 2; in the growing stacks {ASYNC} went v0.0.5 → v0.0.3")
    assert change.guilty
    assert change.command == "kubectl -n market rollout undo deployment/features --to-revision=1"
    assert [module.module for module in change.modules] == [ASYNC, "github.com/x/y"]
    assert blame.recommendation(findings(), change, "Heap") is Recommendation.ROLL_BACK


def test_own_code_after_a_steady_revision_is_guilty_with_its_image():
    change = blame.change_of(findings(OWN), history())
    assert change.guilty
    assert change.sentence == (
        "began 38 min after revision 1 → 2; the revision before was steady; the image went app:1 → app:2"
    )


def test_a_change_of_configuration_after_a_steady_revision_is_told_without_values():
    before = (("variable GOGC of app", "sha256:aa"), ("ConfigMap of volume settings", "features-a"))
    after = (("variable GOGC of app", "sha256:bb"), ("ConfigMap of volume settings", "features-b"))
    change = blame.change_of(findings(OWN), with_settings(before, after))
    assert change.configuration == ["ConfigMap of volume settings: features-a → features-b", "variable GOGC of app"]
    assert change.guilty
    assert "changed: ConfigMap of volume settings: features-a → features-b, variable GOGC of app" in change.sentence


def test_what_was_added_and_removed_is_told_so():
    change = blame.change_of(
        findings(OWN), with_settings((("args of app", "sha256:a"),), (("memory limit of app", "1Gi"),))
    )
    assert change.configuration == ["args of app was removed", "memory limit of app was added"]


NOT_GUILTY = [
    ("no revision before", {"revision": "r1", "healthy": ()}, OWN, (), "no revision before this one is known"),
    ("nothing is known to have been steady", {"healthy": ()}, OWN, (), "for certain: what differs (the image)"),
    ("a dependency that did not change", {}, LEAK, (ELSEWHERE,), "for certain: what differs (the image)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "suspect", "modules", "words"), [row[1:] for row in NOT_GUILTY], ids=[row[0] for row in NOT_GUILTY]
)
def test_it_is_said_plainly_that_no_change_explains_it(
    changes: dict, suspect: Suspect, modules: tuple[ModuleChange, ...], words: str
):
    change = blame.change_of(findings(suspect, *modules), history(**changes))
    assert not change.guilty
    assert change.command == ""
    assert f"no change explains it{' ' if words.startswith('for') else ': '}{words}" in change.sentence
    assert blame.recommendation(findings(suspect), change, "Heap") is Recommendation.FIX_FIRST


def test_two_revisions_that_are_alike_explain_nothing():
    change = blame.change_of(findings(OWN), with_settings((), ()))
    assert "the two revisions do not differ in anything that matters here" in change.sentence


def test_a_leak_that_the_revision_before_had_too_is_not_the_changes_fault():
    earlier = incident(3, stage=Stage.CLOSED)
    pods = [pod.replace(revision="r1") for pod in earlier.status.affected_pods]
    earlier = earlier.replace(status=earlier.status.replace(affected_pods=pods))
    change = blame.change_of(findings(LEAK, DOWNGRADE), history(earlier=(earlier,)))
    assert not change.guilty
    assert "no change explains it: the same leak was there before, in features-3" in change.sentence


def test_growth_outside_the_heap_blames_nobody():
    change = blame.change_of(findings(LEAK, DOWNGRADE, native=True), history())
    assert not change.guilty
    assert blame.recommendation(findings(LEAK, native=True), change, "Native") is Recommendation.INVESTIGATE


def test_a_tag_that_was_moved_is_found_by_its_digest():
    moved = history(young=(baseline("r2", "app:2@sha256:1"),), healthy=(), revision="r2")
    change = blame.change_of(findings(OWN), moved)
    assert "the image behind app:2 is another one than when the revision was young" in change.sentence
    assert blame.with_digest("app:2", "registry/app@sha256:9") == "app:2@sha256:9"
    assert blame.with_digest("app:2", "") == "app:2"


def test_the_last_steady_revision_counts_and_not_the_one_before():
    revisions = tuple(Revision(f"r{n}", n, builders.START, (("app", f"app:{n}"),)) for n in (1, 2, 3))
    target = replace(builders.target(builders.pod(1, revision="r3")), revisions=revisions)
    change = blame.change_of(findings(LEAK, DOWNGRADE), history(target=target, revision="r3"))
    assert (change.revision_before, change.revision_after) == ("1", "3")
    assert change.command.endswith("--to-revision=1")
