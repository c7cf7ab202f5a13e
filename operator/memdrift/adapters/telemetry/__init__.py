"""`memdrift_*` metrics, for people, alerts and canary analyses.

Exists so that what memdrift sees and does can be watched without reading its log. Must not decide anything, and must
not let a tenant, a pod or a tracker create series: stores are bounded in number and labels in vocabulary.
"""

from memdrift.adapters.telemetry.table import TABLE, Measure
from memdrift.adapters.telemetry.telemetry import Telemetry

__all__ = ["TABLE", "Measure", "Telemetry"]
