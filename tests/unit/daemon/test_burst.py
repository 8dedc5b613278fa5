"""The end of a burst: playlists that cannot be written are tried again."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import bundles
import media

from tagger import config
from tagger.core.domain import GenreEdit
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


def test_the_writes_of_a_daemon_that_was_killed_twice_are_all_notified(program, monkeypatch):
    albums = [program.music / name for name in ("First", "Second")]
    for album in albums:
        with Store(program.state) as store:
            edit = GenreEdit(album / "a.mp3", (), ("Rock",), "{}")
            run = store.runs.start("watch")
            store.journal.confirm(store.journal.intend(run, program.music, edit))
    program.configure("[playlists]\nenabled = false\n")
    settings, notified = config.load(program.config), []
    with Store(program.state) as store:
        notifier = PlayerNotifier()
        monkeypatch.setattr(notifier, "notify", lambda _, changes: notified.extend(changes.folders))
        Burst(store, DaemonState(), notifier).end(settings)
        assert notified == albums
        assert all(summary.run.finished for summary in store.runs.summaries())
