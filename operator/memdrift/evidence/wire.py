"""The protobuf wire format, read field by field.

Exists instead of the protobuf runtime for two reasons, both measured. The runtime allocates before anybody can count: a
few megabytes of two-byte messages become gigabytes of objects. And importing it takes longer than reading a usual
profile, which a command line pays every time. Must not know what the fields mean; wrong bytes raise `ProfileInvalid`
and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from memdrift.evidence.limits import ProfileInvalid, ProfileProblem

_VARINT, _BYTES = 0, 2
_FIXED_BYTES = {1: 8, 5: 4}
_VARINT_MAX_BYTES = 10
_SKIPPED = (0, 0)
_64_BITS = (1 << 64) - 1
_SIGN_BIT = 1 << 63

_CONTINUED = bytes(range(0x80, 0x100))
# Checked at the speed of the regular expression engine, so that the loop over numbers need not count.
_OVERLONG = re.compile(rb"[\x80-\xff]{%d}" % _VARINT_MAX_BYTES)


def not_pprof(message: str) -> ProfileInvalid:
    """The error of bytes that are no message."""
    return ProfileInvalid(ProfileProblem.NOT_PPROF, message)


def signed(value: int) -> int:
    """An `int64` from the unsigned number that stands for it on the wire."""
    value &= _64_BITS
    return value - (1 << 64) if value & _SIGN_BIT else value


def _varint(raw: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index in range(_VARINT_MAX_BYTES):
        if position + index >= len(raw):
            raise not_pprof(f"the message ends inside a number at byte {position}")
        byte = raw[position + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & _64_BITS, position + index + 1
    raise not_pprof(f"a number of more than {_VARINT_MAX_BYTES} bytes at byte {position}")


def fields_of(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field number and value, in file order: unsigned integers and bytes.

    Fields of fixed width, which pprof has not, come as number 0, so that whoever counts counts them.

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
            raise not_pprof(f"field number 0 at byte {position}")
        if wire_type == _VARINT:
            # Most numbers and lengths are one byte.
            value = raw[position] if position < end else 0x80
            position += 1
            if value >= 0x80:
                value, position = _varint(raw, position - 1)
            yield number, value
            continue
        if wire_type == _BYTES:
            length = raw[position] if position < end else 0x80
            position += 1
            if length >= 0x80:
                length, position = _varint(raw, position - 1)
        elif wire_type in _FIXED_BYTES:
            position += _FIXED_BYTES[wire_type]
            if position > end:
                raise not_pprof(f"the message ends inside field {number}, at byte {end}")
            yield _SKIPPED
            continue
        else:
            raise not_pprof(f"wire type {wire_type}, which pprof does not use, at byte {position}")
        if position + length > end:
            raise not_pprof(f"the message ends inside field {number}, at byte {end}")
        yield number, raw[position : position + length]
        position += length


def numbers_in(packed: bytes) -> tuple[int, ...]:
    """The unsigned numbers of a packed repeated field.

    Raises:
        ProfileInvalid: `NotPprof` where the last number is cut or one is too long.
    """
    if packed.isascii():
        return tuple(packed)
    if packed[-1] >= 0x80:
        raise not_pprof("a list of numbers ends inside a number")
    if len(packed) > _VARINT_MAX_BYTES and _OVERLONG.search(packed):
        raise not_pprof(f"a number of more than {_VARINT_MAX_BYTES} bytes in a list of numbers")
    numbers = []
    value = shift = 0
    for byte in packed:
        if byte >= 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
        elif shift:
            numbers.append(value | byte << shift)
            value = shift = 0
        else:
            numbers.append(byte)
    return tuple(numbers)


def count_of_numbers(packed: bytes) -> int:
    """How many numbers a packed field holds, without decoding them."""
    return len(packed.translate(None, _CONTINUED))


def packed_number(value: int) -> bytes:
    """One unsigned number as a packed field holds it."""
    packed = bytearray()
    while value >= 0x80:
        packed.append(value & 0x7F | 0x80)
        value >>= 7
    packed.append(value)
    return bytes(packed)
