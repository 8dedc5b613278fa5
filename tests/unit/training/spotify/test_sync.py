"""Reading playlists: resumed by page, read again when they move, never stopped by a bad one."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import stat
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
import pytest
import spotify_pages as pages
import spotify_user
from spotify_server import StandIn

from tagger.errors import StoreError, StoreTooNewError
from training.errors import (
    SpotifyAccountError,
    SpotifyError,
    SpotifyLoginError,
    SpotifyPausedError,
    SpotifyUnavailableError,
)
from training.spotify.cache import KEPT_S, SpotifyStore
from training.spotify.schema import Kind, Page, rows
from training.spotify.session import connected
from training.spotify.sync import State, Sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from programs import Program

ALWAYS = float("inf")
DAY = 86_400.0


@pytest.fixture
def server() -> Iterator[StandIn]:
    made = pages.made_playlists(sizes=(110, 190), families=("Metal", "Folk", "Rap"))
    with StandIn(made) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SpotifyStore]:
    with SpotifyStore(tmp_path) as opened:
        yield opened


def synced(server, store, playlists=None, **options):
    """Sync all the server's playlists; returns what became of each by name."""
    ids = [p.id for p in playlists or server.playlists]
    with spotify_user.api(server, store.path.parent) as api:
        return {one.playlist: one for one in Sync(api, store, **options).run(ids)}


def all_pages(server):
    return [(p.id, offset) for p in server.playlists for offset in range(0, len(p.places), 50)]


def kept_titles(store, playlist):
    return [row.title for row in store.rows(store.finished(playlist.id)) if row.title]


def titles(playlist):
    return [
        place["item"]["name"]
        for place in playlist.places
        if place["item"] and place["item"]["type"] == "track" and not place["is_local"]
    ]


def test_every_place_of_a_playlist_is_stored_with_its_kind(server, store):
    metal = server.playlists[0]
    outcome = synced(server, store)
    assert {one.state for one in outcome.values()} == {State.READ}
    kept = store.rows(store.finished(metal.id))
    assert [row.position for row in kept] == list(range(len(metal.places)))
    kinds = Counter(row.kind for row in kept)
    assert kinds[Kind.UNAVAILABLE] == len(metal.places[3::97])
    assert kinds[Kind.EPISODE] == len(metal.places[5::101])
    assert kinds[Kind.LOCAL] == len(metal.places[7::103])
    assert kept_titles(store, metal) == titles(metal)
    first, there = kept[0], metal.places[0]["item"]
    assert first.uri == there["uri"]
    assert first.artists == (there["artists"][0]["name"],)
    assert (first.album, first.isrc) == (there["album"]["name"], there["external_ids"]["isrc"])
    assert first.duration_s == there["duration_ms"] / 1000
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_no_place_is_lost_between_pages_that_are_shorter_than_asked_for(server, store):
    server.most = 20
    metal = server.playlists[0]
    synced(server, store, [metal])
    assert kept_titles(store, metal) == titles(metal)
    with spotify_user.api(server, store.path.parent) as api:
        server.playlists *= 10
        assert len(list(api.playlists())) == len(server.playlists) > 20


def test_an_unchanged_playlist_is_not_read_again(server, store):
    synced(server, store)
    before = server.pages_read()
    outcome = synced(server, store)
    assert {one.state for one in outcome.values()} == {State.UNCHANGED}
    assert server.pages_read() == before == all_pages(server)
    server.playlists[1].change()
    outcome = synced(server, store)
    assert [one.state for one in outcome.values()] == [
        State.UNCHANGED,
        State.READ,
        State.UNCHANGED,
    ]
    assert kept_titles(store, server.playlists[1]) == titles(server.playlists[1])


