"""Predictions from remembered features, in blocks, with the store and workers of their own."""

from __future__ import annotations

from concurrent.futures import Future

import bundles
import numpy as np
import pytest

from tagger import config
from tagger.analysis import worker
from tagger.analysis.analyzer import Analyzer
from tagger.analysis.pool import WorkerPool
from tagger.analysis.remembered import BLOCK
from tagger.config import WorkerSettings
from tagger.core.domain import AnalysisKey, Features, FileIdentity, PackedFeatures, Track, TrackTags
from tagger.errors import StoreDamagedError, WorkerCrashedError
from tagger.inference import read_manifest
from tagger.inference.bundle import load
from tagger.store import Store

WINDOW = config.Settings().listen.window


def levels(number: int) -> Features:
    """Return the features of a made-up sound; sounds have two lengths."""
    rng = np.random.default_rng(number)
    return Features("levels-1", rng.integers(0, 255, (128, 5 + number % 2), np.uint8))


def track(root, number: int) -> Track:
    identity = FileIdentity(1, number + 1, 1, 1)
    key = AnalysisKey(f"{number:064x}", str(WINDOW))
    return Track(root / f"{number}.mp3", root, identity, TrackTags(), key)


class InProcess:
    """Runs tasks in this process; blocks of tracks bring their worker down."""

    count = 2

    def submit(self, function, /, *args):
        future = Future()
        if function is worker.predict_all:
            future.set_exception(WorkerCrashedError("died"))
        else:
            future.set_result(function(*args))
        return future

    def result(self, future, _path):
        return future.result()


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "state") as store:
        yield store


def remembered(store, root, count: int) -> list[Track]:
    tracks = [track(root, number) for number in range(count)]
    with store.transaction():
        for number, one in enumerate(tracks):
            store.files.put(one)
            store.analyses.put_features(one.content, [levels(number)])
    return tracks


def test_tracks_of_several_blocks_get_the_predictions_that_each_gets_alone(tmp_path, store):
    bundle = bundles.make_bundle(tmp_path / "bundle")
    tracks = remembered(store, tmp_path, BLOCK + 3)
    without = track(tmp_path, 1000)
    store.failures.start_attempt(tracks[0].path, tracks[0].identity, blamed=True)
    with WorkerPool(WorkerSettings(1, 60, 2048), worker.prepare, bundle, tmp_path) as pool:
        analyzer = Analyzer(store, pool, bundle, read_manifest(bundle), WINDOW)
        analyzer.remember([*tracks, without], decode=False)
    model = load(bundle)
    for number, one in enumerate(tracks):
        assert analyzer.remembered([one]) == {one: model.predict([[levels(number)]])[0]}
    assert analyzer.predicted([*tracks, without]) == set(tracks)
    assert store.failures.all() == []


def test_a_block_whose_worker_dies_is_predicted_track_by_track(tmp_path, store):
    bundle = bundles.make_bundle(tmp_path / "bundle")
    tracks = remembered(store, tmp_path, 3)
    given_up = tracks[2]
    error = WorkerCrashedError("died", given_up.path)
    store.failures.give_up(given_up.path, given_up.identity, error)
    analyzer = Analyzer(store, InProcess(), bundle, read_manifest(bundle), WINDOW)
    analyzer.remember(tracks, decode=True)
    assert analyzer.predicted(tracks) == set(tracks[:2])


def test_features_in_any_order_of_memory_are_read_as_they_were_stored(tmp_path, store):
    key = track(tmp_path, 0).content
    given = np.asfortranarray(levels(0).values), np.arange(4, dtype=np.float32)
    store.analyses.put_features(key, map(Features, ("a", "b"), given))
    missing = track(tmp_path, 1).content
    assert list(store.analyses.packed([key, missing], ["b", "a"])) == [str(key)]
    found = store.analyses.features(key, ["b", "a"])
    for one, values in zip(found, reversed(given), strict=True):
        assert one.values.dtype == values.dtype
        np.testing.assert_array_equal(one.values, values)


@pytest.mark.parametrize("data", [b"", b"no array", b"\x93NUMPY\x01\x00\xff\xff{}"])
def test_stored_features_that_are_no_array_show_a_damaged_database(tmp_path, data):
    bundle = bundles.make_bundle(tmp_path / "bundle")
    with pytest.raises(StoreDamagedError, match=r"database is damaged.*`tagger scan`"):
        worker.predict_all([(PackedFeatures("levels-1", data),)], bundle)
