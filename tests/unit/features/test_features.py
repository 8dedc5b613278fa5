from __future__ import annotations

import warnings
from pathlib import Path

import media
import numpy as np
import pytest
import signals
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger import features
from tagger.audio.decode import Recording, read_clip
from tagger.core.domain import LogMel
from tagger.errors import CorruptAudioError, ModelError, SilentError, TooShortError
from tagger.features import frames
from tagger.features.bands import band_power, banded
from tagger.features.mel import RATE, log_mel, mel_filters, sampled_frames
from tagger.features.specs import SPECS, extract, extract_all
from tagger.features.statistics import statistics_names
from tagger.features.weights import WEIGHTS

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
with_librosa = pytest.mark.slow
"""The import of librosa takes seconds, and figures of librosa are beside the tests."""


@with_librosa
@pytest.mark.parametrize("seconds", [3.0, 14.9, 30.0])
def test_log_mel_of_any_length_equals_librosa(seconds):
    librosa = pytest.importorskip("librosa", reason="librosa, the reference, is not installed")
    samples = signals.melody(seconds)

    power = librosa.feature.melspectrogram(y=samples, sr=RATE, n_fft=2048, hop_length=512)
    decibels = librosa.power_to_db(power, ref=np.max, top_db=80)
    expected = (1 - decibels / decibels.min())[:, sampled_frames(decibels.shape[1])]

    heard = log_mel(samples, RATE)
    assert heard.floor_db == pytest.approx(decibels.min(), abs=1e-3)
    np.testing.assert_allclose(heard.levels, expected, atol=1e-5)


@with_librosa
def test_mel_filters_equal_those_of_librosa():
    librosa = pytest.importorskip("librosa", reason="librosa, the reference, is not installed")
    expected = librosa.filters.mel(sr=RATE, n_fft=2048)
    np.testing.assert_allclose(mel_filters(), expected, atol=1e-8)


@with_librosa
@pytest.mark.parametrize("seconds", [3.0, 10.0])
def test_the_frames_of_musicnn_equal_those_of_librosa(seconds):
    librosa = pytest.importorskip("librosa")
    samples = np.random.default_rng(0).normal(0, 0.3, round(seconds * 16_000)).astype(np.float32)
    scaled = samples * 0.1 / np.sqrt(np.mean(samples.astype(float) ** 2))
    power = librosa.feature.melspectrogram(
        y=scaled, sr=16_000, n_fft=512, hop_length=256, n_mels=96
    )
    heard = frames.patches(samples)
    wanted = np.log10(10_000 * power + 1)[:, : 187 * len(heard)]
    np.testing.assert_allclose(np.concatenate(heard, axis=1), wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("seconds", "starts"),
    [
        (2.98, [0]),
        (4.0, [0, 64]),
        (5.0, [0, 126]),
        (15.0, [0, 188, 376, 563, 751]),
        (18.0, [0, 235, 470, 704, 939]),
        (30.0, [0, 374, 748, 1122, 1496]),
    ],
)
def test_spread_patches_cover_a_short_clip_and_every_second_patch_of_a_long_clip(seconds, starts):
    samples = np.random.default_rng(0).normal(0, 0.1, round(seconds * 16_000)).astype(np.float32)
    spread = frames.spread_patches(samples)
    assert len(spread) == len(starts)
    for patch, start in zip(spread, starts, strict=True):
        alone = frames.patches(samples[start * 256 :])[0]
        inner = slice(2, None)  # before the first two frames, the shifted clip has zeros
        scaled = patch[:, inner] - alone[:, inner]  # equal volume of another part: nearly equal
        assert np.abs(scaled).max() < 0.02


def test_the_end_of_a_clip_of_5_seconds_changes_its_features():
    samples = signals.melody(5.0)[: 5 * 16_000]
    softer = np.concatenate([samples[: 4 * 16_000], samples[4 * 16_000 :] / 8])
    one, other = (frames.spread_patches(part)[-1] for part in (samples, softer))
    assert np.abs(one[:, -30:] - other[:, -30:]).max() > 0.5


@with_librosa
def test_a_clip_at_another_rate_is_resampled_as_by_librosa(tmp_path):
    librosa = pytest.importorskip("librosa", reason="compares with librosa")
    path = media.make(tmp_path / "song.wav", "wav", seconds=4)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        expected, _ = librosa.load(path, sr=22050, mono=True)
    assert np.abs(read_clip(path).samples - expected).max() < 1e-6


def test_log_mel_gives_the_levels_that_librosa_0_11_gave():
    levels = log_mel(signals.melody(5.0), RATE).levels
    expected = [0.27581, 0.11473, 0.16446, 0.20434, 0.25171, 0.19115, 0.22027, 0.21295]
    np.testing.assert_allclose(levels[::16, 20], expected, atol=1e-4)


