"""The list of known artists beside the sound, as a scan of real files shows it."""

from __future__ import annotations

import os

import bundles
import media
import pytest

from tagger import tags

CONTAINERS = (
    *("mp3", "m4a", "wavpack"),
    *(pytest.param(form, marks=pytest.mark.slow) for form in ("flac", "opus", "wma")),
)


def genres(path):
    return tags.read(path).genres


def song(path, sound=bundles.both, **more):
    return bundles.song(path, sound, **more)


@pytest.mark.parametrize("format", CONTAINERS)
def test_an_unsure_file_of_a_listed_artist_gets_a_listed_genre(program, format):  # noqa: A002
    path = song(program.music / f"x{media.FORMATS[format]}", format=format, artist="SLAYER")
    result = program.scan()
    assert genres(path) == ("Metal",)
    assert result.files[path.name]["reason"].startswith("Metal at ")
    assert ": artists list: Metal; sound: " in result.files[path.name]["reason"]
    assert result.files[path.name]["evidence"]["source"] == "list"


def test_the_reason_names_the_source_of_the_written_genre(program):
    for number in range(5):
        artist, path = f"Artist {number}x", program.music / f"Films/{number}.mp3"
        song(path, artist=artist, genre=["Soundtrack"])
    new = song(program.music / "Films/x.mp3", bundles.high, artist="Slayer")
    found = program.scan().files["x.mp3"]
    assert genres(new) == ("Metal",)
    assert ": artists list: Metal; sound: " in found["reason"]
    assert found["evidence"]["source"] == "list"


def test_rules_of_names_and_titles_hold_in_one_scan(program):
    music = program.music
    anthrax = {"artist": "Anthrax"}
    expected = {
        "whole": ("Metal", {"artist": "Slayer"}),
        "case": ("Metal", {"artist": "slayer "}),
        "fullwidth": ("Metal", {"artist": "Ｓｌａｙｅｒ"}),  # noqa: RUF001
        "guest": ("Metal", {"artist": "Slayer feat. Ann Bo"}),
        "swapped": ("Classical", {"artist": "Brendel, Alfred"}),
        "several": ("Metal", {"artist": ["Slayer", "Nobody At All Here"]}),
        "album artist": ("Metal", {"album_artist": "Slayer"}),
        "remix": ("Classical", {"artist": "Slayer", "title": "Song (Arvo Pärt Remix)"}),
        "plain remix": ("Metal", {"artist": "Slayer", "title": "Song (Extended Remix)"}),
        "composer": ("Classical", {"artist": "Ann Bo", "composer": "Johann Sebastian Bach"}),
        "played": ("Metal", anthrax | {"composer": "Johann Sebastian Bach"}),
        "work": (
            "Classical",
            {"artist": "Ann Bo", "title": "Cello Suite No. 1, BWV 1007: I. Prélude"},
        ),
        "no work": (None, {"artist": "Ann Bo", "title": "Symphony"}),
        "various": (None, {"artist": "Various Artists"}),
        "word": (None, {"artist": "Metal"}),
        "short": (None, {"artist": "Ann Bo & MX"}),
        "unknown": (None, {"artist": "Ann Bo"}),
    }
    paths = {name: song(music / name / f"{name}.mp3", **f) for name, (_, f) in expected.items()}
    loud = song(music / "l/loud.mp3", bundles.high, artist="Alfred Brendel")
    result = program.scan()
    written = {name: (genres(path) or (None,))[0] for name, path in paths.items()}
    reasons = {name: result.files[f"{name}.mp3"]["reason"] for name in paths}
    assert written == {name: genre for name, (genre, _) in expected.items()}, reasons
    assert genres(loud) == ()
    reason = result.files["loud.mp3"]["reason"]
    assert reason.startswith("artists list: Classical; sound: Metal 9"), reason
    assert reason.endswith("undecided, they disagree")


def test_the_owner_s_tags_and_the_owner_s_list_outrank_the_list(program):
    music = program.music
    for number in range(6):
        song(music / f"a/{number}.mp3", artist="Slayer", genre=["Classical"])
    filed = song(music / "a/new.mp3", artist="Slayer")
    own = song(music / "b/own.mp3", artist="Anthrax")
    assert program.run("artists", "add", "Anthrax", "Classical").code == 0
    result = program.scan()
    assert genres(filed) == ("Classical",), result.files["new.mp3"]["reason"]
    assert genres(own) == ("Classical",), result.files["own.mp3"]["reason"]
    assert "your list: Classical" in result.files["own.mp3"]["reason"]


