"""What Pyroscope and Parca are sent: path and JSON body for one profile.

Exists apart from the sending so that the two APIs stand side by side. Must not send.

Pyroscope: `push.v1.PusherService/Push` of its Connect API (reference "Server HTTP API" of its documentation). Parca:
`ProfileStoreService.WriteRaw` through its JSON gateway (`parca/profilestore/v1alpha1/profilestore.proto`).
"""

from __future__ import annotations

import base64
import json

from memdrift.api.archives import ProfileServerKind
from memdrift.evidence.findings import ProfileKind
from memdrift.ports import Mirrored

_NAMES = {ProfileKind.HEAP: "memory"}
"""As the agents of both call a Go process's profiles; the others have the same name everywhere."""


def request_for(kind: ProfileServerKind, profile: Mirrored) -> tuple[str, bytes]:
    """The path below the server's URL, and the JSON body."""
    raw = base64.b64encode(profile.taken.content).decode("ascii")
    pairs = [{"name": name, "value": value} for name, value in sorted(_labels(profile).items()) if value]
    if kind is ProfileServerKind.PYROSCOPE:
        series: dict[str, object] = {"labels": pairs, "samples": [{"rawProfile": raw}]}
        return "/push.v1.PusherService/Push", json.dumps({"series": [series]}).encode()
    series = {"labels": {"labels": pairs}, "samples": [{"rawProfile": raw}]}
    return "/profiles/writeraw", json.dumps({"series": [series], "normalized": True}).encode()


def _labels(profile: Mirrored) -> dict[str, str]:
    taken = profile.taken
    return {
        "__name__": _NAMES.get(taken.kind, str(taken.kind)),
        "service_name": profile.store,
        "namespace": profile.namespace,
        "pod": taken.pod,
        "container": profile.container,
        "revision": taken.revision,
        "source": "memdrift",
    }
