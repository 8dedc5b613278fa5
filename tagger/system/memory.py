"""The memory of a process: freed blocks that stay, and imports without collections."""

from __future__ import annotations

import contextlib
import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's `mallopt`."""
_KEPT = 64 << 20
"""Bytes that a process keeps for the next arrays."""
_LARGEST = 32 << 20
"""Bytes of an array from which on its memory goes back at once; glibc accepts no more."""


def keep_freed() -> None:
    """Keep freed memory in this process, where the C library can.

    Otherwise the pages of an array go back to the system with it. The page faults of the next array
    then cost more than its arithmetic.
    """
    _set({_TRIM_THRESHOLD: _KEPT, _MMAP_THRESHOLD: _LARGEST})


@contextlib.contextmanager
def lasting_imports() -> Iterator[None]:
    """Collect no garbage during many imports, and leave their objects out of later collections.

    Collections are a sixth of the time of imports and find nothing: a module stays until the end.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def map_large(size: int) -> None:
    """Let each block of `size` bytes or more have a map of its own, which is returned at once.

    glibc otherwise raises its threshold with each freed map, and the gaps in its heap are lost to a
    process with a limit.
    """
    _set({_MMAP_THRESHOLD: size})


def _set(parameters: Mapping[int, int]) -> None:
    """Set parameters of the C library's allocator, where it has them."""
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415 - workers alone need it

    with contextlib.suppress(AttributeError, OSError):  # musl has no mallopt
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in parameters.items():
            mallopt(parameter, value)