@pytest.mark.slow
def test_log_mel_gives_the_training_data_from_its_audio():
    if not (DATA / "gtzan_clips").is_dir():
        pytest.skip(f"needs the clips in {DATA}")
    with np.load(DATA / "gtzan_logmel.npz") as archive:
        stored = dict(zip(archive["id"].tolist(), archive["level"], strict=True))
    clips = sorted((DATA / "gtzan_clips").glob("*.flac"))
    assert len(clips) == 20
    for path in clips[::5]:  # four genres
        clip = read_clip(path, length=31.0)
        heard = log_mel(clip.samples, clip.rate)
        columns = stored[path.stem].shape[1]
        difference = np.abs(heard.levels[:, :columns] - stored[path.stem] / 255)
        assert difference.mean() * -heard.floor_db <= 0.1, path.name


def everything(samples):
    """Compute the features of every spec."""
    return extract_all(SPECS.keys() - WEIGHTS.keys(), Recording.of(samples, RATE))


@pytest.mark.parametrize("decibels", [-60, -20, 6, 40])
def test_a_gain_changes_no_feature(decibels):
    samples = signals.melody(10.0)
    louder = samples * np.float32(10 ** (decibels / 20))
    heard = zip(everything(samples), everything(louder), strict=True)
    for one, other in heard:
        step = 1 if one.spec == "levels-1" else 0.05
        assert np.abs(one.values.astype(float) - other.values.astype(float)).max() <= step


@given(st.floats(3.0, 40.0))
@settings(max_examples=10, deadline=None)
def test_any_length_of_three_seconds_or_more_gives_features(seconds):
    heard = log_mel(signals.melody(seconds), RATE)
    vector = extract("statistics-1", heard)
    assert heard.levels.shape[0] == 128
    assert heard.levels.min() >= 0
    assert heard.levels.max() <= 1
    assert vector.values.shape == (len(statistics_names()),)
    assert vector.values.dtype == np.float32
    assert np.isfinite(vector.values).all()


@pytest.mark.parametrize(
    "samples",
    [
        np.eye(1, 5 * RATE, RATE, dtype=np.float32)[0],
        np.r_[np.zeros(4 * RATE), np.ones(RATE)].astype(np.float32),
        np.sin(np.arange(5 * RATE)).astype(np.float32),
        (np.arange(5 * RATE) % 2 * 2 - 1).astype(np.float32),
    ],
    ids=["click", "step", "tone", "Nyquist"],
)
def test_odd_sounds_give_finite_features(samples):
    for heard in everything(samples):
        assert np.isfinite(heard.values).all()


def test_silence_has_no_features_and_is_refused():
    with pytest.raises(SilentError, match="in the analyzed part"):
        log_mel(np.zeros(10 * RATE, np.float32), RATE)
    with pytest.raises(SilentError):
        log_mel(np.full(10 * RATE, 2 / 32768, np.float32), RATE)
    with pytest.raises(SilentError):
        log_mel(np.ones(10 * RATE, np.float32), RATE)


def test_samples_that_are_not_finite_are_refused():
    samples = signals.melody(5.0)
    for value in (np.nan, np.inf, 1e18):
        samples[1000] = value
        with pytest.raises(CorruptAudioError):
            log_mel(samples, RATE)


def test_too_short_a_sound_is_refused():
    with pytest.raises(TooShortError):
        log_mel(signals.melody(2.0), RATE)
    with pytest.raises(TooShortError):
        log_mel(np.zeros(0, np.float32), RATE)


def test_samples_at_another_rate_are_refused():
    with pytest.raises(ValueError, match="22050"):
        log_mel(signals.melody(5.0), 44_100)


def test_an_unknown_spec_is_refused():
    with pytest.raises(ModelError, match="statistics-9"):
        extract("statistics-9", log_mel(signals.melody(5.0), RATE))


def test_stored_levels_give_the_features_of_the_sound():
    heard = log_mel(signals.melody(5.0), RATE)
    stored = extract("levels-1", heard).values
    again = LogMel(stored.astype(np.float32) / np.float32(255), -80.0)
    for spec in ("statistics-1", "musicnn-2", "levels-1"):
        np.testing.assert_array_equal(extract(spec, heard).values, extract(spec, again).values)


def test_every_element_of_the_statistics_has_its_own_name():
    names = statistics_names()
    assert len(set(names)) == len(names)
    assert names[0] == "mfcc_mean[0]"


def test_the_names_of_the_specs_are_the_names_of_the_table():
    assert SPECS.keys() == features.SPEC_NAMES


@pytest.mark.parametrize(("width", "n_fft", "count"), [(800, 1024, 131), (2048, 2048, 40)])
def test_the_power_of_many_frames_equals_a_plain_computation(width, n_fft, count):
    given_frames = np.random.default_rng(0).normal(size=(count, width)).astype(np.float32)
    window = np.hanning(width).astype(np.float32)
    filters = mel_filters(22_050, n_fft, 40)
    spectrum = np.fft.rfft(given_frames.astype(np.float64) * window, n_fft, axis=1)
    expected = np.abs(spectrum) ** 2 @ filters.T
    found = band_power(given_frames, window, n_fft, banded(filters))
    assert np.allclose(found, expected, rtol=1e-4)
