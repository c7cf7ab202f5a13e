"""One pod's run as it was sampled: the raw material of a back-test.

Exists so that a back-test does not care where samples came from. Holds values only; must not reduce or judge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from memdrift.drift.blocks import Floats

WEEK_SECONDS = 7 * 86_400.0
OBJECTIVE_TIMES_USUAL_LATENCY = 2.0
"""Where nobody recorded an objective: one that the service met twofold while it was young is one to keep."""
USUAL_LATENCY_SHARE = 0.25
"""The part of a recording, from its beginning, whose median latency counts as usual."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Samples of one pod's run.

    Attributes:
        label: `leak`, `steady`, `step` (healthy: a jump, not a drift) or `unsure` (left out of scores).
        interval_seconds: usual distance of two samples.
        exposure_seconds: samples times interval, the time to divide by; holes are no exposure.
        times: seconds of each sample, shape (samples,), ascending; the first one counts as the life's start.
        live_heap, resident, working_set: bytes, shape (samples,), NaN where unknown; None where never recorded.
        load: per second, shape (series, samples).
        latency_milliseconds: shape (samples,), NaN where unknown.
        limit_bytes: the container's memory limit, None where there is none.
        onset_seconds: seconds from the first sample to the known start of the growth, None where nobody knows it.
        objective_milliseconds: the recorded latency objective; None where nobody wrote one down.
        window_seconds: the windows that suit this recording; empty where the policy's own do.
        warm_up_seconds: of this program; None where the policy's own suits it.
    """

    id: str
    family: str
    label: str
    interval_seconds: float
    exposure_seconds: float
    times: Floats
    live_heap: Floats | None
    resident: Floats | None
    working_set: Floats | None
    load: Floats
    latency_milliseconds: Floats
    limit_bytes: float | None = None
    onset_seconds: float | None = None
    objective_milliseconds: float | None = None
    window_seconds: tuple[int, ...] = ()
    warm_up_seconds: float | None = None

    @property
    def exposure_weeks(self) -> float:
        """The exposure in weeks of one pod."""
        return self.exposure_seconds / WEEK_SECONDS

    @property
    def objective(self) -> float | None:
        """In milliseconds: the recorded objective, else twice the usual latency; None without latency."""
        if self.objective_milliseconds is not None:
            return self.objective_milliseconds
        early = self.times <= self.times[0] + USUAL_LATENCY_SHARE * (self.times[-1] - self.times[0])
        usual = self.latency_milliseconds[early & np.isfinite(self.latency_milliseconds)]
        median = float(np.median(usual)) if usual.size else 0.0
        return OBJECTIVE_TIMES_USUAL_LATENCY * median if median > 0 else None
