"""Everything that one incident's report is made of, as one value.

Exists so that the file, the served page, the ticket and the terminal show the same incident. Must not fetch or format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from memdrift.api.driftincident import DriftIncident
from memdrift.api.featurestore import FeatureStore
from memdrift.report.exhibit import Exhibit


@dataclass(frozen=True, slots=True, eq=False)
class IncidentView:
    """One incident and what is known around it.

    Attributes:
        incident: as the API server has it.
        store: its FeatureStore, for objective, owner, target, ledger and baselines; None where it is gone.
        exhibit: measured series and growing stacks; without it the report falls back on what the status holds.
        links: addresses that a browser can follow, by the URI of the archived object; without one the URI is shown.
        written_at: when the report was made.
        page_url: where the operator serves this incident; "" where it does not.
        missing: sentences for people: what of this could not be had, and why.
    """

    incident: DriftIncident
    store: FeatureStore | None = None
    exhibit: Exhibit = field(default_factory=Exhibit)
    links: Mapping[str, str] = field(default_factory=dict)
    written_at: datetime | None = None
    page_url: str = ""
    missing: tuple[str, ...] = ()
