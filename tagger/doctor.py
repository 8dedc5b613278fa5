"""The checks of `tagger doctor`: everything that a scan needs, each with a next step."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import stat
import tempfile
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import av
import msgspec
import numpy as np

from tagger.audio.decode import SAMPLE_RATE, Recording
from tagger.config import Secret
from tagger.errors import (
    ConfigError,
    MissingWeightsError,
    PlaylistError,
    StoreDamagedError,
    TaggerError,
)
from tagger.features.specs import extract_all
from tagger.features.weights import FETCH, MN04, use_folder
from tagger.inference import networks, registry, selection
from tagger.inference.bundle import load
from tagger.inference.default import DEFAULT
from tagger.library import absence, walk
from tagger.library.known_artists import read_own
from tagger.pipeline import build
from tagger.pipeline.unknown_names import unknown_names
from tagger.players import configured_players, unexpected
from tagger.playlists.folder import check_place
from tagger.store import Store, existing, undamaged
from tagger.system.next_steps import disk_step, install_step
from tagger.system.spelling import real_path
from tagger.system.text import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tagger.config import PlayerSettings, Settings
    from tagger.players import Player

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
LEAST_FREE = 2**30
"""Bytes; a file is copied before its replacement, and the largest files have about this size."""


class Level(StrEnum):
    """The severity of a finding."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    name: str
    level: Level
    text: str
    next_step: str = ""
    repair: Callable[[], str] | None = None
    """Repairs the cause and returns a text on it; raises OSError or TaggerError."""


