"""What is heard of a file, and what a hostile one can do."""

from __future__ import annotations

import errno
import io
import os
import shutil
import struct
import wave

import av
import media
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagger.audio import decode
from tagger.audio.decode import read_clip
from tagger.audio.mix import Mixer, reduced
from tagger.errors import (
    AudioError,
    CorruptAudioError,
    NarrowBandError,
    NotAudioError,
    TooLongError,
    TooShortError,
    UnreadableError,
)


@pytest.mark.parametrize("name", media.available())
def test_every_format_is_decoded_as_mono_at_the_models_rate(tmp_path, name):
    path = media.make(tmp_path / "song.bin", name, seconds=4)
    clip = read_clip(path)
    assert clip.rate == 22050
    assert clip.samples.dtype == np.float32
    assert clip.samples.ndim == 1
    assert abs(len(clip.samples) / clip.rate - 4) < 0.2
    spectrum = np.abs(np.fft.rfft(clip.samples))
    assert abs(np.argmax(spectrum) * clip.rate / len(clip.samples) - 440) < 2


# FFmpeg takes the tag behind an APE's last frame for a part of it: only clips that reach
# the very end of such a file are heard anew after a retag
@pytest.mark.parametrize("name", [name for name in media.LOSSLESS if name != "ape"])
def test_a_retag_does_not_change_the_content_id(tmp_path, name):
    path = media.make(tmp_path / "song", name, seconds=4)
    before = read_clip(path).content_id
    media.tag(path, title="Another", genre="Rock")
    assert read_clip(path).content_id == before


def test_a_long_file_is_read_up_to_the_end_of_the_clip(tmp_path):
    path = media.make(tmp_path / "song.wav", "wav", seconds=10)
    assert len(read_clip(path, length=5).samples) == 5 * 22050
    whole = read_clip(path)
    later = read_clip(path, offset=6, length=30)
    assert abs(len(later.samples) / 22050 - 4) < 0.1
    assert later.content_id != whole.content_id


@pytest.mark.parametrize("name", ["opus", "vorbis"])
def test_an_offset_counts_from_the_first_packet_of_a_recorded_stream(tmp_path, name):
    signal = np.concatenate([media.tone(10), media.tone(10, frequency=880)])
    song = media.make(tmp_path / "song", name, signal=signal)
    path = tmp_path / "recorded"
    with av.open(str(song)) as whole, av.open(str(path), "w", format="ogg") as recorded:
        stream = recorded.add_stream_from_template(whole.streams.audio[0])
        for packet in whole.demux(whole.streams.audio[0]):
            if packet.pts is not None:
                packet.pts = packet.dts = packet.pts + int(300 / packet.time_base)
                packet.stream = stream
                recorded.mux(packet)
    found, wanted, beginning = (
        np.argmax(np.abs(np.fft.rfft(read_clip(file, offset=offset, length=4).samples)))
        for file, offset in ((path, 12), (song, 12), (song, 0))
    )
    assert found == pytest.approx(wanted, rel=0.01)
    assert wanted > 1.5 * beginning


def test_an_offset_beyond_the_end_gives_the_beginning(tmp_path):
    path = media.make(tmp_path / "song.flac", "flac", seconds=5)
    assert np.array_equal(read_clip(path, offset=60).samples, read_clip(path).samples)


def intro(path, seconds, *, hiss, gain=1.0):
    """Write a beginning of soft hiss, then a tone of the gain's peak, at the model's rate."""
    noise = np.random.default_rng(0).uniform(-hiss, hiss, round(seconds * 22050))
    tone = np.sin(np.arange(40 * 22050) / 10) * gain
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(4)
        file.setframerate(22050)
        samples = np.concatenate([noise * gain, tone]) * (2**31 - 1)
        file.writeframes(samples.astype("<i4").tobytes())
    return path


@pytest.mark.parametrize("gain", [1.0, 0.1, 0.003])
def test_a_silent_beginning_is_skipped(tmp_path, gain):
    path = intro(tmp_path / "song.wav", 12.0, hiss=0.0009, gain=gain)
    samples = read_clip(path).samples
    assert len(samples) == 30 * 22050
    loud = np.abs(samples) > 0.01 * gain
    assert loud.argmax() < 0.2 * 22050
    assert loud[-100:].any()


