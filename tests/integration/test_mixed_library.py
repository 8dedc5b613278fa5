"""A small library of everything at once: foretold, filed, judged by other programs, taken back.

The story is told once; each test asks one thing about it. What a single format or a single mishap
does stands in the other tests: this one shows that they do not disturb each other.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bundles
import media
import programs
import pytest
import tagging
from mutagen import flac, id3

if TYPE_CHECKING:
    from pathlib import Path

RICH = {
    "title": "Ünïcödé 日本語",
    "artist": "Ελληνικά",
    "comment": "a long one\n" * 500,
    "picture": media.png(),
}


FILLED = {"mp3/ape.mp3": {"TXXX:MP3GAIN_MINMAX"}, "mp3/v1.mp3": set()}
"""Files without a primary tag, and fields of its new tag that mutagen found in no tag before."""


@dataclass(frozen=True)
class Story:
    """What became of the library, with a copy of it from before, from after, and from the end."""

    before: Path
    filed: Path
    end: Path
    foretold: dict
    told: dict
    told_again: dict
    untouched: bool
    undone: programs.Result

    @property
    def written(self):
        """The files that got a genre, relative to the library."""
        return [path for path, entry in self.told.items() if entry["decision"] == "set"]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, bundle: Path) -> Story:
    home = tmp_path_factory.mktemp("mixed")
    program = programs.Program(home, bundle)
    _fill(program.music, home / "elsewhere")
    before = shutil.copytree(program.music, home / "before", symlinks=True)
    foretold = _by_path(program, program.scan("--dry-run"))
    told = _by_path(program, program.scan())
    filed = shutil.copytree(program.music, home / "filed", symlinks=True)
    states = _states(program.music)
    told_again = _by_path(program, program.scan())
    untouched = _states(program.music) == states
    undone = program.run("undo", "--json")
    return Story(before, filed, program.music, foretold, told, told_again, untouched, undone)


def test_each_file_is_decided_for_its_own_reason(story):
    decisions = {path: entry["decision"] for path, entry in story.told.items()}
    odd = {path: decision for path, decision in decisions.items() if decision != "set"}
    assert odd == {
        "kept/number.mp3": "keep",
        "kept/two.flac": "keep",
        "odd/empty.mp3": "error",
        "odd/linked out.mp3": "skip",
        "odd/one.mp3": "skip",
        "odd/other.mp3": "skip",
        "odd/read-only.mp3": "skip",
        "odd/short.ogg": "skip",
        "odd/text.mp3": "error",
        "odd/torn.flac": "abstain",
    }
    assert len(story.written) >= 30
    assert all(story.told[path]["after"] == ["Classical"] for path in story.written)


def test_the_dry_run_shows_the_decisions_of_the_scan(story):
    assert story.foretold == story.told


def test_the_sound_and_every_other_tag_stay(story):
    for path in story.written:
        old, new = story.before / path, story.filed / path
        assert (media.pcm(new) == media.pcm(old)).all(), path
        fields, rest = tagging.others(new)
        if path not in FILLED:
            assert (fields, rest) == tagging.others(old), path
        else:
            before = {
                name: text.replace("<Encoding.LATIN1: 0>", "<Encoding.UTF8: 3>")
                for name, text in tagging.others(old)[0].items()
            }
            assert before.items() <= fields.items(), path
            assert fields.keys() - before.keys() == FILLED[path], path
        assert new.stat().st_mode == old.stat().st_mode, path


def test_files_without_a_write_keep_every_byte(story):
    left = [path for path in _files(story.before) if path not in story.written]
    assert left
    for path in left:
        assert (story.filed / path).read_bytes() == (story.before / path).read_bytes(), path


@pytest.mark.slow  # test_write.py shows a file of each format to ffprobe
def test_ffprobe_reads_the_genres_of_written_files(story):
    _needs("ffprobe")
    paths = [path for path in story.written if path.startswith("formats/")]
    assert len(paths) >= 24
    for path in paths:
        assert _ffprobe(story.filed / path) == ["Classical"], path


def test_flac_accepts_each_written_file(story):
    _needs("flac")
    flacs = [story.filed / path for path in story.written if path.endswith(".flac")]
    plain = [path for path in flacs if path.read_bytes()[:4] == b"fLaC"]
    assert len(plain) >= 3
    result = subprocess.run(
        ["flac", "--test", "--silent", "--warnings-as-errors", *plain],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_each_id3_tag_keeps_its_version(story):
    for name, version in {"v22": 2, "v23": 3, "v24": 4}.items():
        assert (story.filed / f"mp3/{name}.mp3").read_bytes()[:4] == b"ID3" + bytes([version])


def test_a_second_scan_changes_no_file(story):
    assert story.untouched
    assert not [path for path, entry in story.told_again.items() if entry["decision"] == "set"]


def test_an_undo_of_the_run_restores_every_byte(story):
    assert story.undone.code == 0
    assert story.undone.summary["set"] == len(story.written)
    assert _files(story.end) == _files(story.before)
    for path in _files(story.before):
        assert (story.end / path).read_bytes() == (story.before / path).read_bytes(), path


def _fill(music, elsewhere):
    for name, ending in media.FORMATS.items():
        program = media.PROGRAMS.get(name)
        if name != "speex" and (program is None or shutil.which(program)):
            _song(music / f"formats/{name} bare{ending}", name)
            _song(music / f"formats/{name} rich{ending}", name, **RICH)
    _fill_mp3(music / "mp3")
    _fill_names(music / "names")
    _song(music / "kept/two.flac", "flac", genre=["Folk", "Indie Pop"])
    media.id3v23(_song(music / "kept/number.mp3"), (b"TCON", b"\0(17)"))
    front = _song(music / "flac/id3 in front.flac", "flac", title="One", artist="Two")
    media.id3v23(front, (b"TIT2", b"\0front"))
    tight = flac.FLAC(_song(music / "flac/no padding.flac", "flac", title="tight"))
    tight.save(padding=lambda _: 0)
    _fill_odd(music / "odd", elsewhere)


def _fill_mp3(folder):
    media.id3v1(_song(folder / "v1.mp3"), title="old", artist="older")
    media.id3v22(_song(folder / "v22.mp3"), (b"TT2", b"\0two"), (b"XYZ", b"\1\2"))
    media.id3v23(_song(folder / "v23.mp3"), (b"TIT2", b"\0three"), (b"PRIV", b"me\0\xff\0"))
    media.ape_on_mp3(_song(folder / "ape.mp3"), MP3GAIN_MINMAX="089,199")
    tags = id3.ID3()
    for frame in (
        id3.TIT2(3, ["four"]),
        id3.TXXX(3, "replaygain_track_gain", ["-6.50 dB"]),
        id3.UFID("http://musicbrainz.org", b"e5c8d2f0"),
        id3.USLT(3, "eng", "", "la la\n" * 500),
        id3.POPM("someone", 200, 5),
        id3.CHAP("one", 0, 1000, 0xFFFFFFFF, 0xFFFFFFFF, [id3.TIT2(3, ["chapter"])]),
    ):
        tags.add(frame)
    tags.save(_song(folder / "v24.mp3"))


def _fill_names(folder):
    for name in ("new\nline", "Песня 🎵", "-dash", os.fsdecode(media.RAW_NAME)):
        _song(folder / f"{name}.mp3", title="named")


def _fill_odd(folder, elsewhere):
    one = _song(folder / "one.mp3")
    os.link(one, folder / "other.mp3")
    _song(folder / "read-only.mp3").chmod(0o444)
    (folder / "linked out.mp3").symlink_to(_song(elsewhere / "out.mp3"))
    (folder / "linked in.mp3").symlink_to("../mp3/v24.mp3")
    (folder / "empty.mp3").touch()
    (folder / "text.mp3").write_text("ffconcat version 1.0\nfile one.mp3\n")
    media.make(folder / "short.ogg", "vorbis", seconds=1)
    media.make(folder / "torn.flac", "flac", signal=bundles.both())


def _song(path, format="mp3", **fields):  # noqa: A002
    path.parent.mkdir(parents=True, exist_ok=True)
    rate = 48000 if format == "opus" else 44100
    return media.make(path, format, signal=bundles.low(), rate=rate, tags=fields or None)


def _by_path(program, result):
    entries = [entry for entry in result.objects if "path" in entry]
    return {os.path.relpath(entry.pop("path"), program.music): entry for entry in entries}


def _files(folder):
    """Return the files of a library, relative to it, but for the playlists."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return [str(path.relative_to(folder)) for path in paths if "Playlists" not in path.parts]


def _states(folder):
    return {
        path: (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        for path in folder.rglob("*")
        for status in [path.lstat()]
    }


def _ffprobe(path):
    command = "ffprobe -v error -of json -show_entries format_tags:stream_tags".split()
    # its own protocol prefix: a name may begin like an option or an address
    result = subprocess.run([*command, f"file:{path}"], capture_output=True, check=True)
    shown = json.loads(result.stdout.decode(errors="replace"))
    places = [shown.get("format", {}), *shown.get("streams", [])]
    tags = [place.get("tags", {}) for place in places]
    return [value for tag in tags for key, value in tag.items() if key.lower() == "genre"]


def _needs(program):
    if shutil.which(program) is None:
        pytest.skip(f"judged by {program}, which is not installed")
