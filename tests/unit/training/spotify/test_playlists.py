"""Playlists by name, out of exports, and as labels."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
import spotify_user
from hypothesis import given
from hypothesis import strategies as st

from tagger.config import Settings, SpotifySettings, TrainingSettings
from tagger.errors import ConfigError
from training.errors import SpotifyError, SpotifyOffError
from training.labels.spotify import SpotifySource
from training.spotify import consent, exports, playlist_ids
from training.spotify.cache import SpotifyStore
from training.spotify.playlists import known
from training.spotify.schema import Kind, PlaylistTrack

ID = "3cEYpjA9oz9GiPac4AsH4n"
ACCOUNT = {
    "playlists": [
        {
            "name": "Late Bluegrass",
            "lastModifiedDate": "2026-01-01",
            "items": [
                {
                    "track": {
                        "trackName": "Blue Ridge",
                        "artistName": "The Pickers",
                        "albumName": "Hills",
                        "trackUri": "spotify:track:1",
                    },
                    "episode": None,
                    "localTrack": None,
                },
                {"track": None, "episode": {"episodeName": "Talk"}, "localTrack": None},
                {"track": None, "episode": None, "localTrack": {"uri": "spotify:local:x"}},
                {"track": None, "episode": None, "localTrack": None},
            ],
        },
        {"name": None, "items": None},
    ]
}
TABLE = """\ufeff\
Track URI,Track Name,Artist URI(s),Artist Name(s),Album Name,Track Duration (ms),ISRC
spotify:track:1,"Blue, Ridge",x,"The Pickers, Crosby\\, Stills",Hills,183000,USABC1
spotify:track:2,Two,x,A;B,Hills,,
spotify:local:x:y,Local,,Me,,,
spotify:episode:3,Talk,,Somebody,,,
,,,,,,
"""


@pytest.mark.parametrize(
    "reference",
    [
        ID,
        f" {ID}\n",
        f"spotify:playlist:{ID}",
        f"spotify:user:someone:playlist:{ID}",
        f"https://open.spotify.com/playlist/{ID}",
        f"https://open.spotify.com/playlist/{ID}?si=4fd1a&pt=1",
        f"https://open.spotify.com/intl-de/playlist/{ID}/",
        f"open.spotify.com/user/x/playlist/{ID}#top",
    ],
)
def test_a_playlist_id_is_read_from_every_form_that_people_copy(reference):
    assert playlist_ids.playlist_id(reference) == ID


@pytest.mark.parametrize(
    "reference",
    ["", "My Metal", f"{ID}x", f"https://evil.example/playlist/{ID}", f"spotify:track:{ID}"],
)
def test_any_other_text_is_the_name_of_a_playlist(reference):
    assert playlist_ids.playlist_id(reference) is None


def test_a_playlist_with_two_genres_is_refused():
    twice = SpotifySettings(playlists={ID: "Metal", f"spotify:playlist:{ID}": "Rock"})
    with pytest.raises(ConfigError, match="two genres"):
        playlist_ids.wanted(twice)
    with pytest.raises(ConfigError, match="no playlist's link"):
        playlist_ids.wanted(SpotifySettings(playlists={"My Metal": "Metal"}))
    named = SpotifySettings(playlists={"My Metal": "Metal", ID: "Rock"}, exports=(Path("/x"),))
    assert playlist_ids.wanted(named) == {ID: "Rock"}
    assert playlist_ids.named(named) == {"My Metal": "Metal"}


def test_an_export_of_the_account_is_read_with_every_kind(tmp_path):
    file = tmp_path / "Playlist1.json"
    file.write_text(json.dumps(ACCOUNT))
    first, second = exports.read(file)
    assert (first.name, second.name) == ("Late Bluegrass", "")
    assert first.rows[0] == PlaylistTrack(
        0, Kind.TRACK, "spotify:track:1", "Blue Ridge", ("The Pickers",), "Hills"
    )
    assert [row.kind for row in first.rows[1:]] == [Kind.EPISODE, Kind.LOCAL, Kind.UNAVAILABLE]


def test_a_table_of_exportify_is_read_with_odd_values(tmp_path):
    file = tmp_path / "late_bluegrass.csv"
    file.write_text(TABLE, encoding="utf-8")
    (found,) = exports.read(file)
    assert playlist_ids.key(found.name) in playlist_ids.keys("Late Bluegrass!")
    first, second, *others = found.rows
    assert first.title == "Blue, Ridge"
    assert first.artists == ("The Pickers", "Crosby, Stills")
    assert (first.duration_s, first.isrc) == (183.0, "USABC1")
    assert (second.artists, second.duration_s) == (("A", "B"), None)
    assert [row.kind for row in others] == [Kind.LOCAL, Kind.EPISODE, Kind.UNAVAILABLE]


@pytest.mark.parametrize(
    "data",
    [
        "sep=;\r\nTrack Name;Artist Name(s)\r\nCafé;Band\r\n".encode("cp1252"),
        "Track Name\tArtist Name(s)\nCafé\tBand\n".encode("utf-16"),
    ],
)
def test_an_export_that_excel_wrote_again_is_read(tmp_path, data):
    file = tmp_path / "metal.csv"
    file.write_bytes(data)
    ((row,),) = (one.rows for one in exports.read(file))
    assert (row.title, row.artists) == ("Café", ("Band",))


@pytest.mark.parametrize("name", ["a.csv", "Playlist1.json"])
@given(
    content=st.binary(max_size=200)
    | st.text(max_size=100).map(lambda t: f"Track Name,Artist Name(s)\n{t}".encode())
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["playlists", "items", "track", "trackName"]), inner)
        ),
        max_leaves=10,
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_file_is_an_export_or_refused(tmp_path_factory, name, content):
    file = tmp_path_factory.getbasetemp() / name
    file.write_bytes(content)
    with suppress(SpotifyError):
        assert all(isinstance(row, PlaylistTrack) for one in exports.read(file) for row in one.rows)


def test_a_missing_export_is_refused(tmp_path):
    with pytest.raises(SpotifyError, match="cannot be read"):
        exports.read(tmp_path / "none.csv")
    assert list(exports.files((tmp_path,))) == []
    (long,) = exports.files((tmp_path / ("x" * 300),))
    with pytest.raises(SpotifyError, match="cannot be read: File name too long"):
        exports.read(long)


# As labels


def source(settings):
    return SpotifySource(SimpleNamespace(settings=settings))


def agreed(tmp_path, **spotify):
    settings = spotify_user.settings(tmp_path / "state", **spotify)
    with SpotifyStore(settings.store.folder) as store:
        consent.agree(store)
    return settings


def kept(settings, playlist, *rows, name="List"):
    with SpotifyStore(settings.store.folder) as store:
        reading = store.resume(playlist, name, "s1", 2e9)
        store.add_page(reading, rows, total=len(rows), offset=len(rows))
        store.finish(reading)


SONG = PlaylistTrack(
    0, Kind.TRACK, "spotify:track:1", "Song", ("One", "Two"), "Record", 200.5, "ISRC1"
)


def test_labels_without_the_setting_and_the_consent_are_refused(tmp_path):
    with pytest.raises(SpotifyOffError, match="off"):
        source(Settings()).gather()
    settings = spotify_user.settings(tmp_path, playlists={ID: "Metal"})
    with pytest.raises(SpotifyOffError, match="not agreed"):
        source(settings).gather()


def test_tracks_become_entries_and_the_rest_does_not(tmp_path):
    settings = agreed(tmp_path, playlists={ID: "Sunday"})
    rows = [
        SONG,
        PlaylistTrack(1, Kind.UNAVAILABLE),
        PlaylistTrack(2, Kind.EPISODE),
        PlaylistTrack(3, Kind.LOCAL),
    ]
    kept(settings, ID, *rows, name="My Sunday")
    (entry,) = source(settings).gather().entries
    assert (entry.title, entry.artists, entry.genre) == ("Song", ("One", "Two"), "Sunday")
    assert (entry.source, entry.origin, entry.position) == ("spotify", "My Sunday", 1)
    assert (entry.album, entry.duration_s, entry.isrc) == ("Record", 200.5, "ISRC1")
    assert entry.id == entry.key == "spotify:track:1"


def test_a_playlist_has_the_users_genre_and_an_empty_genre_leaves_it_out(tmp_path):
    other = ID[::-1]
    settings = agreed(tmp_path, playlists={ID: "newgrass", other: "Misc"})
    training = TrainingSettings(
        spotify=settings.training.spotify,
        genres={"newgrass": "Progressive Bluegrass", "Misc": ""},
    )
    kept(settings, ID, SONG)
    kept(settings, other, SONG)
    entries = source(Settings(store=settings.store, training=training)).gather().entries
    assert {entry.genre for entry in entries} == {"Progressive Bluegrass"}


def test_a_genre_without_any_snapshot_stops_the_training(tmp_path):
    other = ID[::-1]
    settings = agreed(tmp_path, playlists={ID: "Metal", other: "Baroque"})
    kept(settings, ID, SONG)
    with pytest.raises(SpotifyError, match="Baroque") as caught:
        source(settings).gather()
    assert "tagger spotify sync" in caught.value.hint
    both = agreed(tmp_path, playlists={ID: "Metal", other: "Metal"})
    gathered = source(both).gather()
    assert len(gathered.entries) == 1
    assert "has not been read yet" in gathered.notes[0]


def test_a_playlist_without_tracks_is_named(tmp_path):
    other = ID[::-1]
    settings = agreed(tmp_path, playlists={ID: "Metal", other: "Baroque"})
    kept(settings, ID, SONG)
    kept(settings, other)
    (note,) = source(settings).gather().notes
    assert note.startswith("Baroque: ")
    assert note.endswith(" has no tracks")


def test_exports_serve_without_any_login(tmp_path):
    (tmp_path / "Playlist1.json").write_text(json.dumps(ACCOUNT))
    (tmp_path / "my_metal.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    names = {"Late Bluegrass": "Progressive Bluegrass", "My Metal": "Metal"}
    settings = agreed(tmp_path, playlists=names, exports=(tmp_path,), client_id="")
    gathered = source(settings).gather()
    assert [(e.genre, e.title) for e in gathered.entries] == [
        ("Progressive Bluegrass", "Blue Ridge"),
        ("Metal", "Blue, Ridge"),
        ("Metal", "Two"),
    ]
    assert len(gathered.notes) == 1
    assert "other.csv" in gathered.notes[0]


def exported(*names):
    track = {"trackName": "Song", "artistName": "Band"}
    lists = [{"name": name, "items": [{"track": track | {"albumName": name}}]} for name in names]
    return json.dumps({"playlists": lists})


@pytest.mark.parametrize(
    ("wanted", "there", "labelled"),
    [
        ({"\U0001f3b8": "Rock"}, ["\U0001f3b7", None, "***"], {}),
        ({"\U0001f3b8": "Rock", "\U0001f3b7": "Jazz"}, ["\U0001f3b7"], {"\U0001f3b7": "Jazz"}),
        ({"Mix \U0001f3b8": "Rock"}, ["Mix", "Mix \U0001f3b8"], {"Mix \U0001f3b8": "Rock"}),
        ({"Mix \U0001f3b8": "Rock"}, ["Mix \U0001f3b7"], {}),
        ({"Mix!": "Rock"}, ["mix"], {"mix": "Rock"}),
        ({"R&B: Now / Then": "R&B"}, ["r&b_now_then"], {"r&b_now_then": "R&B"}),
        ({"M\u00fcll": "Rock"}, ["mu\u0308ll"], {"mu\u0308ll": "Rock"}),
    ],
)
def test_playlists_whose_names_differ_by_symbols_are_not_mixed_up(
    tmp_path, wanted, there, labelled
):
    (tmp_path / "Playlist1.json").write_text(exported(*there))
    with SpotifyStore(tmp_path) as store:
        spotify = SpotifySettings(playlists=wanted, exports=(tmp_path,))
        found = known(spotify, store)
    assert {one.rows[0].album: one.genre for one in found.playlists} == labelled
    assert len(found.notes) == len(set(wanted.values()) - set(labelled.values()))
