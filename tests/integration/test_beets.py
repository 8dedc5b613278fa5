"""The beets plugin, with a real beets library and real files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import bundles
import media
import mutagen
import pytest
from daemons import Watcher
from forked import Forked

pytest.importorskip("beets", reason="needs beets (extra `beets`)")
pytest.importorskip("anyascii", reason="labels need the extra `train`")

from tagger.config import BeetsSettings, Settings, TrainingSettings
from training.data.store import TrainingStore
from training.labels import Context, source

if TYPE_CHECKING:
    from pathlib import Path

    from programs import Program

CONFIG = """
directory: {directory}
library: {home}/library.db
plugins: [tagger, types]
import: {{copy: yes, write: yes, autotag: no}}
tagger: {{auto: {auto}, {more}}}
"""


class Beets:
    """`beet` with a library and a configuration of its own."""

    def __init__(
        self,
        program: Program,
        *,
        auto: bool,
        more: str = "max_genres: 1",
        directory: Path | None = None,
    ) -> None:
        self.home = program.home / "beets"
        self.home.mkdir()
        self.directory = directory or self.home / "library"
        text = CONFIG.format(
            home=self.home, directory=self.directory, auto="yes" if auto else "no", more=more
        )
        (self.home / "config.yaml").write_text(text)
        self.environment = program.environment | {"BEETSDIR": os.fspath(self.home)}

    def __call__(self, *args: object) -> str:
        words = ["-m", "beets", *map(str, args)]
        with Forked(words, self.environment, ["beets.ui.commands", "tagger.api"]) as child:
            out, err = child.communicate()
        assert child.returncode == 0, err
        return out

    def genres(self) -> dict[str, tuple[str, str]]:
        """Return by title the genre in the database and the genre in the file."""
        lines = self("ls", "-f", "$title|$genres|$path").splitlines()
        rows = [line.split("|") for line in lines]
        return {t: (g, ";".join(mutagen.File(p, easy=True).get("genre", []))) for t, g, p in rows}


@pytest.fixture
def inbox(program: Program) -> Path:
    """Give a folder with two tracks without a genre, and a track with a genre."""
    folder = program.home / "inbox"
    folder.mkdir()
    for name, sound, tags in (
        ("One", bundles.high(seed=1), {}),
        ("Two", bundles.low(seed=2), {}),
        ("Three", bundles.low(seed=3), {"genre": ["Polka"]}),
    ):
        named = {"title": name, "artist": f"Artist {name}", "album": f"Album {name}"} | tags
        media.make(folder / f"{name}.flac", "flac", signal=sound, rate=44100, tags=named)
    return folder


def test_an_import_writes_genres_where_there_are_none(program, inbox):
    beet = Beets(program, auto=True, more="whitelist: [Metal Music]")
    originals = {path: path.read_bytes() for path in inbox.iterdir()}
    beet("import", "--quiet", inbox)
    assert beet.genres() == {
        "One": ("Metal", "Metal"),
        "Two": ("", ""),  # Classical is not in the whitelist
        "Three": ("Polka", "Polka"),
    }
    assert {path: path.read_bytes() for path in inbox.iterdir()} == originals
    with Forked(["-m", "beets", "-v", "tagger"], beet.environment, ["beets.ui.commands"]) as child:
        _, err = child.communicate()
    assert "Two: left alone: Classical is not in tagger.whitelist" in err


def test_an_undo_after_two_forced_runs_brings_the_first_genre_back(program, inbox):
    beet = Beets(program, auto=False)
    beet("import", "--quiet", inbox)
    for _ in range(2):
        beet("tagger", "--force", "--nowrite", "title:Three")
    assert beet.genres()["Three"] == ("Classical", "Polka")
    beet("tagger", "--undo", "--nowrite")
    assert beet.genres()["Three"] == ("Polka", "Polka")


def test_a_pretended_undo_shows_the_genres_from_before_and_changes_nothing(program, inbox):
    beet = Beets(program, auto=True, more="keep_existing: no")
    beet("import", "--quiet", inbox)
    written = beet.genres()
    words = ["-m", "beets", "-v", "tagger", "--undo", "--pretend"]
    with Forked(words, beet.environment, ["beets.ui.commands", "tagger.api"]) as child:
        _, err = child.communicate()
    assert "One: back to no genre" in err
    assert "Three: back to Polka" in err
    assert beet.genres() == written


@pytest.mark.slow  # many starts of beets
def test_the_command_pretends_writes_and_undoes_and_a_scan_agrees(program, inbox):
    beet = Beets(program, auto=False)
    beet("import", "--quiet", inbox)
    before = beet.genres()
    beet("tagger", "--pretend")
    assert beet.genres() == before
    beet("tagger", "--force")
    written = {"One": "Metal", "Two": "Classical", "Three": "Classical"}
    assert beet.genres() == {title: (genre, genre) for title, genre in written.items()}
    assert program.scan(beet.home / "library").summary["set"] == 0
    assert float(beet("ls", "-f", "$tagger_confidence", "title:One")) > 0.9
    beet("modify", "--yes", "title:Two", "genres=Sunday")
    beet("tagger", "--undo")
    assert beet.genres() == before | {"Two": ("Sunday", "Sunday")}


def labels(program: Program, beet: Beets) -> dict[str, str]:
    """Return what `tagger train --source beets` learns, by the name of the file."""
    files = BeetsSettings(library=beet.home / "library.db", directory=beet.directory)
    settings = Settings(training=TrainingSettings(beets=files))
    with TrainingStore(program.state) as store:
        gathered = source("beets", Context(settings, store, ())).gather()
    return {label.path.stem.split()[-1]: label.genre for label in gathered.labels}


def test_a_line_of_the_log_is_one_line_whatever_the_title_contains(program, inbox):
    media.tag(inbox / "Three.flac", title="Th\nree")
    beet = Beets(program, auto=True, more="keep_existing: no")
    words = ["-m", "beets", "-v", "import", "--quiet", str(inbox)]
    with Forked(words, beet.environment, ["beets.ui.commands", "tagger.api"]) as child:
        _, err = child.communicate()
    assert "Th\\nree: Classical" in err


@pytest.mark.slow  # many starts of beets
@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("max_genres: 0", "max_genres: expected"),
        ("threshold: 2", "min_confidence: expected"),
        ("field: tagger_before", "tagger.field: 'tagger_before' cannot be the genre"),
        ("field: title", "tagger.field: 'title' cannot be the genre"),
        ("field: path", "tagger.field: 'path' cannot be the genre"),
    ],
)
def test_an_impossible_option_of_the_plugin_is_refused_with_its_name(program, inbox, more, fault):
    beet = Beets(program, auto=False, more=more)
    beet("import", "--quiet", inbox)
    with Forked(["-m", "beets", "tagger"], beet.environment, ["beets.ui.commands"]) as child:
        _, err = child.communicate()
    assert child.returncode == 1
    assert fault in err
    assert "Traceback" not in err


def test_training_learns_the_genres_that_the_user_gave_in_beets_alone(program, inbox):
    media.make(
        inbox / "Four.flac", "flac", signal=bundles.both(), rate=44100, tags={"title": "Four"}
    )
    beet = Beets(program, auto=True)
    beet("import", "--quiet", inbox)
    assert beet.genres() == {
        "One": ("Metal", "Metal"),
        "Two": ("Classical", "Classical"),
        "Three": ("Polka", "Polka"),
        "Four": ("", ""),
    }
    assert labels(program, beet) == {}
    beet("modify", "--yes", "title:Two", "genres=Sunday")
    beet("modify", "--yes", "title:Three", "genres=Waltz")  # which tagger did not judge
    beet("modify", "--yes", "title:Four", "genres=Drone")
    assert labels(program, beet) == {"Two": "Sunday", "Four": "Drone"}
    program.configure(
        f"[training.beets]\nlibrary = '{beet.home}/library.db'\ndirectory = '{beet.directory}'\n"
    )
    found = program.run("train", "--source", "beets", "--dry-run", "--only-mine", "--json")
    assert found.objects[0]["sources"] == {"beets": 2}
    (beet.home / "library.db").write_bytes(b"no database" * 1000)
    failed = program.run("train", "--source", "beets", "--dry-run")
    assert (failed.code, "training.beets.library" in failed.err) == (2, True)


@pytest.mark.slow
def test_beets_and_the_daemon_on_the_same_folders_overwrite_nothing_of_each_other(program, inbox):
    beet = Beets(program, auto=True, directory=program.music)
    with Watcher(program) as watcher:
        beet("import", "--quiet", inbox)
        watcher.wait_for_calm()
        imported = {"One": ("Metal",) * 2, "Two": ("Classical",) * 2, "Three": ("Polka",) * 2}
        assert beet.genres() == imported
        beet("tagger", "--undo", "title:One")
        imported["One"] = ("", "")
        watcher.wait_for_calm()
        assert beet.genres() == imported
        watcher.wait_for("keep", reason="you took Metal back")
        assert not watcher.events("set")
        beet("modify", "--yes", "title:Two", "genres=Sunday")
        watcher.wait_for_calm()
        assert beet.genres() == imported | {"Two": ("Sunday",) * 2}
        arrived = media.make(
            program.music / "new.flac",
            "flac",
            signal=bundles.low(),
            rate=44100,
            tags={"title": "New"},
        )
        watcher.wait_for("set", path=arrived)
        watcher.wait_for_calm()
        beet("import", "--quiet", "--nocopy", arrived)
        beet("tagger")
        watcher.wait_for_calm()
        assert beet.genres()["New"] == ("Classical", "Classical")
        assert not labels(program, beet).keys() - {"Two"}
        assert [event["path"] for event in watcher.events("set")] == [str(arrived)]
