"""What the owner's library says beside the sound, as a scan of real files shows it."""

from __future__ import annotations

import json

import bundles
import media
import pytest
from daemons import Watcher, until

from tagger import tags
from tagger.store import Store

CONTAINERS = ("mp3", "flac", "opus", "m4a")


def genres(path):
    return tags.read(path).genres


def song(path, sound=bundles.both, **more):
    return bundles.song(path, sound, **more)


def owned(folder, artist, genre, count=3, **fields):
    """Make tagged tracks of an artist; their sound is never analyzed."""
    for number in range(count):
        song(folder / f"{number}.mp3", artist=artist, genre=[genre], **fields)


@pytest.mark.parametrize("format", CONTAINERS)
def test_an_unsure_file_of_a_known_artist_gets_the_artist_s_genre(program, format):  # noqa: A002
    owned(program.music / "a", "Ann Bo", "Metal")
    new = song(program.music / f"new.{format}", format=format, artist="The Ann Bo feat. Cy")
    result = program.scan()
    assert genres(new) == ("Metal",)
    found = result.files[new.name]
    assert "3 of 3 other tracks of The Ann Bo are Metal; sound: " in found["reason"]
    assert found["evidence"]["source"] == "artist"
    assert found["evidence"]["counts"] == {"Metal": 3}
    assert json.loads(program.run("status", "--json").out)["sources"] == {"artist": 1}
    assert "1 by artist" in program.run("status").out


def test_an_explanation_weighs_the_evidence_as_a_scan_does(program):
    owned(program.music / "a", "Ann Bo", "Metal")
    new = song(program.music / "new.mp3", artist="Ann Bo")
    scanned = program.scan("--dry-run").files[new.name]
    (explained,) = program.run("explain", "--json", new).objects
    assert scanned["decision"] == "set"
    for key in ("decision", "after", "reason"):
        assert explained[key] == scanned[key]
    assert "the artist is weighed beside the sound" in program.run("explain", new).out


def test_an_explanation_of_a_file_outside_the_library_names_the_folders_of_its_scan(
    program, tmp_path
):
    new = song(tmp_path / "elsewhere/Metal/new.mp3")
    program.run("scan", "--dry-run", tmp_path / "elsewhere")
    (explained,) = program.run("explain", "--json", new).objects
    assert "the folder Metal is named for Metal" in explained["reason"]


def test_rules_of_artists_and_albums_hold_in_one_scan(program):
    music = program.music
    owned(music / "jazz", "Ann Bo", "Jazz", album="One")
    owned(music / "mbv", "Cy Do", "Shoegaze")
    owned(music / "va", "Various Artists", "Metal")
    owned(music / "other", "Ef Gi", "Other")
    owned(music / "one", "Hi Jo", "Metal", count=1)
    owned(music / "mixed", "Ka Li", "Metal", count=2)
    owned(music / "mixed/b", "Ka Li", "Classical", count=2)
    for number in range(12):
        genre = ["Jazz", "Folk", "Metal", "Classical", "Reggae", "Blues"][number % 6]
        song(music / f"many/{number}.mp3", artist="Mo Nu", genre=[genre])
    ids = {"artist_id": "11111111-1111-1111-1111-111111111111"}
    for number in range(2):
        song(music / f"id/{number}.flac", format="flac", artist="Op Qi", genre=["Metal"], **ids)
    files = {
        "album.mp3": song(music / "x/album.mp3", artist="Ann Bo", album="One"),
        "word.mp3": song(music / "x/word.mp3", artist="CY DO"),
        "plain.mp3": song(music / "x/plain.mp3", bundles.high, artist="Ann Bo"),
        "nobody.mp3": song(music / "x/nobody.mp3", artist="Various Artists"),
        "junk.mp3": song(music / "x/junk.mp3", artist="Ef Gi"),
        "few.mp3": song(music / "x/few.mp3", artist="Hi Jo"),
        "wanders.mp3": song(music / "x/wanders.mp3", bundles.low, artist="Ka Li"),
        "many.mp3": song(music / "x/many.mp3", artist="Mo Nu"),
        "same.flac": song(music / "x/same.flac", format="flac", artist="Other Name", **ids),
        "namesake.flac": song(
            music / "x/namesake.flac",
            format="flac",
            artist="Op Qi",
            artist_id="22222222-2222-2222-2222-222222222222",
        ),
    }
    result = program.scan()
    written = {name: genres(path) for name, path in files.items()}
    assert written == {
        "album.mp3": ("Jazz",),
        "word.mp3": ("Shoegaze",),  # a genre that the model does not know
        "plain.mp3": (),
        "nobody.mp3": (),
        "junk.mp3": (),
        "few.mp3": (),
        "wanders.mp3": ("Classical",),  # the sound decides within an artist's genres
        "many.mp3": (),
        "same.flac": ("Metal",),
        "namesake.flac": (),
    }, {name: result.files[name]["reason"] for name in files}
    assert "other tracks of Ann Bo are Jazz; sound: Metal" in result.files["plain.mp3"]["reason"]
    assert "they disagree" in result.files["plain.mp3"]["reason"]
    assert result.files["nobody.mp3"]["evidence"]["source"] == "sound"