def test_a_soft_beginning_is_not_skipped(tmp_path):
    samples = read_clip(intro(tmp_path / "song.wav", 5.0, hiss=0.002)).samples
    assert (np.abs(samples) > 0.01).argmax() == pytest.approx(5 * 22050, abs=2)


def test_a_silent_file_is_read_from_its_start(tmp_path):
    path = intro(tmp_path / "song.wav", 35.0, hiss=0.0001)
    samples = read_clip(path).samples
    assert len(samples) == 30 * 22050
    assert np.abs(samples).max() < 0.001


def test_two_channels_are_averaged_to_one(tmp_path):
    path = tmp_path / "song.wav"
    left = (media.tone(4) * 20000).astype("<i2")
    one = media.make(tmp_path / "one.wav", "wav", signal=left / 32767 / 2)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(np.stack([left, 0 * left], axis=1).tobytes())
    assert np.abs(read_clip(path).samples - read_clip(one).samples).max() < 1e-3


@pytest.mark.parametrize("form", ["aiff", "flac", "m4a", "opus", "wavpack"])
def test_eight_channels_are_averaged_to_one(tmp_path, form):
    path = media.surround(tmp_path / f"song{media.FORMATS[form]}", form)
    one = media.make(tmp_path / "one.wav", "wav", seconds=4, rate=48_000)
    found, expected = (np.square(read_clip(file).samples).mean() ** 0.5 for file in (path, one))
    assert abs(found / expected - 1) < 0.15  # a low-frequency channel loses the tone


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", NotAudioError),
        (b"only a text\n" * 500, NotAudioError),
        (b"#EXTM3U\n#EXTINF:3\n{target}\n", NotAudioError),
        (b"ffconcat version 1.0\nfile '{target}'\n", NotAudioError),
        (b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + b"\xff" * 40, AudioError),
    ],
)
def test_a_file_without_audio_is_refused_and_opens_no_other_file(tmp_path, content, error):
    target = media.make(tmp_path / "target.wav", "wav", seconds=4)
    path = tmp_path / "song.mp3"
    path.write_bytes(content.replace(b"{target}", os.fsencode(target)))
    with pytest.raises(error) as caught:
        read_clip(path)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("form", "name"), [("wav", "WAV"), ("aiff", "AIFF"), ("m4a", "MP4"), ("wma", "ASF")]
)
def test_a_container_behind_other_bytes_is_refused_with_the_next_step(tmp_path, form, name):
    path = media.make(tmp_path / "song", form, seconds=4)
    path.write_bytes(b"HTTP/1.1 200 OK\r\n\r\n" + path.read_bytes())
    with pytest.raises(NotAudioError, match=f"is {name} behind 19 other bytes, ") as caught:
        read_clip(path)
    assert caught.value.hint == "remove them: tail -c +20 FILE > NEW"


def test_a_stream_of_another_format_behind_id3_is_refused_by_its_name(tmp_path):
    path = tmp_path / "song.mp3"
    path.write_bytes(b"ID3\4\0\0\0\0\0\x0a" + bytes(10) + b"\xff\xf1\x50\x80" + bytes(500))
    with pytest.raises(NotAudioError, match="is AAC without a container"):
        read_clip(path)


def test_a_file_without_a_byte_is_refused_as_empty(tmp_path):
    path = tmp_path / "song.mp3"
    path.touch()
    with pytest.raises(NotAudioError, match="is empty"):
        read_clip(path)


def test_a_short_file_is_refused(tmp_path):
    path = media.make(tmp_path / "jingle.mp3", "mp3", seconds=2)
    with pytest.raises(TooShortError, match="2"):
        read_clip(path)


def test_a_truncated_file_is_decoded_up_to_its_end(tmp_path):
    path = media.make(tmp_path / "song.mp3", "mp3", seconds=10)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 4 < len(read_clip(path).samples) / 22050 < 6


