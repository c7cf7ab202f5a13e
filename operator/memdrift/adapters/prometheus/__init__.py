"""The metrics adapter: reduces series to blocks inside Prometheus and hands them over as windows.

Exists so that everything about Prometheus (its client, its language, its answers) stays in one folder. Must not import
another adapter, and must not judge what it measures.
"""

from __future__ import annotations

from memdrift.adapters.prometheus.connections import SourceHealth
from memdrift.adapters.prometheus.sampler import PrometheusMetrics

__all__ = ["PrometheusMetrics", "SourceHealth"]