def test_sound_only_and_known_artists_off_leave_the_list_out(program):
    path = song(program.music / "x.mp3", artist="Slayer")
    assert program.scan("--sound-only").files["x.mp3"]["decision"] == "abstain"
    program.configure("[evidence]\nknown_artists = false")
    assert program.scan().files["x.mp3"]["decision"] == "abstain"
    assert genres(path) == ()


def test_a_style_is_written_only_where_the_library_has_that_genre(program):
    song(program.music / "new.mp3", artist="Slayer")
    assert program.scan("--dry-run").files["new.mp3"]["after"] == ["Metal"]
    for number in range(3):
        song(program.music / f"{number}.mp3", artist=f"Ann {number}x", genre=["Thrash Metal"])
    assert program.scan("--dry-run").files["new.mp3"]["after"] == ["Thrash Metal"]


def test_artists_show_prints_the_line_of_a_name(program):
    shown = program.run("artists", "show", "the beatles", "Nobody At All Here")
    assert shown.code == 1
    assert "The Beatles: Rock, Pop" in shown.out
    assert "Nobody At All Here: in no list" in shown.out
    found, missing = program.run("artists", "show", "--json", "Slayer", "Nobody Here").objects
    assert found["accept"] == ["Metal"]
    assert missing.keys() == found.keys()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("Ann\nBo", "Jazz"), "'Ann\\nBo' has more than one line"),
        (("Ann\udcff", "Jazz"), "'Ann\\udcff' is not UTF-8"),
        (("Ann Bo", "Jazz", "A;B"), "the genre 'A;B' contains ';'"),
        (("Ann Bo", "(17)"), "the genre '(17)' is a number"),
    ],
)
def test_artists_add_refuses_a_line_that_no_scan_could_use(program, words, reason):
    added = program.run("artists", "add", *words)
    assert added.code == 2
    assert reason in added.err
    assert program.run("artists", "add", "Ann Bo", "Jazz").code == 0


@pytest.mark.parametrize("line", ["Bj\xf6rn Do,Pop", "Ann Do,Pop,sch\xf6n", "Ann Do,Pop|sch\xf6n"])
def test_artists_add_leaves_a_list_in_latin_1_as_it_is(program, line):
    program.run("artists", "add", "Ann Bo", "Jazz")
    (own,) = program.home.rglob("artists.csv")
    own.write_bytes(line.encode("latin-1") + b"\n")
    refused = program.run("artists", "add", "Cy Do", "Jazz")
    assert refused.code == 2
    assert "line 1: the line is not UTF-8" in refused.err
    assert own.read_bytes() == line.encode("latin-1") + b"\n"
    assert "0 artists, 1 wrong line\n" in program.run("artists", "check", own).out


def test_a_home_that_is_no_folder_has_no_own_list(program):
    song(program.music / "a.mp3", bundles.low)
    program.configure('[evidence]\nartists = "/dev/null/.config/tagger/artists.csv"\n')
    assert program.scan().summary["set"] == 1


def test_a_pipe_in_the_place_of_the_own_list_is_refused(program):
    pipe = program.home / "list.csv"
    os.mkfifo(pipe)
    program.config.write_text(f'{program.config.read_text()}\n[evidence]\nartists = "{pipe}"\n')
    for words in (("add", "Ann Bo", "Jazz"), ("show", "Slayer"), ("check", pipe)):
        refused = program.run("artists", *words)
        assert refused.code == 2
        assert f"{pipe}: is no file" in refused.err


def test_artists_check_names_each_wrong_line(program):
    path = program.home / "list.csv"
    path.write_text("name,accept\nAnn Bo,Jazz\nThe Ann Bo,Rock\nCy Do,\nMetal,Metal\n")
    checked = program.run("artists", "check", path)
    assert checked.code == 1
    assert "line 3: The Ann Bo is in line 2 already" in checked.out
    assert "line 4: Cy Do has no genre" in checked.out
    assert "line 5: Metal is a genre" in checked.out
    assert program.run("artists", "check", program.home / "none.csv").code == 2