@pytest.mark.parametrize("values", [(np.nan,), (np.inf, -np.inf), (3e38, 3e38)])
def test_samples_that_are_no_sound_are_refused_as_damage_without_a_warning(tmp_path, values):
    path = tmp_path / "odd.wav"
    data = np.full((5 * 22050, len(values)), values, "<f4").tobytes()
    kind = struct.pack("<HHIIHH", 3, len(values), 22050, 88200 * len(values), 4 * len(values), 32)
    body = b"WAVEfmt " + struct.pack("<I", 16) + kind
    body += b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    with pytest.raises(CorruptAudioError):
        from tagger.features.mel import log_mel  # noqa: PLC0415

        log_mel(read_clip(path).samples, 22050)


def test_an_error_for_a_missing_forbidden_or_odd_file_names_it(tmp_path):
    with pytest.raises(UnreadableError, match="No such file"):
        read_clip(tmp_path / "gone.mp3")
    os.mkfifo(tmp_path / "pipe.mp3")
    with pytest.raises(UnreadableError, match="regular"):
        read_clip(tmp_path / "pipe.mp3")


def test_a_file_with_a_name_that_is_not_utf8_is_decoded(tmp_path):
    path = media.make(tmp_path / "song.flac", "flac", seconds=4)
    odd = tmp_path / os.fsdecode(b"b\xe4h\xff.flac")
    shutil.move(path, odd)
    assert len(read_clip(odd).samples) == 4 * 22050


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["mp3", "flac", "vorbis", "opus", "m4a", "alac", "wma", "wavpack", "ape"]),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=12),
    keep=st.floats(0.05, 1),
)
def test_mutated_files_give_sound_or_a_typed_error(tmp_path, name, cuts, keep):
    data = bytearray(media.make(tmp_path / "seed", name, seconds=4).read_bytes())
    for where, what in cuts:
        at = int(where * (len(data) - len(what)))
        data[at : at + len(what)] = what
    path = tmp_path / "mutant"
    path.write_bytes(data[: int(keep * len(data))])
    try:
        clip = read_clip(path)
    except AudioError as error:
        assert error.path == path
    else:
        assert 3 * 22050 <= len(clip.samples) <= 30 * 22050


def test_a_recording_below_16_khz_is_refused(tmp_path):
    path = media.make(tmp_path / "call.wav", "wav", seconds=5, rate=8000)
    with pytest.raises(NarrowBandError, match="8000 Hz"):
        read_clip(path)


class Failing(io.FileIO):
    """A file on a device that fails after so many bytes."""

    good = 0

    def read(self, size=-1):
        if self.tell() + max(size, 0) > self.good:
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return super().read(size)


@pytest.mark.parametrize("good", [0, 5_000, 60_000])
@pytest.mark.parametrize("name", ["song.wav", "song.mp3", "song.flac"])
def test_an_error_of_the_device_is_no_fault_of_the_file(tmp_path, monkeypatch, name, good):
    path = media.make(tmp_path / name, name.split(".")[1], seconds=8)

    def open_failing(path):
        file = Failing(path)
        file.good = good
        return file

    monkeypatch.setattr(decode, "open_regular", open_failing)
    with pytest.raises(UnreadableError, match="cannot be read"):
        read_clip(path)


def test_a_codec_that_ffmpeg_does_not_support_is_the_fault_of_the_file(tmp_path):
    path = media.make(tmp_path / "song.wav", "wav", seconds=8)
    content = bytearray(path.read_bytes())
    at = content.index(b"fmt ") + 8
    content[at : at + 2] = b"\x99\x99"
    path.write_bytes(content)
    with pytest.raises(CorruptAudioError, match=r"codec.*encode it again"):
        read_clip(path)


def test_a_kind_of_aac_that_ffmpeg_lacks_is_no_damage(tmp_path):
    path = media.make(tmp_path / "song.m4a", "m4a", seconds=4)
    lc, celp = 2 << 3, 8 << 3
    with av.open(path) as container:
        config = container.streams.audio[0].codec_context.extradata
    other = bytes([config[0] - lc + celp]) + config[1:]
    path.write_bytes(path.read_bytes().replace(config, other, 1))
    with pytest.raises(CorruptAudioError, match=r"does not support.*encode it again"):
        read_clip(path)


