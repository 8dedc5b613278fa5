"""The one table of audio formats, and the tables that follow it."""

from __future__ import annotations

import io

import media
import pytest

from tagger.audio.formats import DEMUXERS, EXTENSIONS, FORMATS
from tagger.tags.containers import PARSERS, identify
from tagger.tags.parsed import READERS


def test_every_format_has_a_parser_and_a_reader_of_tags():
    assert FORMATS.keys() == PARSERS.keys() == READERS.keys()


def test_ffmpeg_gets_no_demuxer_for_playlists_or_scripts():
    assert not {"hls", "concat", "dash", "image2", "matroska"} & set(DEMUXERS)
    assert ".m3u" not in EXTENSIONS


@pytest.mark.parametrize("form", media.available())
def test_a_file_is_identified_by_its_content(tmp_path, form):
    path = media.make(tmp_path / "song", form)
    with path.open("rb") as file:
        found = FORMATS[identify(file)]
    # a walk does not look for .spx; Speex comes as .ogg
    assert media.FORMATS[form] in (*found.extensions, ".spx")


@pytest.mark.parametrize("head", [b"RIFF\0\0\0\0AVI ", b"FORM\0\0\0\x00ILBM", b"\x1aE\xdf\xa3\x01"])
def test_a_container_with_other_content_is_not_identified(head):
    assert identify(io.BytesIO(head + bytes(64))) is None
