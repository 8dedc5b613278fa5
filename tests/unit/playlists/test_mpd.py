"""A real MPD opens what we publish, and finds every entry."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import media
import pytest
from mpd_client import Mpd

from tagger.config import LibrarySettings, PlaylistSettings, Settings
from tagger.playlists import Listed, TrackList, compose, locator, publish
from tagger.playlists.values import ListedTags

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not shutil.which("mpd"), reason="needs MPD (Debian: mpd)")

NAMES = [
    "plain.wav",
    "#1 hit.wav",
    "http: no scheme.wav",
    "cdda:.wav",
    "100%25 pure.wav",
    "a;b,c & 'd' \"e\".wav",
    "back\\slash.wav",
    "~tilde.wav",
    "naïve ☃ 音楽.wav",
    "e\u0301 decomposed.wav",
    "-dash.wav",
    "two  spaces.wav",
    "line\u2028separator.wav",
    "#deep/er/..dots/http:/x.wav",
    "CAPS.WAV",
]
STRIPPED = [" leading space.wav", "folder /trailing space.wav"]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    root = tmp_path / "Music"
    for name in NAMES + STRIPPED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        media.make(root / name, "wav")
    (tmp_path / "stored").mkdir()
    return root


@pytest.fixture
def mpd(library: Path, tmp_path: Path) -> Iterator[Mpd]:
    with tempfile.TemporaryDirectory(prefix="mpd") as short:  # a socket's path is limited
        address = Path(short) / "socket"
        configuration = tmp_path / "mpd.conf"
        configuration.write_text(
            f"""
            music_directory "{library}"
            playlist_directory "{tmp_path / "stored"}"
            db_file "{tmp_path / "database"}"
            log_file "{tmp_path / "log"}"
            bind_to_address "{address}"
            zeroconf_enabled "no"
            audio_output {{
                type "null"
                name "nothing"
            }}
            """
        )
        process = subprocess.Popen(["mpd", "--no-daemon", str(configuration)])
        while not address.exists():
            assert process.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.02)
        client = Mpd(address)
        yield client
        client.close()
        process.terminate()
        process.wait()


def update(mpd: Mpd) -> None:
    mpd("update")
    while any(line.startswith("updating_db") for line in mpd("status")):
        time.sleep(0.02)


def published(settings: Settings, library: Path) -> Path:
    names = NAMES + STRIPPED
    tracks = tuple(
        Listed(f"{library}/{name}", ListedTags(title=name, duration=1.0)) for name in names
    )
    rock = TrackList("Rock & Roll", lambda: tracks, genre="Rock & Roll")
    composed = compose([rock], locator(settings.playlists, settings.playlist_folders[0]))
    suffix = settings.playlists.suffix
    [change] = publish(settings.playlist_folders[0], composed.playlists, suffix=suffix, recorded={})
    left_out = STRIPPED if settings.playlists.profile == "mpd" else []
    assert list(composed.left_out) == [f"{library}/{name}" for name in left_out]
    return change.path


def loaded(mpd: Mpd, name: str) -> set[str]:
    mpd("clear")
    mpd("load", name)
    return mpd.files("playlistinfo")


@pytest.mark.parametrize("extension", ["m3u8", "m3u"])
def test_mpd_finds_every_entry_of_a_playlist_in_the_library(library, mpd, extension):
    playlists = PlaylistSettings(extension=extension)
    path = published(Settings(LibrarySettings((library,)), playlists=playlists), library)
    update(mpd)
    assert mpd.files("listall") == set(NAMES + STRIPPED)
    assert loaded(mpd, path.relative_to(library).as_posix()) == set(NAMES)


def test_mpd_finds_every_entry_of_a_stored_playlist(library, mpd, tmp_path):
    folder = str(tmp_path / "stored")
    playlists = PlaylistSettings(profile="mpd", folder=folder, music_directory=library)
    path = published(Settings(LibrarySettings((library,)), playlists=playlists), library)
    update(mpd)
    assert mpd("listplaylists")[0] == f"playlist: {path.stem}"
    assert loaded(mpd, path.stem) == set(NAMES)


def test_mpd_finds_every_entry_by_absolute_paths(library, mpd):
    playlists = PlaylistSettings(profile="absolute")
    path = published(Settings(LibrarySettings((library,)), playlists=playlists), library)
    update(mpd)
    assert loaded(mpd, path.relative_to(library).as_posix()) == set(NAMES)
