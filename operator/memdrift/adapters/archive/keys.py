"""Which keys and metadata are accepted.

Exists because keys are made of names from the cluster, and one of them must not lead out of the archive or collide with
a file of another meaning. Must not know any store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from memdrift.errors import ArchiveUnavailable

SIDECAR = ".meta.json"
INSTALLATIONS = "installations"
"""The folder with one folder for each installation that writes here."""
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+@:-]{0,239}")
_KEY_CHARACTERS = 900
_METADATA_CHARACTERS = 512


def accepted_key(key: str) -> str:
    """The key itself.

    Raises:
        ArchiveUnavailable: `KeyInvalid`.
    """
    segments = key.split("/")
    if len(key) > _KEY_CHARACTERS or key.endswith(SIDECAR) or not all(map(_SEGMENT.fullmatch, segments)):
        raise ArchiveUnavailable(
            "KeyInvalid",
            f"{key[:200]!r} is not a key: parts of letters, digits and `._=+@:-` that start with a letter or digit, "
            f"joined by `/`, at most {_KEY_CHARACTERS} characters, not ending in {SIDECAR}",
        )
    return key


def accepted_prefix(prefix: str) -> str:
    """The name of a folder inside the archive, by the rules of a key.

    Raises:
        ArchiveUnavailable: `KeyInvalid`.
    """
    return accepted_key(prefix)


def folder_of(installation: str) -> str:
    """The folder of one installation, with a slash at its end.

    Raises:
        ArchiveUnavailable: `KeyInvalid`.
    """
    if "/" in installation:
        raise ArchiveUnavailable("KeyInvalid", f"{installation[:200]!r} is not the name of an installation")
    return accepted_key(f"{INSTALLATIONS}/{installation}") + "/"


def accepted_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """The metadata in the form that every store can carry: names like identifiers, short values of printable ASCII."""
    return {re.sub(r"[^a-z0-9_]", "_", name.lower()): _ascii(value) for name, value in metadata.items()}


def _ascii(value: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in value)
    return printable.encode("ascii", "backslashreplace").decode("ascii")[:_METADATA_CHARACTERS].strip()
