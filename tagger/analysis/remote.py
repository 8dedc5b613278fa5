"""A task on a worker of a Dask cluster: checked against this worker's own model, then run.

The file is parsed in a process of the worker's own pool, with the limits of its configuration. So a
file that ends its process costs that file alone, as on one machine.
"""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger import __version__, config
from tagger.analysis import worker
from tagger.analysis.pool import WorkerPool
from tagger.config import PathMaps
from tagger.errors import ClusterError, TaggerError
from tagger.inference import in_use, networks

if TYPE_CHECKING:
    from collections.abc import Callable

    from tagger.config import Settings
    from tagger.inference import Manifest


class Place(Enum):
    """A path that each machine has for itself."""

    BUNDLE = "the folder of the model bundle"


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a worker must have in common with the machine that scans."""

    version: str
    """The version of tagger."""
    model: str
    """The id of the model."""
    files: tuple[tuple[str, str], ...]
    """The SHA-256 (hex) of each file of the model, by name."""

    @classmethod
    def of(cls, manifest: Manifest) -> Requirements:
        """Return the requirements of a model."""
        return cls(__version__, manifest.id, tuple(sorted(manifest.files.items())))


class Station:
    """The settings, the model and the processes of one worker of the cluster."""

    def __init__(self, settings: Settings) -> None:
        """Prepare the processes, which start with the first task.

        Raises ModelError when the model of the settings cannot be run.
        """
        settings, manifest = in_use.model_in_use(settings)
        self._bundle = settings.model.bundle.folder
        self._found = Requirements.of(manifest)
        self._maps = PathMaps(settings.cluster.map)
        folders = self._bundle, networks.folder(settings.store.folder)
        self._pool = WorkerPool(settings.workers, worker.prepare, *folders)

    def run(self, wanted: Requirements, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Run a task.

        Args:
            wanted: The version and the model of the machine that scans.
            function: A module-level function.
            args: Its arguments. A `Place` becomes this worker's own path, and a path of the
                machine that scans becomes the path of the same file here.

        Raises:
            ClusterError: this worker has another version or model.
            TaggerError: the errors of the task and of `WorkerPool.result`.

        """
        if difference := self._difference(wanted):
            raise ClusterError(f"the worker on {socket.gethostname()} {difference}", hint=SAME)
        own = [self._local(value) for value in args]
        path = next((value for value in own if isinstance(value, Path)), self._bundle)
        return self._pool.result(self._pool.submit(function, *own), path)

    def _local(self, value: Any) -> Any:
        if value is Place.BUNDLE:
            return self._bundle
        return Path(self._maps.translate(value) or value) if isinstance(value, Path) else value

    def _difference(self, wanted: Requirements) -> str:
        found = self._found
        if found.version != wanted.version:
            return f"has tagger {found.version} instead of {wanted.version}"
        if (found.model, found.files) != (wanted.model, wanted.files):
            return f"has the model {found.model} instead of {wanted.model}"
        return ""


SAME = "install the same tagger and the same model on each machine, then start its worker again"
_station: list[Station] = []
_lock = threading.Lock()


def version() -> str:
    """Return the version of tagger in this process."""
    return __version__


def run(wanted: Requirements, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Run a task on the station of this process; raises the errors of `Station.run`.

    The station has the settings of this process, from `TAGGER_CONFIG` or the user's file.

    Args:
        wanted: The version and the model of the machine that scans.
        function: A module-level function.
        args: Its arguments, see `Station.run`.

    """
    with _lock:
        if not _station:
            try:
                _station.append(Station(config.load(None)))
            except TaggerError as error:
                reason = f"the worker on {socket.gethostname()} cannot run the model: {error}"
                raise ClusterError(reason, hint=SAME) from error
    return _station[0].run(wanted, function, args)
