"""The parts of some bytes that other bytes contain as well, most often at other offsets. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ANCHOR: Final = 16
"""Bytes at the beginning of a copy."""
_NEAR: Final = 1 << 12
"""Bytes in which a near copy is looked for."""
_NEAR_SHIFTS: Final = (*range(8), 16, 32, 64, 128)
"""Own bytes before a near copy, such as those of unsynchronisation."""
_MOST_MOVES: Final = 64
"""Copies from elsewhere, each of which costs a search of everything."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A part of the new bytes that the old bytes contain as well."""

    at: int
    """The offset in the new bytes."""
    place: int
    """The offset in the old bytes."""
    size: int


def copies(old: bytes, new: bytes, start: int, stop: int) -> Iterator[Copy]:
    """Yield parts of the new bytes that the old bytes contain, in the order of the new bytes.

    Args:
        old: The old bytes.
        new: The new bytes.
        start: The offset of the first byte in both.
        stop: The end of the new bytes that are looked at.

    """
    at = place = start
    for _ in range(_MOST_MOVES):
        found = _moved(old, new, (at, stop), place)
        while found:
            found = Copy(found.at, found.place, min(found.size, stop - found.at))
            yield found
            at, place = found.at + found.size, found.place + found.size
            found = _near(old, new, (at, stop), place)
        if at + _ANCHOR > stop:
            return


def common(one: bytes, other: bytes, start: int = 0, other_start: int = 0) -> int:
    """Return the length of the common part from an offset in each on.

    Args:
        one: Some bytes.
        other: Other bytes.
        start: The offset in `one`.
        other_start: The offset in `other`.

    """
    most = min(len(one) - start, len(other) - other_start)
    size, step = 0, 1
    while step and size < most:
        step = min(step, most - size)
        at, there = start + size, other_start + size
        if one[at : at + step] == other[there : there + step]:
            size, step = size + step, step * 2
        else:
            step //= 2
    return size


def common_end(one: bytes, other: bytes, most: int) -> int:
    """Return the length of the common end, at most `most`.

    Args:
        one: Some bytes.
        other: Other bytes.
        most: The most bytes.

    """
    low, high = 0, most
    while low < high:
        size = min(max(1, 2 * low), (low + high + 1) // 2)
        ends = len(one) - low, len(other) - low
        if one[ends[0] - size + low : ends[0]] == other[ends[1] - size + low : ends[1]]:
            low = size
        else:
            high = size - 1
    return low


def _near(old: bytes, new: bytes, part: tuple[int, int], place: int) -> Copy | None:
    """Return the copy that continues the last copy, behind a few bytes of either side."""
    at, stop = part
    for shift in _NEAR_SHIFTS:
        anchor = new[at + shift : min(at + shift + _ANCHOR, stop)]
        found = old.find(anchor, place, place + _NEAR)
        if found >= 0 and len(anchor) == _ANCHOR:
            return _grown(old, new, (at, at + shift), found)
    return None


def _moved(old: bytes, new: bytes, part: tuple[int, int], place: int) -> Copy | None:
    """Return a copy from anywhere, of the place first; runs of NUL are no anchors."""
    at, stop = part
    for start in _starts(at, stop - _ANCHOR):
        anchor = new[start : start + _ANCHOR]
        if anchor.strip(b"\0"):
            found = old.find(anchor, place)
            found = old.find(anchor) if found < 0 else found
            if found >= 0:
                return _grown(old, new, (at, start), found)
    return None


def _starts(at: int, last: int) -> Iterable[int]:
    """Yield offsets at doubling distances, so that the whole is looked at in a few searches."""
    distance = 0
    while at + distance <= last:
        yield at + distance
        distance = max(_ANCHOR, 2 * distance)


def _grown(old: bytes, new: bytes, starts: tuple[int, int], place: int) -> Copy:
    """Return the whole copy around an anchor, from the first start on."""
    least, at = starts
    while at > least and place and new[at - 1] == old[place - 1]:
        at, place = at - 1, place - 1
    return Copy(at, place, common(old, new, place, at))