def repaired(finding: Finding) -> Finding:
    """Return the finding after its repair, or the same finding with the error of the repair."""
    if finding.repair is None:
        return finding
    try:
        text = finding.repair()
    except (OSError, TaggerError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return replace(finding, text=f"{finding.text}; not repaired: {reason}", repair=None)
    return Finding(finding.name, Level.OK, f"repaired: {text}")


def examine(settings: Settings) -> Iterator[Finding]:
    """Check everything that a scan needs."""
    yield _formats()
    if settings.model.bundle == "active":
        yield from _lost_models(settings)
    yield _model(settings)
    yield _workers(settings)
    yield from _network(settings)
    if settings.evidence.known_artists:
        yield from _own_artists(settings.evidence.artists)
    yield _state(settings)
    yield from _unknown_genres(settings)
    for root in settings.library.roots:
        yield _root(root, settings.store.folder)
    if settings.playlists.enabled:
        reported = [root for root in settings.library.roots if _fault(root)]
        for folder in settings.playlist_folders:
            if not any(map(folder.is_relative_to, reported)):
                yield _playlists(folder)
    for player in configured_players(settings.players):
        yield _player(player)
    yield from _exposed_secrets(settings.players)


def _formats() -> Finding:
    missing = [name for name, decoder in DECODERS.items() if not _has_decoder(decoder)]
    if missing:
        step = "install the wheel of `av` for your platform: "
        step += install_step("--force-reinstall", "av")
        return Finding("formats", Level.WARNING, f"cannot decode {', '.join(missing)}", step)
    return Finding("formats", Level.OK, f"decodes {', '.join(DECODERS)}")


def _has_decoder(name: str) -> bool:
    try:
        av.Codec(name, "r")
    except ValueError:
        return False
    return True


def _model(settings: Settings) -> Finding:
    try:
        resolved, _ = selection.model_in_use(settings)
        use_folder(networks.folder(settings.store.folder))
        model = load(resolved.model.bundle.folder)
        noise = np.random.default_rng(0).standard_normal(10 * SAMPLE_RATE).astype(np.float32)
        recording = Recording.of(0.1 * noise, SAMPLE_RATE)
        model.predict([extract_all(model.specs, recording)])
    except MissingWeightsError as error:
        return _failed("model", error, FETCH)
    except TaggerError as error:
        failed = _failed("model", error, "set model.bundle")
        if settings.model.bundle != "active":
            return failed
        step = "run `tagger models rollback`, or `tagger models use default`"
        return replace(failed, next_step=step, repair=_use_default(settings))
    genres = ", ".join(model.manifest.genres)
    return Finding("model", Level.OK, f"{model.manifest.id}, with the genres {genres}")


def _lost_models(settings: Settings) -> Iterator[Finding]:
    models = registry.ModelRegistry(settings.store.folder)

    def repair() -> str:
        models.mend()
        return f"{models.active} is active"

    try:
        lost = models.lost()
    except TaggerError as error:
        yield _failed("models", error, "check the folder of the models")
        return
    if lost:
        text = f"not there, or unreadable: {', '.join(lost)}"
        step = "choose a model with `tagger models use`"
        yield Finding("models", Level.WARNING, text, step, repair)


def _use_default(settings: Settings) -> Callable[[], str] | None:
    """Return the repair of an active model of the user that cannot be used."""
    models = registry.ModelRegistry(settings.store.folder)
    try:
        if models.active == DEFAULT:
            return None
    except TaggerError:  # another finding has the error
        return None

    def repair() -> str:
        models.activate(DEFAULT)
        return "the model that comes with tagger is active"

    return repair


def _workers(settings: Settings) -> Finding:
    try:
        with build.tag_jobs(settings) as jobs:
            jobs.check()
    except TaggerError as error:
        return _failed("workers", error, "see its log")
    return Finding("workers", Level.OK, "worker processes start")


def _network(settings: Settings) -> Iterator[Finding]:
    """Find a missing network; another check finds models that cannot be read."""
    if MN04.are_in(networks.folder(settings.store.folder)):
        yield Finding("network", Level.OK, f"{MN04.network} ({MN04.licence}) is installed")
        return
    with contextlib.suppress(TaggerError):
        if loss := selection.loss_without_network(settings):
            yield Finding("network", Level.WARNING, loss.reason, FETCH)


def _state(settings: Settings) -> Finding:
    folder = settings.store.folder
    try:
        with Store(folder) as store:
            store.check()
    except StoreDamagedError as error:
        failed = _failed("state", error, "set store.folder")
        return replace(failed, repair=lambda: _new_state(folder))
    except TaggerError as error:
        return _failed("state", error, "set store.folder")
    return _free_space("state", folder, f"stored in {folder}")


def _unknown_genres(settings: Settings) -> Iterator[Finding]:
    """Find genres of the settings without any effect; other checks find an unreadable file."""
    with contextlib.suppress(TaggerError), existing(settings.store.folder) as store:
        _, manifest = selection.model_in_use(settings)
        for text in unknown_names(settings, manifest, store):
            yield Finding("genres", Level.WARNING, text, "correct the configuration")


def _new_state(folder: Path) -> str:
    lines: list[str] = []
    with undamaged(folder, lines.append):
        return "; ".join(lines) or "the database can be read again"


def _root(root: Path, state: Path) -> Finding:
    name = f"library {root}"
    if fault := _fault(root):
        step = "check its permissions and its disk"
        if fault in (walk.NO_FOLDER, _NO_FOLDER):
            step = "set library.roots to your music's folder, or mount its disk;"
            step += " `tagger config path` prints the file of the settings"
        return Finding(name, Level.FAILED, fault, step)
    if not os.access(root, os.R_OK | os.X_OK):
        text = "no permission to read"
        if os.geteuid() != root.stat().st_uid:
            step = "make it readable for the user of tagger, or run tagger as its owner"
            return Finding(name, Level.FAILED, text, step)
        step = f"chmod u+rx {shlex.quote(str(root))}"
        return Finding(name, Level.FAILED, text, step, _grant(root, 0o500))
    refusal = _refusal(root)
    if missing := _away(root, state):
        step = "mount its disk, or leave the folder out of library.roots"
        return Finding(name, Level.FAILED if refusal else Level.WARNING, missing, step)
    if refusal:
        step = "mount it writable, or change its permissions; `tagger classify` works without"
        return Finding(name, Level.FAILED, _text(refusal), disk_step(refusal, step))
    return _free_space(name, root, "readable and writable")


def _away(root: Path, state: Path) -> str:
    """Return the fault of a folder that may be an empty mount point, an empty text for others."""
    with contextlib.suppress(TaggerError), existing(state) as store:
        missing = absence.missing_files(real_path(root), store)
        return str(missing) if missing and missing.away else ""
    return ""  # another check names the error of the database


def _playlists(folder: Path) -> Finding:
    try:
        check_place(folder)
    except PlaylistError as error:
        return _failed("playlists", error, "set another folder in [playlists]")
    step = "set another folder in [playlists], or playlists.enabled = false"
    existing = next(f for f in (folder, *folder.parents) if _fault(f) != walk.NO_FOLDER)
    if fault := _fault(existing):
        return Finding("playlists", Level.FAILED, f"{existing}: {fault}", step)
    if refusal := _refusal(existing):
        text, step = f"{existing}: {_text(refusal)}", disk_step(refusal, step)
        return Finding("playlists", Level.FAILED, text, step)
    return Finding("playlists", Level.OK, f"written to {folder}")


def _player(player: Player) -> Finding:
    name = f"player {player.name}"
    try:
        return Finding(name, Level.OK, f"{player.check()} answers")
    except TaggerError as error:
        return _failed(name, error, "see its log")
    except Exception as error:  # noqa: BLE001 - an odd answer ends no other check
        return _failed(name, unexpected(error), "see its log")


def _own_artists(path: Path) -> Iterator[Finding]:
    """Find a list of artists of the user that cannot be read, or has wrong lines."""
    try:
        _, wrong = read_own(path)
    except ConfigError as error:
        yield _failed("artists", error, "set evidence.artists to a file that can be read")
        return
    if wrong:
        text = f"{number_of(len(wrong), 'wrong line')} in {path}"
        step = f"tagger artists check {shlex.quote(str(path))}"
        yield Finding("artists", Level.WARNING, text, step)


def _failed(name: str, error: TaggerError, step: str) -> Finding:
    """Return the finding for an error.

    Args:
        name: The name of the check.
        error: The error.
        step: The next step, where the error has none.

    """
    text = f"{error.path}: {error.reason}" if error.path else error.reason
    return Finding(name, Level.FAILED, text, error.hint or step)


_NO_FOLDER = "is no folder"


def _fault(folder: Path) -> str | None:
    """Return why a folder cannot be looked into; None for a folder."""
    try:
        return None if stat.S_ISDIR(folder.stat().st_mode) else _NO_FOLDER
    except (FileNotFoundError, NotADirectoryError):
        return walk.NO_FOLDER
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _exposed_secrets(players: PlayerSettings) -> Iterator[Finding]:
    """Find files with passwords that other users may read."""
    for name, table in msgspec.structs.asdict(players).items():
        keys = msgspec.structs.asdict(table) if isinstance(table, msgspec.Struct) else {}
        for key, value in keys.items():
            if isinstance(value, Secret) and value.file and value.exposed:
                text = f"other users may read it in {value.file}"
                step = f"chmod 600 {shlex.quote(str(value.file))}"
                repair = _grant(value.file, 0, denied=0o077)
                yield Finding(f"players.{name}.{key}", Level.WARNING, text, step, repair)


def _grant(path: Path, allowed: int, denied: int = 0) -> Callable[[], str]:
    """Return a repair of the permissions of a file or folder.

    Args:
        path: The file or folder.
        allowed: Bits that are added.
        denied: Bits that are removed.

    """

    def repair() -> str:
        mode = stat.S_IMODE(path.stat().st_mode) & ~denied | allowed
        path.chmod(mode)
        return f"the permissions of {path} are {mode:o} now"

    return repair


def _refusal(folder: Path) -> OSError | None:
    """Test with a file: it fails for permissions, read-only mounts and failing disks alike."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".tagger-"):
            return None
    except OSError as error:
        return error


def _text(error: OSError) -> str:
    """Return what a folder lacks in which no file can be made."""
    denied = isinstance(error, PermissionError)
    return "no permission to write" if denied else f"cannot be written: {error.strerror}"


def _free_space(name: str, folder: Path, text: str) -> Finding:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        step = "free some space: each file is copied before its replacement"
        return Finding(name, Level.WARNING, f"only {free / 2**20:.0f} MiB free", step)
    return Finding(name, Level.OK, f"{text}, {free / 2**30:.0f} GiB free")
