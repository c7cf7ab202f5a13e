"""From the bytes of a file to the outermost fields of the profile message, counting all the way.

Exists because a protobuf runtime allocates before anybody can count: a few megabytes of two-byte messages become
gigabytes of objects. So the outermost level is walked here, bounded, and only single entries go to the runtime.
Must not know what the entries mean.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from memdrift.evidence.limits import Limits, ProfileInvalid, ProfileProblem

_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP_WBITS = 31
_CHUNK_BYTES = 1024 * 1024

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_MAX_BYTES = 10


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
    if start.startswith((b"heap profile:", b"goroutine profile:", b"goroutine ")):
        raise ProfileInvalid(ProfileProblem.NOT_GZIP, "the answer is the text form of a profile; ask without debug=")
    raise ProfileInvalid(
        ProfileProblem.NOT_GZIP, f"the answer does not begin with the gzip magic 1f 8b but with {content[:4].hex(' ')}"
    )


def decompressed(content: bytes, limits: Limits) -> bytes:
    """The raw bytes of a gzip file.

    Raises:
        ProfileInvalid: `Empty`, `TooLarge`, `NotGzip`, `Truncated` or `Damaged`. However much the file would expand to,
            no more than `limits.raw_bytes` and one chunk are held.
    """
    if not content:
        raise ProfileInvalid(ProfileProblem.EMPTY, "the answer has no bytes")
    if len(content) > limits.compressed_bytes:
        raise ProfileInvalid(
            ProfileProblem.TOO_LARGE, f"the file has {len(content)} bytes; at most {limits.compressed_bytes} are read"
        )
    if not content.startswith(_GZIP_MAGIC):
        _refuse_not_gzip(content)
    inflater = zlib.decompressobj(wbits=_GZIP_WBITS)
    raw = bytearray()
    rest = content
    try:
        while not inflater.eof:
            chunk = inflater.decompress(rest, _CHUNK_BYTES)
            rest = inflater.unconsumed_tail
            raw += chunk
            if len(raw) > limits.raw_bytes:
                raise ProfileInvalid(
                    ProfileProblem.TOO_LARGE,
                    f"{len(content)} compressed bytes expand to more than {limits.raw_bytes}, the most that is decoded",
                )
            if not chunk and not rest and not inflater.eof:
                raise ProfileInvalid(ProfileProblem.TRUNCATED, f"the gzip file ends early, after {len(content)} bytes")
    except zlib.error as error:
        raise ProfileInvalid(ProfileProblem.DAMAGED, f"the gzip file is damaged: {error}") from error
    if inflater.unused_data:
        raise ProfileInvalid(
            ProfileProblem.DAMAGED, f"{len(inflater.unused_data)} bytes follow the end of the gzip file"
        )
    if not raw:
        raise ProfileInvalid(ProfileProblem.EMPTY, "the gzip file holds no bytes")
    return bytes(raw)


def _not_pprof(message: str) -> ProfileInvalid:
    return ProfileInvalid(ProfileProblem.NOT_PPROF, message)


def _varint(raw: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index in range(_VARINT_MAX_BYTES):
        if position + index >= len(raw):
            raise _not_pprof(f"the message ends inside a number at byte {position}")
        byte = raw[position + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position + index + 1
    raise _not_pprof(f"a number of more than {_VARINT_MAX_BYTES} bytes at byte {position}")


def outermost_fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field number and value, in file order; numbers as unsigned integers, everything else as bytes.

    Raises:
        ProfileInvalid: `NotPprof` where the bytes are not a protobuf message.
    """
    position = 0
    end = len(raw)
    while position < end:
        tag = raw[position]
        position += 1
        if tag >= 0x80:
            tag, position = _varint(raw, position - 1)
        wire_type = tag & 7
        number = tag >> 3
        if number == 0:
            raise _not_pprof(f"field number 0 at byte {position}")
        if wire_type == _VARINT:
            value, position = _varint(raw, position)
            yield number, value
            continue
        if wire_type == _BYTES:
            # Nearly every entry is shorter than 128 bytes, so its length is one byte.
            length = raw[position] if position < end else 0x80
            position += 1
            if length >= 0x80:
                length, position = _varint(raw, position - 1)
        elif wire_type in (_FIXED64, _FIXED32):
            length = 8 if wire_type == _FIXED64 else 4
        else:
            raise _not_pprof(f"wire type {wire_type}, which pprof does not use, at byte {position}")
        if position + length > end:
            raise _not_pprof(f"the message ends inside field {number}, at byte {end}")
        yield number, raw[position : position + length]
        position += length
