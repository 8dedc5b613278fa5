"""musicnn on our levels: what is shipped comes from its weights, and hears as musicnn does."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx (extra `train`) is not installed")

from tagger.features.mel import hz_to_mel
from tagger.features.musicnn import SIZE, sound_musicnn
from tagger.features.specs import SPECS
from training.research import musicnn

FRAME_SECONDS = 256 / 16_000


def made_levels(columns, seed=0):
    """Draw levels that rise and fall smoothly, as a tune would."""
    random = np.random.default_rng(seed)
    turns = random.uniform(40, 220, (128, columns // 6 + 2))
    places = np.linspace(0, turns.shape[1] - 1, columns)
    rows = [np.interp(places, np.arange(turns.shape[1]), row) for row in turns]
    return np.rint(rows).astype(np.uint8)


class Plain:
    """musicnn's layers as its package describes them, over frames, step by step."""

    def __init__(self, variables):
        self.variables = variables

    def __call__(self, levels, pool):
        centres = np.linspace(0, hz_to_mel(np.array([11_025.0]))[0], 130)[1:-1]
        wanted = np.linspace(0, hz_to_mel(np.array([8_000.0]))[0], 98)[1:-1]
        db = 80 * (levels / 255 - 1) + 16
        bands = np.stack([np.interp(wanted, centres, frame) for frame in db.T])
        channels = self.channels(np.log10(10_000 * 10 ** (bands / 10) + 1))
        blocks = [channels[at : at + pool] for at in range(0, len(channels), pool)]
        return np.concatenate([np.mean([b.max(axis=0) for b in blocks], 0), channels.mean(axis=0)])

    def tagged(self, patch):
        """Give the layer before the tags and the tags, for log-mel (frames, bands)."""
        channels = self.channels(patch)
        both = np.stack([channels.max(axis=0), channels.mean(axis=0)], axis=1)
        pooled = self.normal(both.ravel(), 9)
        weights = self.variables
        hidden = np.maximum(0, pooled @ weights["dense/kernel"] + weights["dense/bias"])
        hidden = self.normal(hidden, 10)
        tags = hidden @ weights["dense_1/kernel"] + weights["dense_1/bias"]
        return np.concatenate([hidden, tags])

    def channels(self, log_mel):
        sound = self.normal(log_mel, 0)
        front = [self.normal(self.bands(sound, n).max(axis=1), n + 1) for n in range(5)]
        layers = [np.concatenate(front, axis=1)]
        layers.append(self.middle(layers[0], 5))
        layers.append(self.middle(layers[1], 6) + layers[1])
        layers.append(self.middle(layers[2], 7) + layers[2])
        return np.concatenate(layers, axis=1)

    def named(self, kind, place, part):
        return self.variables[f"{kind}_{place}/{part}" if place else f"{kind}/{part}"]

    def normal(self, values, place):
        gamma, beta, mean, variance = (
            self.named("batch_normalization", place, part)
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        return (values - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    def bands(self, sound, place):
        """Convolve over frames and bands, rectified but not yet normalised: a normalisation
        of a falling scale turns greatest into least, so the maximum is taken of its sign.
        """
        kernel, bias = self.named("conv2d", place, "kernel"), self.named("conv2d", place, "bias")
        frames, height = kernel.shape[:2]
        before = (frames - 1) // 2
        padded = np.pad(sound, [(before, frames - 1 - before), (0, 0)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, (frames, height))
        convolved = np.einsum("tbfh,fhc->tbc", windows, kernel[:, :, 0], optimize=True)
        given = np.maximum(0, convolved + bias)
        falling = self.named("batch_normalization", place + 1, "gamma") < 0
        return np.where(falling, given.min(axis=1, keepdims=True), given)

    def middle(self, values, place):
        kernel, bias = self.named("conv2d", place, "kernel"), self.named("conv2d", place, "bias")
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, [(3, 3), (0, 0)]), 7, 0)
        convolved = np.einsum("tcf,fcn->tn", windows, kernel[:, :, 0], optimize=True) + bias
        return self.normal(np.maximum(0, convolved), place + 1)


def test_the_shipped_network_is_what_the_weights_give():
    made = musicnn.network(musicnn.weights()).SerializeToString(deterministic=True)
    assert files("tagger.features").joinpath("musicnn.onnx").read_bytes() == made


def test_the_shipped_network_of_the_sound_is_what_the_weights_give():
    made = musicnn.sound_network(musicnn.weights()).SerializeToString(deterministic=True)
    assert files("tagger.features").joinpath("musicnn-3.onnx").read_bytes() == made


def test_the_network_of_the_sound_is_musicnn_up_to_its_tags():
    random = np.random.default_rng(0)
    patches = np.abs(random.normal(1.0, 0.8, (2, 96, 187))).astype(np.float32)
    plain = Plain(musicnn.weights())
    wanted = np.mean([plain.tagged(patch.T) for patch in patches], axis=0)
    np.testing.assert_allclose(sound_musicnn()(patches), wanted, atol=1e-4)


def test_at_musicnns_own_frames_it_is_musicnn_without_what_never_changes():
    plain, pool = Plain(musicnn.weights()), round(2.8 / FRAME_SECONDS)
    clips = [made_levels(200, seed) for seed in range(2)]
    wanted = np.stack([plain(levels, pool) for levels in clips])
    heard = np.stack([musicnn.embedder(FRAME_SECONDS)(levels) for levels in clips])
    assert heard.shape[1] == SIZE < wanted.shape[1] / 3
    np.testing.assert_allclose(changing(heard), changing(wanted), atol=1e-3)


def changing(embeddings):
    """Leave out the numbers that are the same for every clip."""
    return embeddings[:, np.ptp(embeddings, axis=0) > 1e-6]


@pytest.mark.parametrize("seed", range(3))
def test_at_our_columns_it_hears_what_lies_between_them(seed):
    columns = made_levels(72, seed)
    step = musicnn.COLUMN_SECONDS / FRAME_SECONDS
    times = np.arange(int(71 * step) + 1) / step
    frames = np.stack([np.interp(times, np.arange(72), row) for row in columns])
    ours = musicnn.embedder(musicnn.COLUMN_SECONDS)(columns)
    theirs = musicnn.embedder(FRAME_SECONDS)(np.rint(frames).astype(np.uint8))
    means = slice(SIZE // 2, None)  # a maximum may lie between columns
    assert np.corrcoef(ours[means], theirs[means])[0, 1] > 0.99


def test_levels_of_every_length_give_an_embedding():
    for columns in (36, 37, 100, 387):
        embedded = musicnn.embedder(musicnn.COLUMN_SECONDS)(made_levels(columns))
        assert embedded.shape == SPECS["musicnn-2"].shape
        assert np.isfinite(embedded).all()
