"""The two lists of one encoded sample, found without decoding what is not needed.

Exists because samples are nearly all of a large profile. Must not know what the numbers mean.
"""

from __future__ import annotations

from memdrift.evidence.tables import Tables
from memdrift.evidence.wire import numbers_in, packed_number

_STACK_TAG, _VALUES_TAG, _LABEL_TAG = 0x0A, 0x12, 0x1A


def stack_and_values(tables: Tables, sample: bytes) -> tuple[bytes, tuple[int, ...]]:
    """The packed location ids leaf first, and the values, still unsigned, of one encoded sample.

    Raises:
        ProfileInvalid: `NotPprof` where the entry is no protobuf message.
    """
    # Nearly every sample is two packed lists, perhaps with labels behind, and lists of less than 16 KiB.
    stack = _packed_list(sample, 0, _STACK_TAG)
    if stack is not None:
        values = _packed_list(sample, stack[1], _VALUES_TAG)
        if values is not None and (values[1] == len(sample) or sample[values[1]] == _LABEL_TAG):
            return stack[0], numbers_in(values[0])
    return _repeated_fields(tables, sample)


def _packed_list(sample: bytes, position: int, tag: int) -> tuple[bytes, int] | None:
    """The content of a field and where it ends; None where it is not there, or not in the usual way."""
    if position + 3 > len(sample) or sample[position] != tag:
        return None
    length = sample[position + 1]
    begin = position + 2
    if length >= 0x80:
        high = sample[begin]
        begin += 1
        length += (high << 7) - 0x80
        if high >= 0x80:
            return None
    end = begin + length
    return (sample[begin:end], end) if end <= len(sample) else None


def _repeated_fields(tables: Tables, sample: bytes) -> tuple[bytes, tuple[int, ...]]:
    """The same where numbers stand one by one, as the format also allows, or fields in any order."""
    lists: dict[int, list[bytes]] = {1: [], 2: []}
    for number, value in tables.fields_in(sample):
        if number in lists:
            lists[number].append(packed_number(value) if isinstance(value, int) else value)
    return b"".join(lists[1]), numbers_in(b"".join(lists[2]))
