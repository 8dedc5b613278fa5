"""A later part of a long file beside its first part: 30 s of music can precede a talk."""

from __future__ import annotations

import json

import bundles
import media
import numpy as np
import pytest

from tagger import config
from tagger.analysis import worker
from tagger.analysis.analyzer import Analyzer
from tagger.analysis.pool import WorkerPool
from tagger.analysis.portrait import portrait
from tagger.audio import decode
from tagger.audio.decode import read_recording
from tagger.config import WorkerSettings
from tagger.core.domain import AnalysisKey, FileIdentity, PackedFeatures, Track, TrackTags, Window
from tagger.errors import UnreadableError
from tagger.inference import read_manifest
from tagger.store import Store
from tagger.system import arrays

WINDOW = Window(0.0, 4.0)
VERDICT = "does not sound like music after its beginning"


@pytest.fixture
def bundle(tmp_path):
    """Return a model to which a sound of all frequencies, a toss-up, is no music later on."""
    folder = bundles.make_bundle(tmp_path / "bundle")
    manifest = json.loads((folder / "manifest.json").read_text()) | {"later": 0.7}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def talk(path, kind):
    """Make a file of 4 s of music, and 20 s for which no genre is likely."""
    signal = np.concatenate([bundles.low(4), bundles.both(20)])
    return media.make(path, kind, signal=signal)


@pytest.mark.parametrize("kind", ["mp3", "flac", "m4a"])
def test_a_long_file_whose_rest_has_no_likely_genre_is_no_music(tmp_path, bundle, kind):
    found = worker.analyze(talk(tmp_path / "talk", kind), bundle, WINDOW)
    assert found.prediction.genre == "Classical"
    assert found.prediction.sound == VERDICT
    assert [features.spec for features in found.features] == ["levels-1", "later:levels-1"]


@pytest.mark.parametrize(
    "rest",
    [bundles.low(20), np.zeros(20 * 44100), bundles.both(10)],
    ids=["music", "silent", "short"],
)
def test_a_long_file_whose_rest_is_music_silent_or_short_is_music(tmp_path, bundle, rest):
    signal = np.concatenate([bundles.low(4), rest])
    path = media.make(tmp_path / "song.flac", "flac", signal=signal)
    assert worker.analyze(path, bundle, WINDOW).prediction.sound == ""


def test_the_later_part_of_a_song_counts_beside_its_beginning(tmp_path, bundle):
    def probability(rest):
        signal = np.concatenate([bundles.both(4), rest])
        path = media.make(tmp_path / "song.flac", "flac", signal=signal)
        prediction = worker.analyze(path, bundle, WINDOW).prediction
        assert (prediction.sound, sum(prediction.probabilities.values())) == ("", pytest.approx(1))
        return prediction.probabilities["Classical"]

    short = bundles.both(4)  # no later part
    assert probability(bundles.low(20)) > probability(short) > probability(bundles.high(20))


def test_the_beginning_outweighs_the_later_part(tmp_path, bundle):
    signal = np.concatenate([bundles.low(4), bundles.high(20)])
    path = media.make(tmp_path / "song.flac", "flac", signal=signal)
    assert worker.analyze(path, bundle, WINDOW).prediction.genre == "Classical"


@pytest.mark.parametrize("kind", ["mp3", "flac", "aiff"])
def test_a_file_cut_off_before_its_later_part_is_not_judged_by_its_beginning(
    tmp_path, bundle, kind
):
    signal = np.concatenate([bundles.low(3), bundles.both(5), bundles.low(30)])
    path = media.make(tmp_path / "song", kind, signal=signal)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    found = worker.analyze(path, bundle, Window(4.0, 4.0))
    assert [features.spec for features in found.features] == ["levels-1"]


def test_a_disk_that_fails_at_the_later_part_is_an_error_of_the_file(tmp_path, bundle, monkeypatch):
    def read(path, *, offset, length):
        if offset:
            raise UnreadableError("cannot be read: Input/output error", path)
        return read_recording(path, offset=offset, length=length)

    monkeypatch.setattr(decode, "read_recording", read)
    with pytest.raises(UnreadableError):
        worker.analyze(talk(tmp_path / "talk.flac", "flac"), bundle, WINDOW)


def test_the_features_of_a_training_have_the_later_part_for_a_scan_after_it(tmp_path, bundle):
    path = talk(tmp_path / "talk.flac", "flac")
    found = worker.features(path, ["levels-1"], WINDOW)
    stored = tuple(PackedFeatures(f.spec, arrays.to_bytes(f.values)) for f in found.features)
    prediction = worker.predict(found.content, stored, bundle).prediction
    assert prediction == worker.analyze(path, bundle, WINDOW).prediction
    assert prediction.sound == VERDICT


def test_an_explanation_predicts_what_a_scan_predicts(tmp_path, bundle):
    mixed = np.concatenate([bundles.both(4), bundles.low(20)])
    song = media.make(tmp_path / "song.flac", "flac", signal=mixed)
    for path in (talk(tmp_path / "talk.flac", "flac"), song):
        found = portrait(path, bundle, WINDOW)
        assert found.prediction == worker.analyze(path, bundle, WINDOW).prediction
        assert found.later
    assert found.later.confidence > found.prediction.confidence


def test_a_model_without_the_threshold_looks_at_the_first_part_alone(tmp_path):
    bundle = bundles.make_bundle(tmp_path / "bundle")
    found = worker.analyze(talk(tmp_path / "talk.flac", "flac"), bundle, WINDOW)
    assert found.prediction.sound == ""
    assert [features.spec for features in found.features] == ["levels-1"]


@pytest.mark.parametrize("together", [True, False])
def test_the_remembered_features_of_a_talk_give_the_same_verdict(tmp_path, bundle, together):
    path = talk(tmp_path / "talk.flac", "flac")
    found = worker.analyze(path, bundle, WINDOW)
    settings = config.Settings().listen
    key = AnalysisKey(found.content, str(settings.window))
    track = Track(path, tmp_path, FileIdentity(1, 1, 1, 1), TrackTags(), key)
    with (
        Store(tmp_path / "state") as store,
        WorkerPool(WorkerSettings(1, 60, 2048), worker.prepare, bundle, tmp_path) as pool,
    ):
        store.analyses.put_features(key, found.features)
        analyzer = Analyzer(store, pool, bundle, read_manifest(bundle), settings.window)
        if together:
            analyzer.remember([track], decode=False)
        else:
            analyzer.result(analyzer.request(track))
        assert analyzer.remembered([track]) == {track: found.prediction}
