"""A database made by an earlier version of the program keeps its content.

`state_version_3.sql` is the dump of a database that the last code with version 3 made.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tagger.core.domain import Action, FileIdentity
from tagger.store import Store
from training.data.store import TrainingStore

DUMP = Path(__file__).parents[2] / "support/state_version_3.sql"
ODD = Path(os.fsdecode(b"/music/b\xe4h/\xff.mp3"))
CONTENT = "ab" * 32 + "@0+30"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    db = sqlite3.connect(tmp_path / "tagger.sqlite3")
    db.executescript(DUMP.read_text("utf-8"))
    db.close()
    return tmp_path


def test_a_database_of_version_3_keeps_files_decisions_and_journal(folder):
    with Store(folder) as store:
        track = store.files.get(ODD)
        assert track.tags.genres == ("Rock",)
        assert str(track.content) == CONTENT
        assert store.analyses.prediction(track.content, "model-1").genre == "Rock"
        (features,) = store.analyses.features(track.content, ["statistics-1"])
        assert features.values.tolist() == [0, 1, 2]
        assert store.runs.decision(ODD).action is Action.SET
        assert store.journal.last(ODD).change.before == ("Pop",)
        assert [e.change.path.name for e in store.journal.intended()] == ["new.flac"]
        assert store.corrections.all()[0].theirs == ("Sunday",)
        found = store.playlists.in_folder(Path("/music/Playlists"))
        assert found == {Path("/music/Playlists/Rock.m3u8"): ("cd" * 32, "Rock", "")}
        assert [job.path.name for job in store.queue.take(9)] == ["later.mp3"]


def test_a_database_of_version_3_keeps_the_tables_of_training(folder):
    Store(folder).close()
    with TrainingStore(folder) as store:
        sample = store.samples.get(Path("/sorted/a.mp3"))
        assert sample.identity == FileIdentity(1, 9, 9, 9)
        assert sample.tags.genres == ("Techno",)
        assert store.choices.all() == {"mine|artist|album": ODD, "mine|artist|none": None}


def test_a_choice_follows_a_file_that_a_scan_finds_moved(folder):
    TrainingStore(folder).close()
    with Store(folder) as store:
        store.files.move(ODD, Path("/music/moved.mp3"))
    with TrainingStore(folder) as store:
        assert store.choices.all()["mine|artist|album"] == Path("/music/moved.mp3")


def test_a_new_database_has_tables_of_training_only_after_training(tmp_path):
    def tables():
        with closing(sqlite3.connect(tmp_path / "tagger.sqlite3")) as db, db:
            return {row[0] for row in db.execute("SELECT name FROM sqlite_master")}

    Store(tmp_path).close()
    assert not {"samples", "choices"} & tables()
    TrainingStore(tmp_path).close()
    assert {"samples", "choices"} <= tables()


def test_a_database_of_version_3_gets_codes_for_names_of_classes(folder):
    with Store(folder) as store:
        failed = store.failures.all()
        assert len(failed) == 18
        for failure in failed:
            name = type(failure.error).__name__
            assert failure.given_up
            assert failure.error.reason.startswith("damaged")
            assert name in (failure.path.stem, "TaggerError")
        assert len({type(failure.error) for failure in failed}) == 13
    with closing(sqlite3.connect(folder / "tagger.sqlite3")) as db, db:
        codes = [row[0] for row in db.execute("SELECT code FROM failures")]
    assert not any("Error" in code for code in codes)