@pytest.mark.slow
def test_artist_album_and_artist_id_are_evidence_in_every_container(program):
    program.configure("[evidence]\nfolders = false")
    forms = [form for form in media.FORMATS if form not in media.PROGRAMS]
    expected = {}
    for number, form in enumerate(forms):
        genre, suffix = ["Metal", "Classical", "Jazz", "Shoegaze"][number % 4], media.FORMATS[form]
        artist, album = {"artist": f"Ann {form}"}, {"artist": f"Bo {form}", "album": "One"}
        guest = {"artist": f"Guest & Ann {form}"}
        known = {"artist_id": f"11111111-1111-1111-1111-1111111111{number:02}"}
        rules = {
            "artist": (artist | {"title": "x"}, artist, (genre,)),
            "album artist": (artist, guest | {"album_artist": f"Ann {form}"}, (genre,)),
            "album": (album, album, (genre,)),
            "id": ({"artist": f"Cy {form}"} | known, {"artist": f"Do {form}"} | known, (genre,)),
            "nobody": ({"artist": "Various Artists"}, {"artist": "Various Artists"}, ()),
            "junk": ({"artist": f"Ef {form}"}, {"artist": f"Ef {form}"}, ()),
        }
        for rule, (owner, new, written) in rules.items():
            folder = program.music / form / rule
            for n in range(2):
                given = ["Other"] if rule == "junk" else [genre]
                song(folder / f"{n}{suffix}", format=form, genre=given, **owner)
            expected[song(folder / f"x/new{suffix}", format=form, **new)] = written
    result = program.scan()
    reasons = {o["path"]: o.get("reason") for o in result.objects if "path" in o}
    wrong = {path: reasons[str(path)] for path in expected if genres(path) != expected[path]}
    assert wrong == {}


def test_the_status_names_a_genre_that_the_list_has_for_few_of_its_artists(program):
    bands = "Slayer|Death|Bathory|Carcass|Kreator|Sodom|Venom|Obituary|Exodus|Entombed".split("|")
    for band in bands:
        owned(program.music / band, band, "Blues", count=1)
    program.scan()
    assert json.loads(program.run("status", "--json").out)["doubted"] == ["Blues"]
    assert "doubted     Blues: not counted for other files" in program.run("status").out


def test_the_owner_s_word_in_another_language_agrees_with_the_sound(program):
    owned(program.music / "a", "Ann Bo", "Метал")
    new = song(program.music / "new.mp3", sound=bundles.high, artist="Ann Bo")
    found = program.scan().files[new.name]
    assert genres(new) == ("Метал",), found["reason"]