def test_an_empty_playlist_and_an_odd_page_are_read(server, store):
    server.playlists[0].places = []
    odd = {"is_local": False, "item": {"type": "track", "id": "x", "name": None, "artists": [None]}}
    old = {"track": server.playlists[1].places[0]["item"]}
    assert synced(server, store, server.playlists[:1])[server.playlists[0].id].places == 0
    page = msgspec.convert({"items": [odd, None, old, {}], "total": 4}, Page)
    gone = Kind.UNAVAILABLE
    assert [row.kind for row in rows(page, 7)] == [gone, gone, Kind.TRACK, gone]
    assert rows(page, 7)[2].position == 9


@pytest.mark.parametrize("how", ["change", "touch"])
def test_a_playlist_that_changes_during_its_reading_is_read_again(server, store, how):
    metal = server.playlists[0]
    seen = []

    def move(name, done, _total):
        seen.append((name, done))
        if len(seen) == 2:
            getattr(metal, how)()

    outcome = synced(server, store, on_page=move)
    assert outcome[metal.id].state is State.READ
    assert kept_titles(store, metal) == titles(metal)
    assert store.finished(metal.id).snapshot == metal.snapshot_id


def test_a_change_whose_snapshot_lags_shows_in_the_total(server, store):
    metal, moved = server.playlists[0], []

    def move(_name, _done, _total):
        if not moved:
            moved.append(metal.places.pop(0))

    assert synced(server, store, on_page=move)[metal.id].state is State.READ
    assert kept_titles(store, metal) == titles(metal)


def test_a_playlist_that_keeps_changing_keeps_its_older_snapshot(server, store):
    metal = server.playlists[0]
    synced(server, store)
    kept = kept_titles(store, metal)
    metal.touch()
    outcome = synced(server, store, on_page=lambda *_: metal.touch())
    assert outcome[metal.id].state is State.FAILED
    assert "changed during each" in outcome[metal.id].problem.reason
    assert kept_titles(store, metal) == kept
    assert store.problem(metal.id).hint
    assert synced(server, store)[metal.id].state is State.READ
    assert store.problem(metal.id) is None


@pytest.mark.parametrize(
    "fault", ["foreign", "missing", "made by spotify", "fault", "broken", "no items"]
)
def test_a_bad_playlist_never_stops_the_others(server, store, fault):
    bad = server.playlists[1]
    match fault:
        case "foreign":
            bad.owner = pages.SOMEBODY
        case "made by spotify":
            bad.id = pages.MADE_BY_SPOTIFY
        case _:
            server.fail(fault, f"{bad.id}/items", times=ALWAYS)
    outcome = synced(server, store)
    assert [one.state for one in outcome.values()] == [State.READ, State.FAILED, State.READ]
    assert store.problem(bad.id) == outcome[bad.id].problem
    assert outcome[bad.id].problem.hint


def test_a_sync_without_any_answer_stops_soon(server, store):
    server.fail("fault", "/playlists/", times=ALWAYS)
    server.playlists += pages.made_playlists(1, (1, 2), ("Jazz", "Ambient"))
    with pytest.raises(SpotifyUnavailableError):
        synced(server, store)
    assert len(server.answered) == 12  # four tries for each of three


@pytest.mark.parametrize("page", range(8))
@pytest.mark.parametrize(
    ("fault", "kind"), [("quota", SpotifyPausedError), ("premium", SpotifyAccountError)]
)
def test_a_fault_at_any_page_stops_the_sync_and_the_next_sync_resumes_there(
    server, store, fault, kind, page
):
    server.fail(fault, "/items", after=page)
    with pytest.raises(kind):
        synced(server, store)
    synced(server, store)
    assert server.pages_read() == all_pages(server)
    for playlist in server.playlists:
        assert kept_titles(store, playlist) == titles(playlist)


def test_a_long_wait_is_kept_without_a_request(server, store):
    server.fail("long wait", "/items", after=2)
    with pytest.raises(SpotifyPausedError, match="24 h"):
        synced(server, store, now=lambda: 1000 * DAY)
    asked = len(server.answered)
    with pytest.raises(SpotifyPausedError, match="a pause until"):
        synced(server, store, now=lambda: 1000.9 * DAY)
    assert len(server.answered) == asked
    synced(server, store, now=lambda: 1001.1 * DAY)
    assert server.pages_read() == all_pages(server)


