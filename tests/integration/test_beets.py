"""The beets plugin, with a real beets library and real files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import bundles
import media
import mutagen
import pytest
from forked import Forked

pytest.importorskip("beets", reason="needs beets (extra `beets`)")

if TYPE_CHECKING:
    from pathlib import Path

    from programs import Program

CONFIG = """
directory: {home}/library
library: {home}/library.db
plugins: [tagger, types]
import: {{copy: yes, write: yes, autotag: no}}
tagger: {{auto: {auto}, {more}}}
"""


class Beets:
    """`beet` with a library and a configuration of its own."""

    def __init__(self, program: Program, *, auto: bool, more: str = "max_genres: 1") -> None:
        self.home = program.home / "beets"
        self.home.mkdir()
        text = CONFIG.format(home=self.home, auto="yes" if auto else "no", more=more)
        (self.home / "config.yaml").write_text(text)
        self._environment = program.environment | {"BEETSDIR": os.fspath(self.home)}

    def __call__(self, *args: object) -> str:
        words = ["-m", "beets", *map(str, args)]
        with Forked(words, self._environment, ["beets.ui.commands", "tagger.api"]) as child:
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
    beet = Beets(program, auto=True, more="whitelist: [Metal]")
    originals = {path: path.read_bytes() for path in inbox.iterdir()}
    beet("import", "--quiet", inbox)
    assert beet.genres() == {
        "One": ("Metal", "Metal"),
        "Two": ("", ""),  # Classical is not in the whitelist
        "Three": ("Polka", "Polka"),
    }
    assert {path: path.read_bytes() for path in inbox.iterdir()} == originals


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
