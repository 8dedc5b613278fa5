"""Every error that tagger raises on purpose.

TaggerError
├── ConfigError
├── AudioError
│   ├── NotAudioError
│   ├── TooShortError
│   ├── TooLongError
│   ├── SilentError
│   ├── MovingPictureError
│   ├── NarrowBandError
│   ├── CorruptAudioError
│   └── UnreadableError
├── TagError
│   ├── UnsupportedContainerError
│   ├── CorruptTagsError
│   ├── SkippedError
│   │   └── ChangedSinceError
│   └── WriteFailedError
│       ├── FileChangedError
│       └── PayloadChangedError
├── ModelError
│   └── MissingWeightsError
├── DownloadError
├── StoreError
│   ├── StoreDamagedError
│   └── StoreTooNewError
├── OutputError
├── PlanError
├── PlaylistError
├── PlayerError
├── DaemonError
├── WorkersUnusableError
├── ClusterError
└── WorkerError
    ├── WorkerCrashedError
    ├── WorkerFailedError
    └── WorkerTimedOutError
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

AGAIN = "repeat the command; `tagger watch` tries again by itself"
"""The hint of an error that may be gone then, in any command that reads or writes a file."""
REPAIR = "`tagger scan` and `tagger watch` move it aside and begin a new database"
"""The hint for a damaged database."""
NO_TEMPORARY_FOLDER = "free some space in /tmp, or set TMPDIR to a folder with free space"
"""The hint where Python finds no folder for temporary files."""


class TaggerError(Exception):
    """An expected failure: what went wrong, on which file, and what to do next.

    Instances cross process boundaries, hence the positional arguments: `Exception`
    pickles by calling the class with `args`.
    """

    def __init__(self, reason: str, path: Path | None = None, hint: str | None = None) -> None:
        super().__init__(reason, path, hint)
        self.reason = reason
        self.path = path
        self.hint = hint

    @property
    def explanation(self) -> str:
        """The reason with the next step, for a place that names the path already."""
        return f"{self.reason} ({self.hint})" if self.hint else self.reason

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.explanation}"


class ConfigError(TaggerError):
    """The configuration cannot be used; the message names the key."""


class AudioError(TaggerError):
    """The sound of a file could not be analysed."""


class NotAudioError(AudioError):
    """The content is not a supported audio container."""


class TooShortError(AudioError):
    """The sound is shorter than a decision needs."""


class TooLongError(AudioError):
    """The file is longer than a track: an album, a mix or a podcast."""


class SilentError(AudioError):
    """The analysed part of a file is silent."""


class MovingPictureError(AudioError):
    """The file is a video, not a track of a music library."""


class NarrowBandError(AudioError):
    """The sampling rate of a recording is too low for a decision."""


class CorruptAudioError(AudioError):
    """An audio container whose sound cannot be decoded."""


class UnreadableError(AudioError):
    """The operating system refused to read the file."""


class TagError(TaggerError):
    """A file's tags could not be read or written."""


class UnsupportedContainerError(TagError):
    """tagger cannot write tags into this container."""


class CorruptTagsError(TagError):
    """The tags of a file cannot be parsed."""


class SkippedError(TagError):
    """The write was refused for safety: hard links, read-only, outside the roots."""


class ChangedSinceError(SkippedError):
    """A file is no longer as tagger wrote it, so an undo leaves it alone."""


class WriteFailedError(TagError):
    """A write failed; the file is unchanged."""


class FileChangedError(WriteFailedError):
    """Another program changed the file while its copy was being written."""


class PayloadChangedError(WriteFailedError):
    """The copy differed from the original in its sound or another tag, and was removed."""


class ModelError(TaggerError):
    """A model bundle is missing, damaged, or of a format that this version cannot run."""


class MissingWeightsError(ModelError):
    """A network of a model is not installed."""


class DownloadError(TaggerError):
    """A published file cannot be downloaded, or differs from the published file."""


class StoreError(TaggerError):
    """The state database cannot be used."""


class StoreDamagedError(StoreError):
    """The content of the state database cannot be read."""


class StoreTooNewError(StoreError):
    """The state database was written by a newer tagger."""


class OutputError(TaggerError):
    """A file that the user asked for cannot be written."""


class PlanError(TaggerError):
    """A plan cannot be read, or one of its lines is malformed."""


class PlaylistError(TaggerError):
    """A playlist could not be rendered or published."""


class PlayerError(TaggerError):
    """A player could not be notified of changed files or playlists."""


class DaemonError(TaggerError):
    """The daemon cannot run, or no daemon answers."""


class WorkersUnusableError(TaggerError):
    """No worker process can be started; no single file is the cause."""


class ClusterError(TaggerError):
    """The Dask cluster cannot be used, or a worker of it differs from this machine."""


class WorkerError(TaggerError):
    """A worker process failed on a file."""


class WorkerCrashedError(WorkerError):
    """A worker process died, most likely on a malformed file or out of memory."""


class WorkerFailedError(WorkerError):
    """A worker process raised an exception that no code expects: a fault of tagger."""


class WorkerTimedOutError(WorkerError):
    """A worker process was killed after the time limit."""