def test_a_word_for_no_genre_with_a_separator_is_no_genre_and_no_evidence(program):
    program.configure('[genres]\nempty = ["N/A", "To do/later"]')
    owned(program.music / "a", "Ann Bo", "N/A")
    owned(program.music / "b", "Cy Do", "To do/later")
    new = [song(program.music / f"{artist}.mp3", artist=artist) for artist in ("Ann Bo", "Cy Do")]
    found = program.scan().files
    assert {path.name: genres(path) for path in new} == {path.name: () for path in new}
    assert found["0.mp3"]["decision"] == "abstain"


@pytest.mark.parametrize(
    "text",
    ["1980", "www.example.com", "http://a.org/b", "Text " * 20, "Género", "Non classé", "YouTube"],
)
def test_a_text_that_names_no_genre_is_no_evidence(program, text):
    for number in range(3):
        path = program.music / f"a/{number}.flac"
        song(path, format="flac", artist="Ann Bo", genre=[text])
    song(program.music / "new.mp3", artist="Ann Bo")
    result = program.scan()
    assert result.code == 0
    assert result.files["new.mp3"]["evidence"]["source"] == "sound"


def test_the_user_s_words_count_for_files_that_were_counted_before(program):
    owned(program.music / "a", "Ann Bo", "Alternative/Sunday")
    owned(program.music / "b", "Cy Do", "To do")
    new = [song(program.music / f"{artist}.mp3", artist=artist) for artist in ("Ann Bo", "Cy Do")]
    program.scan("--dry-run")
    program.configure('[genres]\nempty = ["To do"]\nmap = { "Alternative/Sunday" = "Noisy" }')
    found = program.scan("--no-playlists").files
    assert [genres(path) for path in new] == [("Noisy",), ()]
    assert found["Ann Bo.mp3"]["evidence"]["counts"] == {"Noisy": 3}


def test_a_genre_outside_the_model_counts_for_an_artist_with_few_other_tracks(program):
    music = program.music
    program.configure("[evidence]\nfolders = false")
    for artist, others in (("Ann Bo", 4), ("Cy Do", 1)):
        owned(music / artist / "xmas", artist, "Christmas", album="Xmas")
        for number in range(others):
            song(music / f"{artist}/x{number}.mp3", artist=artist, album="Live")
    same = song(music / "Ann Bo/xmas/same.mp3", artist="Ann Bo", album="Xmas")
    program.scan()
    assert genres(music / "Ann Bo/x0.mp3") == ()
    assert genres(music / "Cy Do/x0.mp3") == ("Christmas",)
    assert genres(same) == ("Christmas",)


def test_the_reason_names_all_genres_of_tracks_that_have_several(program):
    for number in range(3):
        song(program.music / f"a/{number}.mp3", artist="Ann Bo", genre=["Metal", "Classical"])
    song(program.music / "new.mp3", artist="Ann Bo")
    reason = program.scan().files["new.mp3"]["reason"]
    assert "3 of 3 other tracks of Ann Bo are Classical, Metal; sound: " in reason


def test_a_word_for_several_genres_of_the_model_is_evidence_for_each(program):
    program.configure('[genres]\nmap = { Classical = "Loud", Metal = "Loud" }')
    owned(program.music / "a", "Ann Bo", "Loud")
    for name, sound in (("high", bundles.high), ("low", bundles.low), ("both", bundles.both)):
        song(program.music / f"{name}.mp3", sound, artist="Ann Bo")
    found = program.scan().files
    for name in ("high", "low", "both"):
        assert found[f"{name}.mp3"]["after"] == ["Loud"], found[f"{name}.mp3"]["reason"]
        assert "3 of 3 other tracks of Ann Bo are Loud" in found[f"{name}.mp3"]["reason"]


def test_sound_only_leaves_the_library_out(program):
    owned(program.music / "a", "Ann Bo", "Metal")
    new = song(program.music / "new.mp3", artist="Ann Bo")
    assert program.scan("--sound-only").files["new.mp3"]["decision"] == "abstain"
    program.configure("[evidence]\nartist = false\nfolders = false")
    assert program.scan().files["new.mp3"]["decision"] == "abstain"
    program.configure("[evidence]\nmin_tracks = 4\nfolders = false")
    assert program.scan().files["new.mp3"]["decision"] == "abstain"
    program.configure()
    assert program.scan().files["new.mp3"]["decision"] == "set"
    assert genres(new) == ("Metal",)


