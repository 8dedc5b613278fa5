"""From settings to the objects of one run: the only module that turns the one into the other."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tagger.analysis import forkserver, worker
from tagger.analysis.analyzer import Analyzer
from tagger.analysis.pool import WorkerPool, usable_cores
from tagger.analysis.tag_jobs import SPARE_MB, TagJobs
from tagger.core import genres
from tagger.core.decide import DecisionRules
from tagger.core.evidence import POINTS
from tagger.core.policy import Policy
from tagger.inference import in_use, networks
from tagger.library.evidence import LibraryEvidence
from tagger.library.known_artists import open_list
from tagger.library.mixtures import Mixtures
from tagger.pipeline.operations import DryRun, WhenStable, Write
from tagger.tags import WriteOptions

if TYPE_CHECKING:
    from tagger.analysis.cluster import ClusterPool
    from tagger.analysis.pool import Pool
    from tagger.config import Settings
    from tagger.core.domain import Prediction, Track
    from tagger.core.evidence import Evidence
    from tagger.core.thresholds import OperatingPoints
    from tagger.inference import Manifest
    from tagger.pipeline.operations import Operation
    from tagger.store import Store


def policy(settings: Settings) -> Policy:
    """Return the user's rules for genres."""
    return Policy(
        mode=settings.tags.mode,
        max_genres=settings.tags.max_genres,
        keep=genres.keys(settings.tags.keep),
        empty=settings.genres.empty_keys,
        vocabulary=settings.genres.vocabulary,
        parents=settings.genres.parents,
        own_parents=genres.by_key(settings.training.parents),
    )


def decision_rules(settings: Settings, manifest: Manifest) -> DecisionRules:
    """Return the rules for predictions of the model of `manifest`."""
    return DecisionRules(
        policy(settings),
        manifest.pooling,
        {genre: _threshold(settings, manifest.tracks, genre) for genre in manifest.genres},
        {genre: _threshold(settings, manifest.albums, genre) for genre in manifest.genres},
        settings.albums.together,
        manifest.families,
        _threshold(settings, POINTS),
        one_per_album=settings.tags.per_album,
    )


def _threshold(settings: Settings, points: OperatingPoints, genre: str = "") -> float | None:
    fixed = settings.tags.min_confidence
    return points.threshold(settings.tags.target_precision, genre) if fixed == "auto" else fixed


def write_options(settings: Settings) -> WriteOptions:
    """Return the options for writing files."""
    return WriteOptions(
        preserve_mtime=settings.tags.preserve_mtime,
        hard_links=settings.tags.hard_links,
        id3_version=settings.tags.id3_version,
        field=settings.tags.field,
        confidence=settings.tags.confidence,
    )


def start_server(settings: Settings) -> None:
    """Start the server of workers while the command opens its files; see `forkserver.start`."""
    if not settings.cluster.scheduler:
        forkserver.start()


def worker_pool(settings: Settings, tasks: int | None = None) -> Pool:
    """Return a pool whose workers have loaded the bundle of the settings.

    Args:
        settings: With the bundle resolved.
        tasks: No more workers than tasks; None for an unknown number.

    Raises:
        ClusterError: the cluster of the settings cannot be used.

    """
    if settings.cluster.scheduler:
        return _cluster(settings)
    limits = settings.workers
    if tasks is not None:
        limits = replace(limits, count=max(1, min(limits.count or usable_cores(), tasks)))
    folders = settings.model.bundle.folder, networks.folder(settings.store.folder)
    return WorkerPool(limits, worker.prepare, *folders)


def _cluster(settings: Settings) -> ClusterPool:
    from tagger.analysis.cluster import ClusterPool  # noqa: PLC0415 - few machines have a cluster

    manifest = in_use.runnable_manifest(settings)
    return ClusterPool(settings.cluster.scheduler, settings.model.bundle.folder, manifest)


def tag_jobs(settings: Settings, spare_mb: int = SPARE_MB) -> TagJobs:
    """Return the worker for tags; a cluster reads them, and this machine writes them.

    Args:
        settings: The limits, the field and the cluster.
        spare_mb: MiB for the tags of one file.

    Raises:
        ClusterError: the cluster of the settings cannot be used.

    """
    reader = _cluster(in_use.resolve_bundle(settings)) if settings.cluster.scheduler else None
    return TagJobs(settings.workers, settings.tags.field, reader, spare_mb)


def operation(
    settings: Settings, store: Store, jobs: TagJobs, run: int | None, model: str
) -> Operation:
    """Return the last step of a command: it writes, or only checks in a dry run.

    Args:
        settings: The settings.
        store: The state database.
        jobs: The worker for tags.
        run: The number of the run; None in a dry run.
        model: The id of the model of the decisions.

    """
    options = write_options(settings)
    if run is None:
        return DryRun(jobs, options)
    return WhenStable(Write(store, jobs, run, model, options), settings.daemon.settle)


class Basis:
    """What the decisions of one run by one model rest on; each part is made when it is needed."""

    def __init__(self, settings: Settings, manifest: Manifest, store: Store) -> None:
        """Decide by these settings.

        Args:
            settings: With the bundle resolved, see `in_use.model_in_use`.
            manifest: The manifest of the bundle.
            store: The state database.

        """
        self.settings = settings
        self.manifest = manifest
        self.store = store

    @classmethod
    def of(cls, settings: Settings, store: Store) -> Basis:
        """Return the basis by the model in use.

        Raises ModelError for a damaged bundle, MissingWeightsError for a missing network.
        """
        return cls(*in_use.model_in_use(settings), store)

    @cached_property
    def rules(self) -> DecisionRules:
        """The rules for predictions of the model."""
        return decision_rules(self.settings, self.manifest)

    @cached_property
    def options(self) -> WriteOptions:
        """The options for writing files."""
        return write_options(self.settings)

    @cached_property
    def evidence(self) -> LibraryEvidence:
        """The evidence beside the sound.

        Raises ConfigError when the user's list of artists cannot be read.
        """
        on = self.settings.evidence
        known = open_list(on.artists) if on.known_artists else None
        return LibraryEvidence(self.store, on, self.manifest.genres, known, self.settings.genres)

    @cached_property
    def mixtures(self) -> Mixtures:
        """The genres of the libraries, by the sound that the store remembers."""
        expected = self.manifest.expected if self.settings.evidence.library_sound else {}
        return Mixtures(self.store, self.manifest.id, expected)

    def weighed(self, track: Track, sound: Prediction, evidence: Evidence | None) -> Prediction:
        """Weigh a prediction by the genres of the library, where there is no other evidence.

        Args:
            track: The track.
            sound: Its prediction.
            evidence: The evidence beside its sound.

        """
        return sound if evidence else self.mixtures.weighed({track: sound})[track]

    def analyzer(self, pool: Pool) -> Analyzer:
        """Return an analyzer with these worker processes."""
        folder, window = self.settings.model.bundle.folder, self.settings.listen.window
        return Analyzer(self.store, pool, folder, self.manifest, window)
