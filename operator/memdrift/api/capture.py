"""How evidence is taken: `spec.capture` of a FeatureStore.

Exists so that the probe of a pod is bounded and visible. Must not widen what the administrator allows.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from memdrift.api.quantities import Quantity
from memdrift.api.wire import Label, WireModel, rules


class ProfileFormat(StrEnum):
    """What kind of profile the pods serve."""

    GO_PPROF = "GoPprof"
    NONE = "None"


class ProfileName(StrEnum):
    """The profiles that can be asked for, by their path under the base path."""

    HEAP = "heap"
    GOROUTINE = "goroutine"


class WhenEvidenceMissing(StrEnum):
    """What a restart may do without stored, relevant evidence; weakest first."""

    BLOCK = "Block"
    RESTART_NEAR_LIMIT = "RestartNearLimit"
    RESTART = "Restart"


class CaptureSpec(WireModel):
    """How evidence is taken."""

    model_config = rules(
        (
            "self.format != 'GoPprof' || self.profiles.size() > 0",
            "`profiles` needs at least one entry where `format` is `GoPprof`; set `format: None` to take no profiles",
        ),
        (
            "self.format != 'GoPprof' || !self.baseline || 'heap' in self.profiles",
            "`baseline: true` needs `heap` among `profiles`: a baseline is a heap profile",
        ),
        (
            "self.whenEvidenceMissing != 'RestartNearLimit' || has(self.nearLimitSeconds)",
            "`nearLimitSeconds` is required where `whenEvidenceMissing` is `RestartNearLimit`",
        ),
    )

    container: Label | None = None
    """The container that serves the profiles. Default: the one that the annotation
    `kubectl.kubernetes.io/default-container` of the pod template names, or the only container of the template.
    Every container is judged, whatever this says."""
    format: ProfileFormat = ProfileFormat.GO_PPROF
    """What the pods serve. `GoPprof` (default): the profiles of Go's `net/http/pprof`. `None`: nothing, so that no
    evidence can be taken and `whenEvidenceMissing` decides."""
    port: Annotated[int, Field(ge=1, le=65_535)] = 6060
    """The port that serves the profiles, on the pod's own loopback address too. Default 6060. Only ports that the
    administrator allows are asked."""
    base_path: Annotated[
        str, Field(min_length=2, max_length=128, pattern=r"^(/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)+$")
    ] = "/debug/pprof"
    """The path above the profiles' names. Default `/debug/pprof`. Only paths that the administrator allows are
    asked."""
    profiles: Annotated[list[ProfileName], Field(max_length=2, json_schema_extra={"x-kubernetes-list-type": "set"})] = (
        Field(default=[ProfileName.HEAP, ProfileName.GOROUTINE])
    )
    """The profiles to take. Default `heap` and `goroutine`."""
    max_pods: Annotated[int, Field(ge=1, le=10)] = 3
    """From how many pods of one incident profiles are taken, worst first. Default 3."""
    max_bytes: Quantity = "64Mi"
    """The largest profile that is accepted, as a quantity. Default `64Mi`."""
    timeout_seconds: Annotated[int, Field(ge=1, le=300)] = 30
    """The longest time that taking one profile may last, in seconds. Default 30."""
    baseline: bool = True
    """Whether one young healthy pod of every new revision is profiled after the warm-up, to compare later profiles
    with. Default true."""
    when_evidence_missing: WhenEvidenceMissing = WhenEvidenceMissing.BLOCK
    """What happens where no relevant profile could be stored. `Block` (default): no restart. `RestartNearLimit`:
    restart once the memory limit is less than `nearLimitSeconds` away. `Restart`: restart anyway; it is shown and
    counted as a restart without evidence. The administrator's ceiling may allow less."""
    near_limit_seconds: Annotated[int, Field(ge=60, le=86_400)] | None = None
    """How near the memory limit must be, in seconds by the pessimistic end of the projection, for two things: for
    `RestartNearLimit`, and for a restart of a store whose latency does not rise with its memory. Default: never."""
