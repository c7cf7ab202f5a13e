"""Who may do what only one may do at a time in the cluster, as Leases: the slot for stopgaps and turns at trackers.

Exists because both are the same write, and mean different things by a holder that is silent. Must not know what is done
by whoever holds one.
"""

from memdrift.adapters.leases.slots import LeaseSlots
from memdrift.adapters.leases.turns import LeaseTurns, LocalTurns

__all__ = ["LeaseSlots", "LeaseTurns", "LocalTurns"]
