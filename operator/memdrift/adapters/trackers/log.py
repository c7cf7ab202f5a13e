"""A tracker that writes one line to memdrift's own log.

Exists for installations whose owners read logs, and as the tracker that needs nothing. Must not raise.
"""

from __future__ import annotations

import logging
from collections import OrderedDict

from memdrift.ports import Filing, Remark

_log = logging.getLogger(__name__)
_REMEMBERED_AT_MOST = 10_000


class Log:
    """Writes each occurrence once per process; after a restart of the process the line may come again.

    Args:
        name: of the tracker in the administrator's file.
        filed: occurrences written so far, shared by all trackers of this kind in the process.
    """

    def __init__(self, name: str, filed: OrderedDict[str, None]) -> None:
        self._name = name
        self._filed = filed

    async def file(self, filing: Filing) -> str:
        """Write the line; there is no URL."""
        fields: dict[str, object] = {
            "marker": filing.marker,
            "title": filing.title,
            "project": filing.project,
            "labels": list(filing.labels),
            "assignees": list(filing.assignees),
            "incident": dict(filing.document),
        }
        self._write("incident filed", filing.occurrence or filing.marker, fields)
        return ""

    async def remark(self, remark: Remark) -> None:
        """Write the line."""
        fields: dict[str, object] = {
            "marker": remark.marker,
            "text": remark.body_markdown,
            "incident": dict(remark.document),
        }
        self._write("remark filed", remark.occurrence, fields)

    def _write(self, message: str, occurrence: str, fields: dict[str, object]) -> None:
        key = f"{self._name}/{occurrence}"
        if key not in self._filed:
            _log.warning(message, extra={"tracker": self._name, **fields})
            self._filed[key] = None
            while len(self._filed) > _REMEMBERED_AT_MOST:
                self._filed.popitem(last=False)
