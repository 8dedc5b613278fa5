"""Fits on the workers of a Dask cluster, through joblib's own backend for Dask."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import joblib

from tagger.analysis.cluster import connect, require_same_version

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def parallel_fits(scheduler: str) -> Iterator[None]:
    """Send joblib's tasks of the block to the cluster of a scheduler; "" for this machine.

    Raises ClusterError when the cluster cannot be used, or a worker has another version of tagger.
    """
    if not scheduler:
        yield
        return
    with contextlib.closing(connect(scheduler)) as client:
        require_same_version(client)
        with client.as_current(), joblib.parallel_config("dask", wait_for_workers_timeout=30):
            yield
