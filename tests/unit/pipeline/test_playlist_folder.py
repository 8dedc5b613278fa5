"""A folder of playlists that cannot be made is refused before the first write."""

from __future__ import annotations

import bundles
import media
import pytest

FOLDERS = {"a file": "taken", "below a file": "taken/Genres", "a target": "taken/further"}


@pytest.fixture(params=FOLDERS)
def song(request, program):
    """A song with a genre of another spelling, and a file in the place of a folder."""
    folder = FOLDERS[request.param]
    (program.music / "taken").write_text("mine")
    target = f'targets = [{{ folder = "{folder}" }}]' if request.param == "a target" else ""
    key = target or f'folder = "{folder}"'
    program.configure(f'[playlists]\n{key}\n[tags]\nmode = "replace"\n')
    path = media.make(program.music / "song.mp3", "mp3", signal=bundles.low(4.0, 1))
    media.tag(path, genre=["hip hop"])
    return path


def check_refused(program, song, before, *args):
    refused = program.run(*args)
    assert refused.code == 2
    assert f"{program.music / 'taken'}: is a file" in refused.err
    assert "set playlists.folder to another folder" in refused.err
    assert song.read_bytes() == before
    assert (program.music / "taken").read_text() == "mine"


@pytest.mark.parametrize(
    "command", [["scan"], ["scan", "--dry-run"], ["genres", "normalize"], ["watch"]]
)
def test_a_command_with_a_file_as_folder_of_playlists_writes_nothing(program, song, command):
    check_refused(program, song, song.read_bytes(), *command)
    assert not program.run("runs", "list", "--all", "--json").out


def test_a_plan_with_a_file_as_folder_of_playlists_is_not_applied(program, song):
    before = song.read_bytes()
    plan = program.home / "plan.jsonl"
    assert program.scan("--dry-run", "--no-playlists", "--plan", plan).code == 0
    check_refused(program, song, before, "apply", plan)


@pytest.mark.usefixtures("song")
def test_a_scan_without_playlists_needs_no_folder_for_them(program):
    assert program.scan("--no-playlists").files["song.mp3"]["decision"] == "set"


@pytest.mark.usefixtures("song")
def test_the_doctor_names_the_file_in_the_place_of_the_folder(program):
    lines = program.run("doctor").out.splitlines()
    assert any(
        line.startswith("failed   playlists") and f"{program.music / 'taken'}: is a file" in line
        for line in lines
    )
