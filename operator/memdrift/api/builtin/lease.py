"""A Lease: who holds something, since when, and after how many changes of hands.

Exists because turns and slots are both kept as Leases. Must not interpret.
"""

from __future__ import annotations

from memdrift.api.builtin.objects import Metadata, Wire


class LeaseSpec(Wire):
    """Who holds it; nobody where the holder is empty or absent."""

    holder_identity: str | None = None
    lease_transitions: int | None = None
    acquire_time: str | None = None


class Lease(Wire):
    """A Lease."""

    metadata: Metadata = Metadata()
    spec: LeaseSpec = LeaseSpec()
