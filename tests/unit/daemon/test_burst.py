"""The end of a burst: playlists that cannot be written are tried again."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import bundles
import media

from tagger import config
from tagger.daemon.burst import Burst
from tagger.daemon.status.state import DaemonState
from tagger.players import PlayerNotifier
from tagger.store import Store


def test_playlists_that_could_not_be_written_are_tried_again_without_a_new_file(
    program, monkeypatch
):
    media.make(program.music / "song.mp3", signal=bundles.low())
    assert program.scan("--no-playlists").code == 0
    settings, now = config.load(program.config), 0.0
    playlist = program.music / "Playlists" / "Genres" / "Classical.m3u8"

    def failing(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with Store(program.state) as store:
        burst = Burst(store, DaemonState(), PlayerNotifier(), lambda: now)
        burst.mark_changed()
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", failing)
            burst.end(settings)
        burst.end(settings)
        assert not playlist.exists()
        now += settings.daemon.reconcile_interval
        burst.end(settings)
        assert playlist.exists()
        playlist.unlink()
        now += 2 * settings.daemon.reconcile_interval
        burst.end(settings)
        assert not playlist.exists()
