"""`tags.field` and `tags.confidence`: genres beside the genre field, through every command."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import bundles
import media
import pytest
from mutagen import id3
from tagging import restore, target

from tagger import config, tags
from tagger.analysis.tag_jobs import TagJobs
from tagger.config import WorkerSettings
from tagger.core.domain import CONFIDENCE, GROUPING, FileIdentity
from tagger.pipeline.recovery import recover
from tagger.store import Store

OWN = "TAGGER_GENRE"
ON = f'[tags]\nfield = "{OWN}"\nconfidence = true\n'


@pytest.fixture
def library(program):
    """Give one file without a genre, and one with a genre."""
    media.make(program.music / "calm.mp3", "mp3", signal=bundles.low(4.0, 1))
    media.make(program.music / "loud.flac", "flac", signal=bundles.high(4.0, 2))
    media.tag(program.music / "loud.flac", genre=["Folk"])
    program.configure(ON)
    return program.music


def field(path, name=OWN):
    return tags.read(path, name).in_field


def test_a_scan_fills_the_other_field_and_a_second_scan_writes_nothing(program, library):
    calm, loud = library / "calm.mp3", library / "loud.flac"
    before = {path: path.read_bytes() for path in (calm, loud)}
    assert program.scan().summary["set"] == 1
    assert (field(calm), tags.read(calm).genres) == (("Classical",), ())
    assert float(field(calm, CONFIDENCE)[0]) > 0.5
    assert loud.read_bytes() == before[loud]
    again = FileIdentity.of(calm.stat())
    assert program.scan().files["calm.mp3"]["reason"] == "has a genre"
    assert FileIdentity.of(calm.stat()) == again
    assert program.run("undo").code == 0
    assert calm.read_bytes() == before[calm]


def test_the_mode_replace_writes_beside_a_genre_that_stays(program, library):
    loud = library / "loud.flac"
    before = loud.read_bytes()
    assert program.scan("--mode", "replace").files["loud.flac"]["before"] == ["Folk"]
    assert (field(loud), tags.read(loud).genres) == (("Metal",), ("Folk",))
    assert program.scan("--mode", "replace").summary.get("set", 0) == 0
    assert program.run("undo").code == 0
    assert loud.read_bytes() == before


def test_the_mode_add_writes_the_genre_of_the_file_and_the_new_genre(program, library):
    program.scan("--mode", "add")
    assert field(library / "loud.flac") == ("Folk", "Metal")
    assert tags.read(library / "loud.flac").genres == ("Folk",)


def test_a_changed_value_in_the_other_field_is_a_correction(program, library):
    calm = library / "calm.mp3"
    program.scan()
    found = id3.ID3(calm)
    found[f"TXXX:{OWN}"].text = ["Krautrock"]
    found.save()
    assert program.scan("--mode", "replace").files["calm.mp3"]["reason"].startswith("you changed")
    shown = json.loads(program.run("corrections", "list", "--json").out.splitlines()[0])
    assert (shown["ours"], shown["theirs"]) == (["Classical"], ["Krautrock"])
    result = program.run("undo", "--json", "--run", "1")
    assert "changed" in result.files["calm.mp3"]["reason"]
    assert field(calm) == ("Krautrock",)


def test_playlists_have_the_other_field_and_else_the_genre(program, library):
    program.scan()
    folder = library / "Playlists/Genres"
    assert {path.stem for path in folder.iterdir()} == {"Classical", "Folk"}


def test_the_switch_to_the_genre_reads_the_files_again_and_old_runs_can_be_undone(program, library):
    calm = library / "calm.mp3"
    program.scan()
    program.configure("")
    assert program.scan().files["calm.mp3"]["before"] == []
    assert (tags.read(calm).genres, field(calm)) == (("Classical",), ("Classical",))
    assert program.run("undo", "--run", "1").code == 0
    assert (tags.read(calm).genres, field(calm)) == (("Classical",), ())
    assert program.run("undo", "--run", "2").code == 0
    assert (tags.read(calm).genres, field(calm)) == ((), ())


def test_an_undo_of_writes_into_two_fields_restores_every_byte(program, library):
    calm = library / "calm.mp3"
    before = calm.read_bytes()
    program.scan()
    program.configure("")
    program.scan()
    assert program.run("undo", library).code == 0
    assert calm.read_bytes() == before


def test_an_undo_of_writes_before_and_after_the_switch_to_a_confidence_restores_every_byte(
    program, library
):
    calm = library / "calm.mp3"
    before = calm.read_bytes()
    program.configure("")
    program.scan()
    program.configure('[tags]\nconfidence = true\n[genres]\nmap = { Classical = "Old" }\n')
    program.scan("--mode", "replace")
    assert (tags.read(calm).genres, len(field(calm, CONFIDENCE))) == (("Old",), 1)
    assert program.run("undo", library).code == 0
    assert calm.read_bytes() == before


def test_a_plan_is_applied_into_the_other_field_with_its_confidence(program, library):
    plan = program.home / "plan.jsonl"
    program.scan("--dry-run", "--plan", plan)
    planned = [json.loads(line) for line in plan.read_text().splitlines()]
    assert program.run("apply", plan).code == 0
    calm = library / "calm.mp3"
    confidence = next(line["confidence"] for line in planned if line["path"] == str(calm))
    assert (field(calm), field(calm, CONFIDENCE)) == (("Classical",), (f"{confidence:.2f}",))
    assert program.run("apply", "--json", plan).files["calm.mp3"]["decision"] == "keep"


def test_normalized_names_are_written_beside_the_genre(program, library):
    media.tag(library / "loud.flac", genre=["Rap/Hip-Hop"])
    assert program.run("genres", "normalize", library).code == 0
    assert field(library / "loud.flac") == ("Hip-Hop",)
    assert tags.read(library / "loud.flac").genres == ("Rap/Hip-Hop",)


def test_a_file_that_has_just_changed_is_normalized_after_a_pause(program, library):
    program.configure("[daemon]\nsettle = 1\n")
    media.tag(library / "loud.flac", genre=["Rap/Hip-Hop"])
    changed = (library / "loud.flac").stat().st_ctime
    assert program.run("genres", "normalize", library).code == 0
    assert tags.read(library / "loud.flac").genres == ("Hip-Hop",)
    assert (library / "loud.flac").stat().st_ctime >= changed + 1


@pytest.mark.usefixtures("library")
def test_a_written_grouping_is_no_genre_of_the_owner(program):
    program.configure(f'[tags]\nfield = "{GROUPING}"\n')
    program.scan("--mode", "replace")
    with closing(sqlite3.connect(program.state / "tagger.sqlite3")) as database, database:
        rows = database.execute("SELECT path, owned FROM files").fetchall()
    assert {bytes(row[0]).decode().rsplit("/", 1)[1]: row[1] for row in rows} == {
        "calm.mp3": "",
        "loud.flac": '["Folk"]',
    }


def test_a_kill_after_the_rename_is_recovered_by_the_field_of_the_write(tmp_path):
    path = media.make(tmp_path / "song.mp3")
    before = path.read_bytes()
    with Store(tmp_path / "state") as store:
        run = store.runs.start("scan")
        tags.write_genres(
            target(path, field=OWN, confidence=True),
            ("Jazz",),
            confidence=0.8,
            before_commit=lambda change: store.journal.intend(run, tmp_path, change),
        )
    with Store(tmp_path / "state") as store, TagJobs(WorkerSettings(1, 30, 2048)) as jobs:
        assert recover(store, jobs) == 1
        (entry,) = store.journal.done()
        assert (entry.change.field, entry.change.after) == (OWN, ("Jazz",))
        restore(path, entry.change.snapshot)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["ARTIST", "COMMENT", "tagger_genre", CONFIDENCE, "TAGGER_", ""])
def test_a_field_of_another_program_is_refused(program, name):
    program.configure(f'[tags]\nfield = "{name}"\n')
    result = program.run("config", "show")
    assert result.code == 2
    assert 'use "GENRE", "GROUPING"' in result.err
    assert config.Settings().tags.field == "GENRE"