def test_what_tagger_wrote_is_no_evidence_and_what_its_owner_writes_is(program):
    music = program.music
    ours = [song(music / f"{n}.mp3", bundles.high, artist="Ann Bo") for n in range(3)]
    new = song(music / "x/new.mp3", artist="Ann Bo")
    program.scan()
    assert [genres(path) for path in ours] == [("Metal",)] * 3
    assert program.scan().files["new.mp3"]["decision"] == "abstain"
    program.run("undo")
    assert [genres(path) for path in ours] == [()] * 3
    for path in ours[:2]:  # the owner tags two of them
        media.tag(path, genre=["Sunday"])
    program.scan("--sound-only")
    for path in ours[:2]:
        assert genres(path) == ("Sunday",)
    result = program.scan()
    assert genres(new) == ("Sunday",), result.files["new.mp3"]["reason"]


def test_a_correction_decides_the_artist_s_unsure_files_again_from_memory(program):
    music = program.music
    ours = [song(music / f"{n}.mp3", bundles.high, artist="Ann Bo") for n in range(2)]
    new = song(music / "new.mp3", artist="Ann Bo")
    program.scan()
    for path in ours:
        media.tag(path, genre=["Classical"])
    result = program.scan()
    assert genres(new) == ("Classical",)
    assert "2 of 2 other tracks" in result.files["new.mp3"]["reason"]
    with Store(program.state) as store:
        assert len(store.corrections.all()) == 2


def test_a_file_is_no_evidence_for_itself_when_genres_are_replaced(program):
    song(program.music / "a/alone.mp3", artist="Ann Bo", genre=["Metal"])
    owned(program.music / "b", "Cy Do", "Metal")
    result = program.scan("--mode", "replace", "--dry-run")
    assert result.files["alone.mp3"]["evidence"]["source"] == "sound"
    assert result.files["0.mp3"]["evidence"]["counts"] == {"Metal": 2}


def test_folders_are_evidence_by_name_and_by_content(program):
    music = program.music
    program.configure('[evidence.folder_names]\nKrach = "Metal"')
    files = {
        name: song(music / path)
        for name, path in {
            "named": "05 - Classical (old)/x/named.mp3",
            "alias": "Klassik/alias.mp3",
            "own": "Krach/y/own.mp3",
            "new": "New/new.mp3",
            "year": "1999/year.mp3",
            "content": "Stuff/x/content.mp3",
            "odd": "Odd/x/odd.mp3",
        }.items()
    }
    title = song(music / "Metal/title.mp3", artist="Ann Bo", album="Metal")
    edition = song(music / "1980 - Metal/edition.mp3", artist="Ann Bo", album="Metal (Deluxe)")
    for number in range(20):
        song(music / f"Stuff/{number}/a.mp3", artist=f"Artist {number}x", genre=["Metal"])
        genre = ["Metal" if number % 2 else "Classical"]
        song(music / f"Odd/{number}/b.mp3", artist=f"Artist {number}y", genre=genre)
    result = program.scan()
    written = {name: genres(path) for name, path in files.items()}
    assert written == {
        "named": ("Classical",),
        "alias": ("Classical",),
        "own": ("Metal",),
        "new": (),
        "year": (),
        "content": ("Metal",),
        "odd": (),
    }, {name: result.files[f"{name}.mp3"]["reason"] for name in files}
    assert genres(title) == genres(edition) == ()
    assert "the folder Klassik is named for Classical" in result.files["alias.mp3"]["reason"]
    assert result.files["content.mp3"]["evidence"]["source"] == "folder"


