"""`tagger spotify` as its users run it, against the stand-in."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import bundles
import click
import media
import pytest
import spotify_pages as pages
import spotify_user
from programs import run_here
from spotify_server import StandIn

from tagger.cli.root import cli
from training.data.store import TrainingStore
from training.spotify.session import connected
from training.spotify.tokens import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from programs import Program

SONGS = (
    pages.Song("River Stone", "The Wanderers", "One", 4.0, "", "a" * 22),
    pages.Song("Iron Hall", "Anvil Choir", "Two", 5.0, "", "b" * 22),
)


@pytest.fixture
def listener(program: Program) -> Iterator[spotify_user.Listener]:
    made = pages.made_playlists(sizes=(60, 70), families=("Metal", "Folk"))
    made[0].places[:0] = [pages.track_place(song) for song in SONGS]
    with StandIn(made) as running:
        yield spotify_user.Listener(program, running)


@pytest.fixture
def logged_in(listener: spotify_user.Listener) -> spotify_user.Listener:
    listener.log_in()
    return listener


def test_every_subcommand_has_help_for_itself_and_each_option():
    group = cli.get_command(click.Context(cli), "spotify")
    assert group.help
    for name, command in group.commands.items():
        assert command.help, name
        assert all(o.help for o in command.params if isinstance(o, click.Option))


def test_spotify_is_off_by_default(listener):
    listener.program.configure()
    for command in ("login", "playlists", "sync", "match"):
        result = listener.run(command, answers="y\n")
        assert (result.code, result.out) == (2, "")
        assert "training.spotify.enabled = true" in result.err
    listener.configure({}, client_id="")
    assert "developer.spotify.com/dashboard" in listener.run("login", answers="y\n").err
    assert listener.server.answered == []


def test_spotify_without_the_extra_is_refused_in_one_sentence(listener):
    script = "import sys; sys.modules['spotipy'] = None; from tagger.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "spotify", "status"],
        env=listener.program.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f"{sys.executable} -m pip install 'tagger-by-ear[train]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_clause_is_shown_once_and_only_a_yes_is_kept(listener):
    no = listener.run("login", answers="n\n")
    assert no.code == 2
    assert "train a machine learning" in no.out
    assert "/authorize" not in no.out
    assert listener.run("login", answers="").code == 130
    unasked = listener.run("sync")
    assert unasked.code == 2
    assert "not agreed" in unasked.err
    assert listener.server.answered == []
    assert "train a machine learning" in listener.run("login", answers="y\n").out
    listener.run("logout")
    again = listener.run("login")
    assert again.code == 0
    assert "train a machine learning" not in again.out


def test_login_works_by_browser_and_by_pasted_address(listener):
    browser = listener.run("login", answers="y\n")
    assert "Logged in as Listener, until 20" in browser.out
    login = listener.state / FILE_NAME
    first = login.read_text()
    pasted = listener.log_in_by_paste(first="")
    assert pasted.code == 0, pasted
    assert "Logged in as Listener" in pasted.out
    assert login.read_text() != first
    assert stat.S_IMODE(login.stat().st_mode) == 0o600
    listener.server.denies = True
    refused = listener.run("login")
    assert refused.code == 2
    assert "not allowed" in refused.err
    assert login.exists()


def test_a_pasted_address_of_something_else_is_refused(listener):
    result = listener.run("login", "--paste", answers="y\nhttps://example.org/?code=x&state=y\n")
    assert result.code == 2
    assert "no answer to this login" in result.err


def test_playlists_are_listed_with_what_can_be_read(logged_in):
    server = logged_in.server
    server.playlists.append(pages.Playlist("f" * 22, "Theirs\n\x1b[31m", [], pages.SOMEBODY))
    out = logged_in.run("playlists").out
    assert out.count("\n") == 3
    assert re.search(r"My Metal +Metal\n", out)
    assert "not yours: cannot be read" in out
    rows = logged_in.run("playlists", "--json").objects
    assert [row["readable"] for row in rows] == [True, True, False]
    assert rows[0]["tracks"] == len(server.playlists[0].places)


def test_playlists_are_listed_despite_a_wrong_reference(logged_in):
    logged_in.configure({"My Metal": "Metal"})
    assert "is no playlist's link or id" in logged_in.run("sync").err
    assert logged_in.run("playlists").code == 0


def test_names_from_spotify_are_printed_on_one_line(logged_in):
    for playlist in logged_in.server.playlists:
        playlist.name = "two\nlines\x1b[31m"
    for command in ("sync", "status", "playlists"):
        result = logged_in.run(command)
        assert "two\\nlines" in result.out
        assert "\x1b" not in result.out


def test_logout_during_a_sync_is_refused(logged_in):
    with connected(spotify_user.settings(logged_in.state)):
        result = logged_in.run("logout", "--purge")
    assert result.code == 2
    assert "another tagger" in result.err
    assert (logged_in.state / FILE_NAME).exists()


def test_sync_reports_the_result_of_each_playlist(logged_in):
    metal, folk = logged_in.server.playlists
    folk.owner = pages.SOMEBODY
    result = logged_in.run("sync")
    assert result.code == 1
    assert f"read       Metal: My Metal ({len(metal.places)} places)" in result.out
    assert "failed     Folk:" in result.out
    assert "-> copy its tracks into a playlist of yours" in result.out
    rows = logged_in.run("sync", "--json").objects
    assert [row["state"] for row in rows] == ["unchanged", "failed"]
    status = logged_in.run("status", "--json").objects[0]
    assert status["logged_in"]
    assert [bool(p["problem"]) for p in status["playlists"]] == [False, True]
    assert "owner and collaborators" in logged_in.run("status").out


def test_a_quota_or_a_long_wait_ends_a_sync_with_the_next_step(logged_in):
    logged_in.server.fail("quota", "/items", after=1)
    result = logged_in.run("sync")
    assert result.code == 2
    assert "quota" in result.err
    assert "tagger spotify sync" in result.err
    logged_in.server.fail("long wait", "/items")
    assert "a pause of 24 h" in logged_in.run("sync").err
    assert "a pause until" in logged_in.run("sync").err
    assert "paused     until" in logged_in.run("status").out


def test_an_ended_login_asks_for_a_new_one_and_nothing_else(logged_in):
    logged_in.server.access.clear()
    logged_in.server.refresh.clear()
    result = logged_in.run("sync")
    assert result.code == 2
    assert "tagger spotify login" in result.err
    assert not (logged_in.state / FILE_NAME).exists()
    assert "login      none" in logged_in.run("status").out


def made_library(listener, albums=("One",)):
    for album in albums:
        folder = listener.program.music / album
        folder.mkdir()
        for song in SONGS:
            media.make(
                folder / f"{song.title}.flac",
                "flac",
                signal=bundles.low(song.seconds),
                tags={"title": song.title, "artist": song.artist, "album": album},
            )


def test_match_reports_the_share_of_each_playlist_in_the_library(logged_in):
    made_library(logged_in)
    nothing = logged_in.run("match")
    assert nothing.code == 2
    assert "has not been read yet" in nothing.err
    logged_in.run("sync")
    metal = logged_in.run("match", "--json").objects[0]
    rest = len(logged_in.server.playlists[0].places) - len(SONGS)
    assert metal["matched"] == len(SONGS)
    assert metal["missing"] + sum(metal["skipped"].values()) == rest
    assert "Metal: My Metal: 2 matched," in logged_in.run("match").out


def test_two_files_alike_are_ambiguous_until_settled_by_hand(logged_in):
    made_library(logged_in, albums=("Best Of", "Gold"))
    there = logged_in.program.music / "Gold" / "River Stone.flac"
    logged_in.run("sync")
    result = logged_in.run("match", "--json")
    assert (result.objects[0]["matched"], result.objects[0]["ambiguous"]) == (0, 2)
    assert "tagger train match" in result.err
    with TrainingStore(logged_in.state) as store:
        store.choices.put(f"spotify:track:{SONGS[0].id}", there)
    settled = logged_in.run("match", "--json").objects[0]
    assert (settled["matched"], settled["ambiguous"]) == (1, 1)


def test_a_training_without_synced_playlists_is_refused_without_a_prompt(logged_in):
    environment = logged_in.program.environment | logged_in.variables
    refused = run_here(environment, "train", "--source", "spotify")
    assert refused.code == 2
    assert "no playlist has been read for Folk, Metal" in refused.err
    assert not (logged_in.state / "models").exists()
    assert logged_in.server.answered == []


def test_a_purge_leaves_no_data_of_spotify(logged_in):
    made_library(logged_in)
    logged_in.run("sync")
    logged_in.run("match")
    with TrainingStore(logged_in.state) as store:
        for number in range(400):
            store.choices.put(f"spotify:track:{number:022}", logged_in.program.music / "x")
        store.choices.put("mine|artist|album", None)
    out = logged_in.run("logout", "--purge").out
    assert "https://www.spotify.com/account/apps/" in out
    assert not [path.name for path in logged_in.state.iterdir() if "spotify" in path.name]
    left = b"".join(path.read_bytes() for path in logged_in.state.rglob("*") if path.is_file())
    places = [p["item"] for playlist in logged_in.server.playlists for p in playlist.places]
    ids = [item["id"] for item in places if item and item["id"]]
    for trace in ("spotify:", "My Metal", "BQ-access", *ids[len(SONGS) :]):
        assert trace.encode() not in left
    with TrainingStore(logged_in.state) as store:
        assert store.choices.all() == {"mine|artist|album": None}
    assert "terms      not agreed" in logged_in.run("status").out
    assert logged_in.run("logout", "--purge").code == 0


def test_logout_deletes_the_login_and_keeps_the_lists(logged_in):
    logged_in.run("sync")
    out = logged_in.run("logout").out
    assert "Logged out." in out
    assert "--purge" in out
    assert not (logged_in.state / FILE_NAME).exists()
    assert "places, read 20" in logged_in.run("status").out
    assert "There was no login." in logged_in.run("logout").out


LOUD = """
import http.client, logging
logging.basicConfig(level=logging.DEBUG)
from tagger.cli import main
main()
"""
"""`tagger` with every logger at debug."""


def test_no_secret_in_any_output_with_every_logger_at_debug(logged_in):
    login = json.loads((logged_in.state / FILE_NAME).read_text())
    (logged_in.state / FILE_NAME).write_text(json.dumps(login | {"expires_at": 0}))
    logged_in.server.fail("fault", "/items")
    said = ""
    for command in ("sync", "playlists", "status"):
        with logged_in.start("-c", LOUD, "spotify", command) as child:
            said += "".join(child.communicate())
        assert child.returncode == 0
    assert "DEBUG:urllib3" in said
    assert logged_in.server.refresh.isdisjoint({login["refresh_token"]})  # it was renewed
    for secret in ("BQ-access", "AQ-refresh", "Bearer"):
        assert secret not in said


def test_a_secret_in_the_configuration_is_refused_and_open_doors_named(listener):
    listener.configure({}, client_secret="hunter2hunter2")  # noqa: S106
    listener.program.config.chmod(0o644)
    result = listener.run("status")
    assert result.code == 2
    assert "client_secret" in result.err
    assert "other users may read this file: chmod 600" in result.err
    assert "hunter2" not in result.err
    listener.program.config.chmod(0o600)
    assert "chmod" not in listener.run("status").err
