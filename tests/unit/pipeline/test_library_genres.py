"""Unsure files are decided with the genres of their library."""

from __future__ import annotations

import hashlib

import bundles
import msgspec
import pytest
from pipelines import NoWorkers, Report

from tagger import config
from tagger.analysis.analyzer import Analyzer, Request
from tagger.core.domain import (
    Action,
    AnalysisKey,
    FileIdentity,
    Prediction,
    Track,
    TrackTags,
)
from tagger.inference import read_manifest
from tagger.pipeline import build
from tagger.pipeline.pipeline import Pipeline
from tagger.pipeline.single import SingleFiles

GENRES = ("Blues", "Country", "Folk", "Jazz", "Metal", "Pop", "Reggae", "Rock")
SETTINGS = config.Settings()
UNSURE = {"Jazz": 0.75, "Blues": 0.2}
"""Below the confidence of 0.8 that the model needs."""


@pytest.fixture
def manifest(tmp_path):
    found = read_manifest(bundles.make_bundle(tmp_path / "bundle"))
    return msgspec.structs.replace(
        found, genres=GENRES, expected=dict.fromkeys(GENRES, 1 / len(GENRES))
    )


@pytest.fixture
def library(store, manifest):
    """Return a function that records analyzed files below a root."""

    def record(root, sounds, *, analyzed=True, **tags):
        root.mkdir(parents=True, exist_ok=True)
        tracks = {}
        for number, shares in enumerate(sounds):
            path = root / f"{number}.mp3"
            path.write_bytes(str(path).encode())
            rest = (1 - sum(shares.values())) / len(GENRES)
            sound = Prediction({g: rest + shares.get(g, 0.0) for g in GENRES}, manifest.id)
            sha = hashlib.sha256(str(path).encode()).hexdigest()
            key = AnalysisKey(sha, str(SETTINGS.listen.window))
            identity = FileIdentity.of(path.stat())
            track = Track(path, root, identity, TrackTags(**tags), key)
            store.files.put(track)
            if analyzed:
                store.analyses.put_prediction(key, sound)
            tracks[track] = sound
        return tracks

    return record


@pytest.fixture
def decide(store, manifest, tmp_path):
    """Return a function that decides tracks as a scan does, by path."""

    def run(tracks, settings=SETTINGS):
        analyzer = Analyzer(
            store, NoWorkers(), tmp_path / "bundle", manifest, settings.listen.window
        )
        pipeline = Pipeline(build.Basis(settings, manifest, store), analyzer, Report())
        return {outcome.path: outcome for outcome in pipeline.run(tracks, analyzed=print)}

    return run


def test_a_library_of_jazz_makes_an_unsure_file_jazz(library, decide, tmp_path):
    *_, unsure = tracks = library(tmp_path / "music", [{"Jazz": 0.9}] * 30 + [UNSURE])
    found = decide(tracks)[unsure.path]
    assert (found.action, found.after) == (Action.SET, ("Jazz",))
    assert found.reason.endswith("%: Jazz 75% without the rest of the library")
    assert found.confidence > 0.8
    assert found.grounds.sound == {"Jazz": pytest.approx(0.7563, abs=1e-4)}


def test_a_reason_does_not_name_next_to_no_change(library, decide, tmp_path):
    *_, sure = tracks = library(tmp_path / "music", [{"Jazz": 0.9}] * 31)
    assert decide(tracks)[sure.path].reason == "Jazz at 91%"


BETWEEN = [{"Jazz": 0.5, "Blues": 0.45}, {"Jazz": 0.45, "Blues": 0.5}]


@pytest.mark.parametrize("others", [[{"Blues": 0.9}] * 30, [{"Jazz": 0.9}] * 8, BETWEEN * 15])
def test_a_library_of_other_genres_or_of_few_files_leaves_it_alone(
    others, library, decide, tmp_path
):
    *_, unsure = tracks = library(tmp_path / "music", [*others, UNSURE])
    assert decide(tracks)[unsure.path].action is Action.ABSTAIN


def test_another_library_in_the_same_database_does_not_count(library, decide, tmp_path):
    library(tmp_path / "jazz", [{"Jazz": 0.9}] * 30)
    (unsure,) = library(tmp_path / "mixed", [UNSURE])
    assert decide([unsure])[unsure.path].action is Action.ABSTAIN


def test_files_of_earlier_scans_count(library, decide, tmp_path):
    *_, unsure = library(tmp_path / "music", [{"Jazz": 0.9}] * 30 + [UNSURE])
    assert decide([unsure])[unsure.path].after == ("Jazz",)


@pytest.mark.parametrize("settings", [SETTINGS.by_sound_alone(), None])
def test_the_sound_alone_decides_where_the_user_wants_it(settings, library, decide, tmp_path):
    off = msgspec.structs.replace(SETTINGS.evidence, library_sound=False)
    settings = settings or msgspec.structs.replace(SETTINGS, evidence=off)
    *_, unsure = tracks = library(tmp_path / "music", [{"Jazz": 0.9}] * 30 + [UNSURE])
    assert decide(tracks, settings)[unsure.path].action is Action.ABSTAIN


def test_a_file_with_other_evidence_is_not_weighed(library, decide, tmp_path):
    *_, unsure = tracks = library(
        tmp_path / "music", [{"Jazz": 0.9}] * 30 + [UNSURE], artist="John Coltrane"
    )
    assert "library" not in decide(tracks)[unsure.path].reason


class Listening(Analyzer):
    """An analyzer whose tracks have the predictions that a test gives them."""

    def request(self, track, **_):
        return Request(track, self.sounds[track])

    def result(self, request):
        self._store.analyses.put_prediction(request.track.content, request.answer)
        return request.answer


@pytest.mark.parametrize("ahead", [True, False])
def test_a_scan_analyzes_a_new_library_all_over_first(ahead, store, manifest, library, tmp_path):
    sounds = [UNSURE if number < 700 else {"Jazz": 0.9} for number in range(1400)]
    tracks = library(tmp_path / "music", sounds, analyzed=False)
    analyzer = Listening(store, NoWorkers(), tmp_path / "bundle", manifest, SETTINGS.listen.window)
    analyzer.sounds = tracks
    counts = []
    pipeline = Pipeline(build.Basis(SETTINGS, manifest, store), analyzer, Report())
    found = list(pipeline.run(tracks, analyzed=counts.append if ahead else None))
    assert sorted(one.path for one in found) == sorted(track.path for track in tracks)
    unsure = sum(one.action is Action.ABSTAIN for one in found)
    if ahead:
        assert (unsure, counts[-1]) == (0, 467)
    else:
        assert unsure > 100


def test_a_file_by_itself_is_decided_with_its_library(store, manifest, library, tmp_path):
    *_, unsure = library(tmp_path / "music", [{"Jazz": 0.9}] * 30 + [UNSURE])
    single = SingleFiles(build.Basis(SETTINGS, manifest, store))
    sound = store.analyses.prediction(unsure.content, manifest.id)
    track = single.track(unsure.path, unsure.identity, unsure.tags)
    assert single.decide(track, sound).genres == ("Jazz",)