def test_damage_names_the_error_as_one_of_ffmpeg(tmp_path):
    # "Operation not permitted" of FFmpeg has no relation to the permissions of the file
    path = media.make(tmp_path / "song.wv", "wavpack", seconds=8)
    content = bytearray(path.read_bytes())
    at = content.index(b"wvpk", 1) + 4
    content[at : at + 8] = 8 * b"\xff"
    path.write_bytes(content)
    with pytest.raises(CorruptAudioError, match='is damaged: FFmpeg returns "Invalid data'):
        read_clip(path)


@pytest.mark.parametrize("right", [-1.0, -0.98, 0.0, 0.5])
@pytest.mark.parametrize("form", ["i2", "f4", "u1"])
def test_channels_that_cancel_each_other_are_heard(right, form):
    signal = media.tone(4)
    both = np.stack([signal, right * signal])
    planes = {"i2": both * 32767, "f4": both, "u1": both * 127 + 128}[form].astype(form)
    mixer = Mixer()
    mixed = mixer.mono(planes)
    assert (mixer.loudest == 0) is (right < -0.9)
    assert np.abs(mixed).max() < 0.05 or right > -0.9
    alone = Mixer(0).mono(planes)
    assert np.abs(alone - signal).max() < 0.02


def test_a_recording_with_an_inverted_channel_is_heard_like_its_first_channel(tmp_path):
    signal = media.tone(4)
    plain = media.make(tmp_path / "plain.wav", "wav", signal=signal)
    inverted = tmp_path / "inverted.wav"
    with wave.open(str(inverted), "wb") as file:
        file.setparams((2, 2, 44100, 0, "NONE", ""))
        pcm = np.round(signal * 32767).astype("<i2")
        file.writeframes(np.stack([pcm, -pcm], axis=1).tobytes())
    one, other = read_clip(plain).samples, read_clip(inverted).samples
    assert np.abs(one - other).max() < 1e-3


@pytest.mark.parametrize("rate", [705_600, 1_411_200, 2_822_400])
def test_the_rates_of_dsd_are_reduced_to_the_models_rate(rate):
    signal = np.sin(2 * np.pi * 440 * np.arange(rate // 2) / rate).astype(np.float32)
    chunks = [(rate, chunk) for chunk in np.array_split(signal, 50)]
    parts = list(reduced(chunks))
    found = np.concatenate([samples for _, samples in parts])
    assert {part_rate for part_rate, _ in parts} == {176_400}
    assert abs(found.size - 88_200) < 10
    expected = np.sin(2 * np.pi * 440 * np.arange(found.size) / 176_400)
    assert np.abs(found - expected)[1000:-1000].max() < 1e-3


@pytest.mark.parametrize("rate", [48_000 * 512, 48_000 * 1024])
def test_dsd_of_the_highest_rates_is_decoded(tmp_path, rate):
    path = tmp_path / "song.dsf"
    sound = np.random.default_rng(1).bytes(rate * 31 // 80)
    form = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 1, 1, rate, 1, 8 * len(sound), 4096, 0)
    body = form + struct.pack("<4sQ", b"data", 12 + len(sound)) + sound
    path.write_bytes(struct.pack("<4sQQQ", b"DSD ", 28, 28 + len(body), 0) + body)
    assert decode.read_recording(path).length == pytest.approx(3.1, abs=0.01)


@pytest.mark.parametrize(
    ("text", "reason", "step"),
    [
        ("/annex/objects/SHA256E-s9--a.mp3\n", "git-annex", "git annex get"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:a\n", "Git LFS", "git lfs pull"),
    ],
)
def test_a_pointer_in_place_of_a_file_is_refused_with_the_next_step(tmp_path, text, reason, step):
    path = tmp_path / "song.mp3"
    path.write_text(text)
    with pytest.raises(NotAudioError, match=f"pointer of {reason}") as caught:
        read_clip(path)
    assert step in caught.value.hint


def test_a_file_longer_than_a_track_is_left_alone(tmp_path):
    path = media.make(tmp_path / "mix.wav", "wav", signal=np.zeros(21 * 60 * 8_000), rate=8_000)
    with pytest.raises(TooLongError, match="21 minutes"):
        read_clip(path)