def test_a_folder_of_mostly_unknown_artists_has_no_genre(program):
    music = program.music
    owned(music / "CDs/a", "Ann Bo", "Metal", count=9, album="One")
    song(music / "CDs/b/0.mp3", artist="Cy Do", genre=["Metal"])
    names = ("Ef", "Hi", "Ka")
    others = [song(music / f"CDs/{name}/{name}.mp3", artist=f"{name} Do") for name in names]
    program.scan()
    assert [genres(path) for path in others] == [()] * 3
    for path in others[:2]:
        media.tag(path, genre=["Metal"])
    found = program.scan().files["Ka.mp3"]
    assert genres(others[2]) == ("Metal",)
    assert "4 of 4 other artists in the folder CDs are Metal" in found["reason"]


def test_tagged_files_without_an_artist_show_no_genre_of_their_folder(program):
    music = program.music
    for number in range(9):
        song(music / f"CDs/a/{number}.mp3", genre=["Metal"])
    new = song(music / "CDs/b/new.mp3")
    program.scan()
    assert genres(new) == ()


def test_the_most_common_genre_of_the_library_is_no_evidence(program):
    music = program.music
    for number in range(40):
        song(music / f"{number}/a.mp3", artist=f"Artist {number}x", genre=["Metal"])
    for artist in ("Ann Bo", "Cy Do"):
        song(music / f"Mix/{artist}.mp3", artist=artist, genre=["Classical"])
    new = song(music / "Mix/new.mp3")
    found = program.scan().files["new.mp3"]
    assert found["evidence"]["counts"] == {"Classical": 2}
    assert genres(new) != ("Metal",)


def test_a_named_folder_of_other_genres_counts_for_little(program):
    music = program.music
    new = song(music / "Metal/x/new.mp3")
    for number in range(24):
        song(music / f"Metal/{number}/a.mp3", artist=f"Artist {number}x", genre=["Jazz"])
    program.scan()
    assert genres(new) != ("Metal",)


def test_doctor_lists_genres_that_album_artist_and_a_sure_sound_contradict(program):
    music = program.music
    owned(music / "a", "Ann Bo", "Metal", count=5, album="One")
    wrong = song(music / "a/wrong.mp3", bundles.high, artist="Ann Bo", album="One", genre=["Jazz"])
    song(music / "a/torn.mp3", artist="Ann Bo", album="One", genre=["Jazz"])
    song(music / "a/rock.mp3", bundles.high, artist="Ann Bo", album="One", genre=["Rock"])
    program.scan("--sound-only")
    before = wrong.read_bytes()
    page = program.home / "page.html"
    result = program.run("doctor", "--library", "--report", page)
    (line, summary) = result.out.splitlines()
    assert line.startswith(f"{wrong}: Jazz, but 5 of 7 other tracks of the album One are Metal; ")
    assert summary == "1 likely mistake; nothing was changed"
    assert "wrong.mp3" in page.read_text()
    (found,) = program.run("doctor", "--library", "--json").objects
    assert found["genre"] == "Metal"
    assert wrong.read_bytes() == before


def test_doctor_names_no_genre_that_the_sound_does_not_confirm(program):
    music = program.music
    for genre, count in (("Classical", 4), ("Metal", 3), ("Punk", 3), ("Rock", 3)):
        owned(music / genre, "Ann Bo", genre, count)
    song(music / "jazz.mp3", bundles.high, artist="Ann Bo", genre=["Jazz"])
    program.scan("--sound-only")
    assert program.run("doctor", "--library").out == "0 likely mistakes; nothing was changed\n"


def test_the_daemon_decides_the_artist_s_unsure_files_when_one_is_tagged(program):
    music = program.music
    unsure = [song(music / f"{n}.mp3", artist="Ann Bo") for n in range(3)]
    tagged = [song(music / f"a/{n}.mp3", artist="Ann Bo") for n in range(2)]
    with Watcher(program) as watcher:
        # a file that settles alone is decided once more with its album
        until(lambda: len({e["path"] for e in watcher.events("abstain")}) == 5, "five unsure files")
        for path in tagged:
            media.tag(path, genre=["Metal"])
        until(lambda: all(genres(path) == ("Metal",) for path in unsure), "the artist's files")
