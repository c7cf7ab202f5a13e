"""From the bytes that were served to the bytes of the profile, whatever a hostile file would expand to.

Exists so that nothing is held beyond the limits. Must not know what a profile looks like, beyond its first bytes.
"""

from __future__ import annotations

import zlib

from memdrift.evidence.limits import Limits, ProfileInvalid, ProfileProblem

_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP_WBITS = 31
_CHUNK_BYTES = 1024 * 1024
_EMPTY_STRING = b"\x32\x00"
"""The first entry of the string table, which every pprof file has and no text."""

JEMALLOC_TEXT = b"heap_v2/"
TCMALLOC_TEXT = b"heap profile:"
_TCMALLOC_SAMPLED = b"@ heap_v2/"


def is_native_text(start: bytes) -> bool:
    """Whether a file begins as the heap text of jemalloc or of tcmalloc; Go's `debug=1` looks like the latter's."""
    if start.startswith(JEMALLOC_TEXT):
        return True
    return start.startswith(TCMALLOC_TEXT) and _TCMALLOC_SAMPLED in start.partition(b"\n")[0]


def _refuse_not_gzip(content: bytes) -> None:
    start = content[:512].lstrip()
    if content.startswith(_ZIP_MAGICS):
        raise ProfileInvalid(
            ProfileProblem.NOT_GZIP, "the answer is a zip archive, not a gzip-compressed pprof profile"
        )
    if start.startswith(b"<"):
        raise ProfileInvalid(
            ProfileProblem.NOT_GZIP,
            "the answer is HTML or XML, not a profile: do capture.port and capture.basePath point at net/http/pprof?",
        )
    if start.startswith((TCMALLOC_TEXT, b"goroutine profile:", b"goroutine ")):
        raise ProfileInvalid(ProfileProblem.NOT_GZIP, "the answer is the text form of a profile; ask without debug=")
    raise ProfileInvalid(
        ProfileProblem.NOT_GZIP, f"the answer does not begin with the gzip magic 1f 8b but with {content[:4].hex(' ')}"
    )


def _inflated(content: bytes, limits: Limits) -> bytes:
    inflater = zlib.decompressobj(wbits=_GZIP_WBITS)
    pieces: list[bytes] = []
    size = 0
    rest = content
    try:
        while not inflater.eof:
            piece = inflater.decompress(rest, _CHUNK_BYTES)
            rest = inflater.unconsumed_tail
            pieces.append(piece)
            size += len(piece)
            if size > limits.raw_bytes:
                raise ProfileInvalid(
                    ProfileProblem.TOO_LARGE,
                    f"{len(content)} compressed bytes expand to more than {limits.raw_bytes}, the most that is decoded",
                )
            if not piece and not rest and not inflater.eof:
                raise ProfileInvalid(ProfileProblem.TRUNCATED, f"the gzip file ends early, after {len(content)} bytes")
    except zlib.error as error:
        raise ProfileInvalid(ProfileProblem.DAMAGED, f"the gzip file is damaged: {error}") from error
    if inflater.unused_data:
        raise ProfileInvalid(
            ProfileProblem.DAMAGED, f"{len(inflater.unused_data)} bytes follow the end of the gzip file"
        )
    return b"".join(pieces)


def unwrapped(content: bytes, limits: Limits) -> bytes:
    """The raw bytes of a file: those inside gzip, or the file itself where it already looks like a profile.

    Raises:
        ProfileInvalid: `Empty`, `TooLarge`, `NotGzip`, `Truncated` or `Damaged`. However much the file would expand to,
            no more than `limits.raw_bytes` and one piece are held.
    """
    if not content:
        raise ProfileInvalid(ProfileProblem.EMPTY, "the answer has no bytes")
    if len(content) > limits.compressed_bytes:
        raise ProfileInvalid(
            ProfileProblem.TOO_LARGE, f"the file has {len(content)} bytes; at most {limits.compressed_bytes} are read"
        )
    if not content.startswith(_GZIP_MAGIC):
        if not is_native_text(content[:512]) and (_EMPTY_STRING not in content or content.startswith(_ZIP_MAGICS)):
            _refuse_not_gzip(content)
        return content
    raw = _inflated(content, limits)
    if not raw:
        raise ProfileInvalid(ProfileProblem.EMPTY, "the gzip file holds no bytes")
    return raw
