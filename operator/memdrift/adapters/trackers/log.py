"""A tracker that writes one line to memdrift's own log.

Exists for installations whose owners read logs, and as the tracker that needs nothing. Must not raise.
"""

from __future__ import annotations

import logging
from collections import OrderedDict

from memdrift.ports import Filing

_log = logging.getLogger(__name__)
_REMEMBERED_AT_MOST = 10_000


class Log:
    """Writes each marker once per process; after a restart of the process the line may come again.

    Args:
        name: of the tracker in the administrator's file.
        filed: markers written so far, shared by all trackers of this kind in the process.
    """

    def __init__(self, name: str, filed: OrderedDict[str, None]) -> None:
        self._name = name
        self._filed = filed

    async def file(self, filing: Filing) -> str:
        """Write the line; there is no URL."""
        key = f"{self._name}/{filing.marker}"
        if key not in self._filed:
            fields = {
                "tracker": self._name,
                "marker": filing.marker,
                "title": filing.title,
                "project": filing.project,
                "labels": list(filing.labels),
                "assignees": list(filing.assignees),
                "incident": dict(filing.document),
            }
            _log.warning("incident filed", extra=fields)
            self._filed[key] = None
            while len(self._filed) > _REMEMBERED_AT_MOST:
                self._filed.popitem(last=False)
        return ""