def test_a_login_that_ends_midway_loses_no_page(server, store):
    def end(_name, done, _total):
        if done == 100:
            server.access.clear()
            server.refresh.clear()

    with pytest.raises(SpotifyLoginError):
        synced(server, store, on_page=end)
    synced(server, store)
    assert server.pages_read() == all_pages(server)


def test_a_token_that_ends_midway_is_renewed(server, store):
    synced(server, store, on_page=lambda *_: server.access.clear())
    assert server.pages_read() == all_pages(server)


def test_rows_expire_after_a_month_and_unwanted_rows_at_once(server, store):
    metal, folk = server.playlists[:2]
    synced(server, store, now=lambda: 1000 * DAY)
    store.expire(1000 * DAY + KEPT_S - 1)
    assert store.finished(metal.id)
    synced(server, store, [metal], now=lambda: 1010 * DAY)
    assert store.finished(folk.id) is None
    store.expire(1000 * DAY + KEPT_S + 1)
    assert store.finished(metal.id) is None
    store.close()
    content = store.path.read_bytes()
    ids = [p["item"]["id"] for one in (metal, folk) for p in one.places if p["item"]]
    assert not [one for one in ids if one and one.encode() in content]


def test_an_expired_reading_is_read_again_though_nothing_changed(server, store):
    synced(server, store, now=lambda: 1000 * DAY)
    store.expire(1040 * DAY)
    outcome = synced(server, store, now=lambda: 1040 * DAY)
    assert {one.state for one in outcome.values()} == {State.READ}


def test_a_second_sync_at_the_same_time_is_refused(tmp_path):
    settings = spotify_user.settings(tmp_path)
    with (
        connected(settings),
        pytest.raises(SpotifyError, match="another tagger"),
        connected(settings),
    ):
        pass
    with connected(settings):
        pass


def test_a_full_disk_is_an_error_and_read_pages_stay(server, store):
    metal = server.playlists[0]
    synced(server, store, [metal])
    pages_used = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages_used + 2}")
    with pytest.raises(StoreError, match="full"):
        synced(server, store)
    assert kept_titles(store, metal) == titles(metal)


def test_a_database_of_a_newer_version_is_refused(tmp_path, store):
    store.close()
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreTooNewError):
        SpotifyStore(tmp_path)


@pytest.fixture
def listener(program: Program) -> Iterator[spotify_user.Listener]:
    made = pages.made_playlists(sizes=(101, 140), families=("Metal", "Folk"))
    with StandIn(made) as running:
        user = spotify_user.Listener(program, running)
        user.log_in()
        yield user


def killed(child):
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()


def test_a_sync_killed_at_every_page_reads_no_page_twice(listener):
    server = listener.server
    for _ in all_pages(server)[1:]:
        server.hangs.clear()
        server.faults[:] = []
        server.fail("hang", "/items", after=1)
        with listener.start("-m", "tagger", "spotify", "sync") as child:
            assert server.hangs.wait(30)
            killed(child)
    server.faults[:] = []
    assert listener.run("sync").code == 0
    assert server.pages_read() == all_pages(server)
    with SpotifyStore(listener.state) as store:
        for playlist in server.playlists:
            assert kept_titles(store, playlist) == titles(playlist)


def test_a_sync_killed_at_any_time_completes_later(listener):
    server, rng = listener.server, random.Random(7)
    for _ in range(3):
        asked = len(server.answered) + rng.randrange(1, 5)
        with listener.start("-m", "tagger", "spotify", "sync") as child:
            while len(server.answered) < asked and child.poll() is None:
                time.sleep(0.001)
            killed(child)
    assert listener.run("sync").code == 0
    # a page may have been under way at each kill, and comes once more
    assert len(server.pages_read()) <= len(all_pages(server)) + 3
    with SpotifyStore(listener.state) as store:
        for playlist in server.playlists:
            assert kept_titles(store, playlist) == titles(playlist)
