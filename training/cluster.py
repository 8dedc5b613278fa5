"""Where joblib runs fits: in processes of this machine, or on the workers of a Dask cluster."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING

import joblib

from tagger.analysis.cluster import connect, require_same_version

if TYPE_CHECKING:
    from collections.abc import Iterator


_WATCH_S = 2.0
"""Seconds between two looks at the parent."""


@contextlib.contextmanager
def parallel_fits(scheduler: str) -> Iterator[None]:
    """Send joblib's tasks of the block to the cluster of a scheduler; "" for this machine.

    The processes of this machine end after this process, also if it is killed.

    Raises ClusterError when the cluster cannot be used, or a worker has another version of tagger.
    """
    if not scheduler:
        own = {"initializer": _end_after, "initargs": (os.getpid(),)}
        with joblib.parallel_config("loky", **own):
            yield
        return
    with contextlib.closing(connect(scheduler)) as client:
        require_same_version(client)
        with client.as_current(), joblib.parallel_config("dask", wait_for_workers_timeout=30):
            yield


def _end_after(parent: int) -> None:
    """End this process after its parent; it may wait for the rest of a task of a killed parent."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
