"""Files without any work: which are left to the quick way, and which are not."""

from __future__ import annotations

import os
import shutil

import bundles
import pytest
from bundles import song

from tagger.core.domain import FileIdentity, OtherField, Track, TrackTags
from tagger.core.policy import Policy
from tagger.library import absence, index, walk
from tagger.pipeline.unchanged import UnchangedFinder
from tagger.store import Correction
from tagger.store.files import FOLDERS_IN_ONE_QUERY

ROCK = TrackTags(("Rock",), album="Blue Train", album_artist="Coltrane", artist="Coltrane")


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


def record(store, path, root, tags=ROCK, content=b"x" * 100):
    """Make a file, and its row after an earlier scan."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    track = Track(path, root, FileIdentity.of(path.stat()), tags)
    store.files.put(track)
    store.files.mark_handled(path)
    return track


def split(store, music, field="GENRE"):
    """Walk, and return the unchanged paths with their reasons, and the other paths."""
    finder = UnchangedFinder(store, Policy(), field)
    unchanged, others = {}, []
    for listing, states in index.recorded(walk.folders(music, music), store):
        found, rest = finder.split(listing, states)
        unchanged |= {outcome.path: outcome.reason for outcome in found.outcomes()}
        others += [one.path for one in rest]
    return unchanged, others


def test_a_recorded_file_with_a_genre_is_unchanged(store, music):
    path = record(store, music / "a/1.mp3", music).path
    assert split(store, music) == ({path: "has a genre"}, [])


def test_files_of_more_folders_than_one_query_reads_are_unchanged(store, music):
    paths = [
        record(store, music / f"{number}/{below}{number}.mp3", music).path
        for number in range(FOLDERS_IN_ONE_QUERY + 8)
        for below in ("", "b/", "b/c/")
    ]
    paths += [record(store, music / f"many/{number}/x.mp3", music).path for number in range(99)]
    unchanged, others = split(store, music)
    assert (set(unchanged), others) == (set(paths), [])


def test_a_corrected_file_is_unchanged_with_the_reason(store, music):
    path = record(store, music / "1.mp3", music).path
    store.corrections.put(Correction(path, None, ("Pop",), ("Rock",)))
    assert split(store, music) == ({path: "you changed the genre after tagger"}, [])


def test_a_file_without_a_genre_is_left_to_the_pipeline(store, music):
    path = record(store, music / "1.mp3", music, TrackTags()).path
    assert split(store, music) == ({}, [path])


def test_a_file_that_was_not_handled_is_left_to_the_pipeline(store, music):
    track = record(store, music / "1.mp3", music)
    store.files.put(track)
    assert split(store, music) == ({}, [track.path])


def test_a_row_of_another_field_is_read_again(store, music):
    tags = TrackTags(("Rock",), other=OtherField("GROUPING", ("Rock",)))
    path = record(store, music / "1.mp3", music, tags).path
    assert split(store, music) == ({}, [path])
    assert split(store, music, "GROUPING") == ({path: "has a genre"}, [])


def test_a_row_of_another_root_is_indexed_again(store, music):
    path = record(store, music / "a/1.mp3", music / "a").path
    assert split(store, music) == ({}, [path])


def test_a_file_edited_in_place_is_found_though_its_folder_has_the_same_time(store, music):
    path = record(store, music / "a/1.mp3", music).path
    folder = path.parent.stat().st_mtime_ns
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    assert path.parent.stat().st_mtime_ns == folder
    assert split(store, music) == ({}, [path])


def test_a_file_replaced_by_another_of_the_same_size_and_time_is_found(store, music):
    path = record(store, music / "1.mp3", music).path
    old = path.stat()
    other = music / "other"
    other.write_bytes(b"y" * 100)
    os.utime(other, ns=(old.st_atime_ns, old.st_mtime_ns))
    other.rename(path)
    assert split(store, music) == ({}, [path])


def test_names_that_are_no_text_are_unchanged_under_their_path(store, music):
    names = [b"a\xff.mp3", "\u00e4.mp3".encode(), b"new\nline.mp3"]
    paths = {record(store, music / os.fsdecode(name), music).path for name in names}
    unchanged, others = split(store, music)
    assert unchanged.keys() == paths
    assert others == []


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_a_folder_of_any_size_with_many_files_below_it_is_unchanged(store, music, count):
    with store.transaction():
        paths = {record(store, music / f"z{n}.mp3", music).path for n in range(count)}
        for number in range(2 * count + 2):  # before the files in the order of paths
            paths.add(record(store, music / f"a/{number}.mp3", music).path)
    unchanged, others = split(store, music)
    assert unchanged.keys() == paths
    assert others == []


def test_a_folder_that_vanishes_after_it_was_listed_loses_its_rows(store, music):
    kept = record(store, music / "a/1.mp3", music).path
    record(store, music / "b/2.mp3", music)
    finder = UnchangedFinder(store, Policy(), "GENRE")
    problems = []

    def vanishing():
        for listing in walk.folders(music, music):
            yield listing
            shutil.rmtree(music / "b", ignore_errors=True)

    for listing, states in index.recorded(vanishing(), store):
        problems += listing.others
        finder.split(listing, states)
    assert [problem.path.name for problem in problems] == ["b"]
    assert not finder.saw_all([], [music])
    assert absence.drop_missing(music, store) == 1
    assert [state[0] for state in store.files.states_under(music)] == [kept]


def test_a_walk_saw_all_files_unless_one_of_them_is_missing(store, music):
    record(store, music / "1.mp3", music)
    gone = record(store, music / "2.mp3", music).path
    new = music / "3.mp3"
    new.write_bytes(b"x")
    for missing in (False, True):
        finder = UnchangedFinder(store, Policy(), "GENRE")
        for listing, states in index.recorded(walk.folders(music, music), store):
            finder.split(listing, states)
        assert not finder.saw_all([], [music]) or not missing
        added = Track(new, music, FileIdentity.of(new.stat()), ROCK)
        if not missing:
            assert finder.saw_all([], [music])  # the new file has no row yet
        store.files.put(added)
        assert finder.saw_all([] if missing else [added], [music]) is not missing
        gone.unlink(missing_ok=True)


def outcomes(result):
    return {name: (o["decision"], o["after"], o["reason"]) for name, o in result.files.items()}


def test_the_quick_way_has_the_outcomes_of_a_scan_that_decides_each_file(program):
    album = {"album": "Blue Train", "album_artist": "Coltrane", "artist": "Coltrane"}
    song(program.music / "a/1.mp3", bundles.low, **album)
    song(program.music / "a/2.mp3", bundles.low, **album)
    song(program.music / "a/3.mp3", bundles.low, genre=["Sunday"], **album)
    song(program.music / "b/4.mp3", bundles.both)
    song(program.music / "b/5.mp3", bundles.high, genre=["Sunday"])
    program.scan()
    song(program.music / "a/new.mp3", bundles.both, **album)
    (program.music / "b/5.mp3").unlink()
    os.link(program.music / "b/4.mp3", program.music / "b/linked.mp3")
    each = program.scan("--dry-run", "--since", "100d")
    quick = program.scan("--dry-run")
    assert outcomes(quick) == outcomes(each)
    assert quick.summary["keep"] == each.summary["keep"] == 3
    status = program.run("status", "--json").objects[0]
    assert status["files"] == len(quick.files)
    assert "5.mp3" not in quick.files
