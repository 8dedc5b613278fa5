"""Real players show each genre and each entry, a new file after `tagger watch`, and an undo."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import bundles
import media
import pytest
from daemons import Watcher, until
from desktop_players import Kodi, QuodLibet, Vlc
from real_players import MiniDlna, Mopidy, Mpd, Supysonic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from real_players import RealPlayer

pytestmark = pytest.mark.slow


PLAYERS = [Mpd, Mopidy, Supysonic, MiniDlna, Kodi, QuodLibet, Vlc]


@pytest.fixture(params=PLAYERS, ids=lambda kind: kind.__name__)
def player(request, program) -> Iterator[RealPlayer]:
    if missing := request.param.missing():
        pytest.skip(missing)
    with tempfile.TemporaryDirectory(prefix="player") as short:
        yield request.param(program.home, program.music, Path(short))


def song(program, title, sound):
    """Let a song arrive in one step."""
    named = {"title": title, "artist": f"Artist {title}", "album": f"Album {title}"}
    staged = media.make(program.home / "arriving.mp3", "mp3", signal=sound(), tags=named)
    path = program.music / f"Älbum {title}" / f"{title} #1.mp3"
    path.parent.mkdir(exist_ok=True)
    return staged.rename(path)


def shows(player, **lists):
    """Whether the player has these titles in the playlist and under the genre of each name."""
    expected = {name: sorted(titles) for name, titles in lists.items()}
    found = {name: sorted(titles) for name, titles in player.playlists().items()}
    return found == expected == {name: titles for name, titles in player.genres().items() if titles}


def test_a_real_player_shows_genres_entries_a_new_file_and_an_undo(player, program):
    song(program, "one", bundles.low)
    song(program, "two", bundles.high)
    program.configure(player.configuration)
    with player, Watcher(program, settle=1):  # more than an undo needs on a busy machine
        until(lambda: shows(player, Classical=["one"], Metal=["two"]))
        new = song(program, "three", bundles.low)
        until(lambda: shows(player, Classical=["one", "three"], Metal=["two"]))
        # players compare times of modification in whole seconds
        until(lambda: time.time() > new.stat().st_mtime + 2)
        assert program.run("undo", new).code == 0
        until(lambda: shows(player, Classical=["one"], Metal=["two"]))
