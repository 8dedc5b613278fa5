"""Blocks of frames: the same sound and digest as the sum of single frames."""

from __future__ import annotations

import hashlib
import itertools
import math

import av
import media
import numpy as np
import pytest

from tagger.audio.blocks import BLOCK, Block, blocks
from tagger.audio.decode import SILENCE, read_recording
from tagger.audio.formats import open_audio
from tagger.audio.mix import Mixer


def sounding(frames, least):
    return list(itertools.dropwhile(lambda frame: np.abs(frame).max() < least, frames))


def plain(path, length):
    """Decode frame by frame: SHA-256 of the packets, and the mono samples."""
    digest, kept = hashlib.sha256(), []
    with path.open("rb") as file, open_audio(file) as container:
        stream = container.streams.audio[0]
        digest.update(stream.codec_context.name.encode())
        frames = decoded(container, stream, digest)
        while more := list(taken(frames, length - math.fsum(len(f) / stream.rate for f in kept))):
            kept = sounding(kept + more, SILENCE * max(np.abs(f).max() for f in kept + more))
    return digest.hexdigest(), np.concatenate(kept)


def decoded(container, stream, digest):
    for packet in container.demux(stream):
        digest.update(bytes(packet))
        for frame in packet.decode():
            samples = frame.to_ndarray()
            if not frame.format.is_planar:
                samples = samples.reshape(-1, frame.layout.nb_channels).T
            scale = {"i": 2.0 ** (1 - 8 * samples.itemsize)}.get(samples.dtype.kind, 1.0)
            yield samples.mean(axis=0, dtype=np.float32) * np.float32(scale)


def taken(frames, seconds):
    while seconds > 0 and (frame := next(frames, None)) is not None:
        yield frame
        seconds -= len(frame) / 44_100


@pytest.mark.parametrize("name", ["mp3", "flac", "m4a", "alac", "wav", "wma"])
def test_the_clip_and_its_digest_equal_those_of_single_frames(tmp_path, name):
    signal = np.concatenate([np.zeros(7 * 44_100), media.tone(9)])
    path = media.make(tmp_path / f"song.{name}", name, signal=signal)
    content, samples = plain(path, 5.0)
    recording = read_recording(path, length=5.0)
    assert recording.content_id == content
    ((rate, found),) = recording.parts
    assert rate == 44_100
    assert np.array_equal(found, samples)


def frame(channels, size, rate=44_100, level=0.5):
    samples = np.full((channels, size), level, np.float32)
    made = av.AudioFrame.from_ndarray(samples, "fltp", {1: "mono", 2: "stereo", 6: "5.1"}[channels])
    made.rate = rate
    return rate, channels, size, made


def test_frames_with_another_number_of_channels_begin_a_block():
    given = [frame(6, 1000), frame(1, 1000, level=0.25), frame(2, 500)]
    mixer = Mixer()
    found = list(blocks(given, 30.0, mixer))
    assert [(block.sizes, float(block.samples[0])) for block in found] == [
        ((1000,), 0.5),
        ((1000,), 0.25),
        ((500,), 0.5),
    ]


def test_a_block_ends_with_the_frame_that_completes_it():
    mixer = Mixer()
    found = list(blocks([frame(2, 1152) for _ in range(100)], 30.0, mixer))
    assert [len(block.sizes) for block in found] == [29, 29, 29, 13]
    assert BLOCK / 1152 < 29
    assert sum(block.samples.size for block in found) == 115_200


def test_frames_before_the_first_loud_frame_are_dropped_whole():
    samples = np.zeros(40, np.float32)
    samples[25] = 1.0
    block = Block(44_100, samples, (10, 10, 10, 10))
    loud = block.from_level(0.5)
    assert loud.sizes == (10, 10)
    assert loud.samples[5] == 1.0
    assert block.from_level(2.0) is None
    assert block.from_level(0.0).sizes == block.sizes


def test_samples_that_are_not_numbers_are_never_dropped_as_silence():
    samples = np.full(10, np.nan, np.float32)
    assert Block(44_100, samples, (10,)).from_level(1.0).sizes == (10,)
