"""The nearest tracks of the user's library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tagger.core.domain import AnalysisKey, Features, FileIdentity, Track, TrackTags
from tagger.pipeline import neighbours
from tagger.store import Store

MUSIC = Path("/music")
VECTORS = np.random.default_rng(0).standard_normal((7, 5)).astype(np.float32)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as store:
        for number, vector in enumerate(VECTORS):
            key = AnalysisKey(str(number), "@0+30")
            tags = TrackTags(genres=(f"genre {number}",))
            identity = FileIdentity(1, number, 1, 1)
            store.files.put(Track(MUSIC / f"{number}.mp3", MUSIC, identity, tags, key))
            store.analyses.put_features(key, [Features("test-1", vector)])
        yield store


@pytest.mark.parametrize("block", [1, 4, 1000])
def test_the_nearest_tracks_are_ordered_by_cosine_whatever_is_read_at_a_time(
    store, block, monkeypatch
):
    monkeypatch.setattr(neighbours, "BLOCK", block)
    found = neighbours.nearest(Features("test-1", VECTORS[0]), store, MUSIC / "0.mp3", 3)
    others = VECTORS[1:]
    near = (VECTORS - others.mean(axis=0)) / (others.std(axis=0) + 1e-3)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    cosines = near[1:] @ near[0]
    order = np.argsort(-cosines)[:3]
    assert [one.path for one in found] == [MUSIC / f"{n + 1}.mp3" for n in order]
    assert [one.genres for one in found] == [(f"genre {n + 1}",) for n in order]
    assert np.allclose([one.likeness for one in found], cosines[order], atol=1e-5)


def test_a_library_without_another_analyzed_track_has_no_neighbour(store):
    assert neighbours.nearest(Features("other-1", VECTORS[0]), store, MUSIC / "0.mp3") == []
