"""The checks of `tagger doctor`: everything that a scan needs, each with a next step."""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import av

from tagger.doctor import folders, models, players
from tagger.doctor.finding import Finding, Severity, failed, repaired
from tagger.errors import ConfigError, StoreDamagedError, TaggerError
from tagger.inference import in_use
from tagger.library.known_artists import read_own
from tagger.pipeline import build
from tagger.pipeline.unknown_names import unknown_names
from tagger.players import configured_players
from tagger.store import Store, existing, undamaged
from tagger.system.next_steps import install_step
from tagger.system.text import number_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tagger.config import Settings

__all__ = ["Finding", "Severity", "examine", "repaired"]

DECODERS = {
    "MP3": "mp3float",
    "FLAC": "flac",
    "Ogg Vorbis": "vorbis",
    "Opus": "opus",
    "AAC": "aac",
    "ALAC": "alac",
    "WAV, AIFF": "pcm_s16le",
    "WMA": "wmav2",
    "WavPack": "wavpack",
    "Monkey's Audio": "ape",
    "Musepack": "mpc8",
    "DSF": "dsd_lsbf_planar",
}
"""FFmpeg's decoder of each format, by the format's common name."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Check everything that a scan needs."""
    yield _formats()
    if settings.model.bundle == "active":
        yield from models.lost(settings)
    yield models.usable(settings)
    yield _workers(settings)
    yield from models.network(settings)
    if settings.evidence.known_artists:
        yield from _own_artists(settings.evidence.artists)
    yield _state(settings)
    yield from _unknown_genres(settings)
    for root in settings.library.roots:
        yield folders.library_root(root, settings.store.folder)
    if settings.playlists.enabled:
        reported = [root for root in settings.library.roots if folders.unreachable(root)]
        for folder in settings.playlist_folders:
            if not any(map(folder.is_relative_to, reported)):
                yield folders.playlist_folder(folder)
    for player in configured_players(settings.players):
        yield players.answers(player)
    yield from players.exposed_secrets(settings.players)


def _formats() -> Finding:
    missing = [name for name, decoder in DECODERS.items() if not _has_decoder(decoder)]
    if missing:
        step = "install the wheel of `av` for your platform: "
        step += install_step("--force-reinstall", "av")
        return Finding("formats", Severity.WARNING, f"cannot decode {', '.join(missing)}", step)
    return Finding("formats", Severity.OK, f"decodes {', '.join(DECODERS)}")


def _has_decoder(name: str) -> bool:
    try:
        av.Codec(name, "r")
    except ValueError:
        return False
    return True


def _workers(settings: Settings) -> Finding:
    try:
        with build.tag_jobs(settings) as jobs:
            jobs.check()
    except TaggerError as error:
        return failed("workers", error, "see its log")
    return Finding("workers", Severity.OK, "worker processes start")


def _state(settings: Settings) -> Finding:
    folder = settings.store.folder
    try:
        with Store(folder) as store:
            store.check()
    except StoreDamagedError as error:
        found = failed("state", error, "set store.folder")
        return replace(found, repair=lambda: _new_state(folder))
    except TaggerError as error:
        return failed("state", error, "set store.folder")
    return folders.free_space("state", folder, f"stored in {folder}")


def _unknown_genres(settings: Settings) -> Iterator[Finding]:
    """Find genres of the settings without any effect; other checks find an unreadable file."""
    with contextlib.suppress(TaggerError), existing(settings.store.folder) as store:
        _, manifest = in_use.model_in_use(settings)
        for text in unknown_names(settings, manifest, store):
            yield Finding("genres", Severity.WARNING, text, "correct the configuration")


def _own_artists(path: Path) -> Iterator[Finding]:
    """Find a list of artists of the user that cannot be read, or has wrong lines."""
    try:
        _, wrong = read_own(path)
    except ConfigError as error:
        yield failed("artists", error, "set evidence.artists to a file that can be read")
        return
    if wrong:
        text = f"{number_of(len(wrong), 'wrong line')} in {path}"
        step = f"tagger artists check {shlex.quote(str(path))}"
        yield Finding("artists", Severity.WARNING, text, step)


def _new_state(folder: Path) -> str:
    lines: list[str] = []
    with undamaged(folder, lines.append):
        return "; ".join(lines) or "the database can be read again"
