"""Arrays of numbers as bytes, in NumPy's own format; nothing is ever unpickled."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

_PREFIX = 10
"""Bytes of an array before its header: the magic string, the version and the header's length."""


def to_bytes(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> bytes:
    """Return an array as bytes."""
    import numpy as np  # noqa: PLC0415 - most commands need no arrays

    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def from_bytes(data: bytes) -> Any:
    """Return the array of `to_bytes`; raises ValueError for any other bytes."""
    import numpy as np  # noqa: PLC0415

    try:
        start = _PREFIX + int.from_bytes(data[_PREFIX - 2 : _PREFIX], "little")
        shape, order, dtype = _layout(data[:start])
        return np.frombuffer(data, dtype, offset=start).reshape(shape, order=order).copy()
    except (EOFError, OSError, SyntaxError, TypeError) as error:
        raise ValueError(f"no array: {error}") from error


@lru_cache(maxsize=64)
def _layout(header: bytes) -> tuple[tuple[int, ...], Literal["C", "F"], np.dtype[np.generic]]:
    """Return shape, order and type of an array (NPY 1.0); the arrays of a spec are alike."""
    import numpy as np  # noqa: PLC0415

    file = io.BytesIO(header)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("an array of an unknown format")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError("an array of an unknown format")
    return shape, "F" if fortran_order else "C", dtype
