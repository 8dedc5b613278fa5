"""Every error that tagger raises on purpose.

TaggerError
├── ConfigError
├── AudioError
│   ├── NotAudioError
│   ├── TooShortError
│   ├── SilentError
│   ├── MovingPictureError
│   ├── NarrowBandError
│   ├── CorruptAudioError
│   └── UnreadableError
├── TagError
│   ├── UnsupportedContainerError
│   ├── CorruptTagsError
│   ├── SkippedError
│   └── WriteFailedError
│       ├── FileChangedError
│       └── PayloadChangedError
├── ModelError
├── StoreError
│   └── StoreTooNewError
├── PlaylistError
├── PlayerError
├── DaemonError
├── WorkersUnusableError
└── WorkerError
    ├── WorkerCrashedError
    ├── WorkerFailedError
    └── WorkerTimedOutError
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        then = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.reason}{then}"


class ConfigError(TaggerError):
    """The configuration cannot be used; the message names the key."""


class AudioError(TaggerError):
    """A file could not be listened to."""


class NotAudioError(AudioError):
    """The content is not a supported audio container."""


class TooShortError(AudioError):
    """Less sound than a decision needs."""


class SilentError(AudioError):
    """Nothing but silence in the part that is listened to."""


class MovingPictureError(AudioError):
    """A video: its sound is not a track of a music library."""


class NarrowBandError(AudioError):
    """A recording at so low a rate that too little is left to judge by."""


class CorruptAudioError(AudioError):
    """An audio container whose sound cannot be decoded."""


class UnreadableError(AudioError):
    """The operating system would not give the file's bytes."""


class TagError(TaggerError):
    """A file's tags could not be read or written."""


class UnsupportedContainerError(TagError):
    """The content is no container whose tags tagger can write."""


class CorruptTagsError(TagError):
    """The tags are there and cannot be parsed."""


class SkippedError(TagError):
    """Writing was declined to be safe: hard links, read-only, outside the roots."""


class WriteFailedError(TagError):
    """A write was given up; the file is as it was."""


class FileChangedError(WriteFailedError):
    """Another program changed the file while its copy was being written."""


class PayloadChangedError(WriteFailedError):
    """The copy's sound or another tag differed from the original's: the copy was dropped."""


class ModelError(TaggerError):
    """A model bundle is missing, damaged, or of a format that this version cannot run."""


class StoreError(TaggerError):
    """The state database cannot be used."""


class StoreTooNewError(StoreError):
    """The state database was written by a newer tagger."""


class PlaylistError(TaggerError):
    """A playlist could not be rendered or published."""


class PlayerError(TaggerError):
    """A player could not be notified of changed files or playlists."""


class DaemonError(TaggerError):
    """The daemon cannot run, or there is none to talk to."""


class WorkersUnusableError(TaggerError):
    """No worker process can be started: not one file's fault."""


class WorkerError(TaggerError):
    """A worker process failed on a file."""


class WorkerCrashedError(WorkerError):
    """A worker process died, most likely on a malformed file or out of memory."""


class WorkerFailedError(WorkerError):
    """A worker process raised an exception that no code expects: a fault of tagger."""


class WorkerTimedOutError(WorkerError):
    """A worker process was killed after the time limit."""
