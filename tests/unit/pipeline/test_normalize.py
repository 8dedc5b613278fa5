"""One name for each genre in files, beside the genres of a model of the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bundles
import media
from programs import Program

from tagger import tags

if TYPE_CHECKING:
    from pathlib import Path


def test_a_genre_of_the_users_model_with_a_separator_in_it_is_no_list(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    bundle = bundles.make_bundle(tmp_path / "own", genres=("Calm", "AC\uff0fDC"))
    program = Program(home, bundle)
    ours = media.make(program.music / "ours.mp3", "mp3", signal=bundles.high(4.0, 1))
    program.scan()
    assert tags.read(ours).genres == ("AC\uff0fDC",)
    theirs = media.make(program.music / "theirs.mp3", "mp3", tags={"genre": "Pop, Rock"})
    assert program.run("genres", "normalize").code == 0
    assert tags.read(ours).genres == ("AC\uff0fDC",)
    assert tags.read(theirs).genres == ("Pop", "Rock")


def test_files_without_a_genre_are_no_lack_of_music(program: Program) -> None:
    media.make(program.music / "plain.mp3")
    assert program.run("genres", "normalize").out == "0 files: no file with a genre found\n"


def test_a_folder_that_cannot_be_searched_is_a_failure_of_the_run(program: Program) -> None:
    media.make(program.music / "named.mp3", "mp3", tags={"genre": "hip hop"})
    (program.music / "closed" / ".taggerignore").mkdir(parents=True)
    result = program.run("genres", "normalize")
    assert "2 files: 1 failed, 1 got a genre" in result.out
    assert result.code == program.run("scan").code == 1
