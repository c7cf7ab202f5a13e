"""Servers that keep profiles as time series, such as Pyroscope and Parca: sent a copy, without any promise.

Exists so that people find an incident's profiles beside their continuous ones. Must never delay or fail an incident:
what is not taken at once is logged and dropped.
"""

from memdrift.adapters.mirror.queue import QueuedMirror

__all__ = ["QueuedMirror"]
