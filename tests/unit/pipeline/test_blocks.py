"""Tracks that are read in blocks get the same decisions as tracks one by one."""

from __future__ import annotations

import random
from concurrent.futures import Future

import bundles
import msgspec
import pytest
from pipelines import NoWorkers, Report

from tagger import config, tags
from tagger.analysis.analyzer import Analyzer
from tagger.analysis.remembered import BLOCK
from tagger.core.domain import (
    Action,
    AnalysisKey,
    FileIdentity,
    GenreEdit,
    Prediction,
    Track,
    TrackTags,
)
from tagger.errors import CorruptAudioError, WorkerCrashedError
from tagger.inference import read_manifest
from tagger.pipeline import build
from tagger.pipeline.operations import unwritable
from tagger.pipeline.pipeline import Pipeline
from tagger.store import Correction

SETTINGS = config.Settings()
COUNT = 2 * BLOCK + 7
GENRES = bundles.GENRES


class DyingWorkers:
    count = 1

    def submit(self, *_):
        return Future()

    def result(self, _, path):
        raise WorkerCrashedError("died", path, "give it memory")


@pytest.fixture
def manifest(tmp_path):
    return read_manifest(bundles.make_bundle(tmp_path / "bundle"))


def library(store, root, manifest):
    """Record files of few artists, albums and folders, with every kind of history."""
    rng = random.Random(4)
    tracks = []
    for number in range(COUNT):
        folder = root / rng.choice(["Metal", "a", "a/b"])
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{number}.mp3"
        path.write_bytes(b"x" * (number + 1))
        path.chmod(rng.choice([0o644, 0o644, 0o444]))
        identity = FileIdentity.of(path.stat())
        made = TrackTags(
            rng.choice([(), (), ("Metal",), ("Jazz", "Folk")]),
            artist=rng.choice(["", "Ann", "Bo", "Various Artists"]),
            album=rng.choice(["", "One", "Two"]),
            artist_id=rng.choice(["", "id-1", "id-2"]),
            spoken=rng.random() < 0.1,
        )
        key = AnalysisKey(f"{number:064x}", str(SETTINGS.listen.window))
        track = Track(path, root, identity, made, key)
        first = rng.random()
        rest = (1 - first) / (len(GENRES) - 1)
        shares = dict.fromkeys(GENRES, rest) | {rng.choice(GENRES): first}
        store.files.put(track)
        store.analyses.put_prediction(key, Prediction(shares, manifest.id))
        _history(store, track, rng.randrange(8))
        tracks.append(track)
    return tracks


def _history(store, track, kind):
    if kind == 0:
        store.corrections.put(Correction(track.path, track.content, ("Metal",), ("Jazz",)))
    elif kind == 1:
        error = CorruptAudioError("is damaged", track.path)
        store.failures.give_up(track.path, track.identity, error)
    elif kind == 2:
        error = WorkerCrashedError("died", track.path)
        store.failures.record_failure(track.path, track.identity, error)
    elif kind == 3 and track.tags.genres:
        run = store.runs.start("scan")
        store.journal.confirm(
            store.journal.intend(
                run, track.root, GenreEdit(track.path, (), track.tags.genres, "{}")
            )
        )


def test_tracks_of_several_blocks_get_the_decisions_that_each_gets_alone(store, manifest, tmp_path):
    tracks = library(store, tmp_path / "music", manifest)
    albums = msgspec.structs.replace(SETTINGS.albums, together=False)
    mode = msgspec.structs.replace(SETTINGS.tags, mode="replace")
    settings = msgspec.structs.replace(SETTINGS, albums=albums, tags=mode)
    analyzer = Analyzer(store, NoWorkers(), tmp_path / "bundle", manifest, settings.listen.window)
    pipeline = Pipeline(build.Basis(settings, manifest, store), analyzer, Report())
    alone = {track.path: next(pipeline.run([track])) for track in tracks}
    together = {one.path: one for one in pipeline.run(tracks)}
    assert together == alone
    assert {one.action for one in alone.values()} >= {
        Action.SET,
        Action.KEEP,
        Action.ABSTAIN,
        Action.SKIP,
        Action.ERROR,
    }


def test_a_failed_analysis_is_reported_with_the_next_step(store, manifest, tmp_path):
    (tmp_path / "song.mp3").write_bytes(b"x")
    identity = FileIdentity.of((tmp_path / "song.mp3").stat())
    track = Track(tmp_path / "song.mp3", tmp_path, identity, TrackTags())
    store.files.put(track)
    analyzer = Analyzer(
        store, DyingWorkers(), tmp_path / "bundle", manifest, SETTINGS.listen.window
    )
    pipeline = Pipeline(build.Basis(SETTINGS, manifest, store), analyzer, Report())
    (found,) = pipeline.run([track])
    assert (found.action, found.reason) == (Action.ERROR, "died (give it memory)")
    assert store.failures.get(track.path).reason == "died (give it memory)"


def test_many_tracks_have_the_evidence_that_each_has_alone(store, manifest, tmp_path):
    tracks = library(store, tmp_path / "music", manifest)
    evidence = build.Basis(SETTINGS, manifest, store).evidence
    evidence.prepare()
    together = evidence.of_all(tracks)
    assert together == {track: one for track in tracks if (one := evidence.of(track))}
    assert {one.source for one in together.values()} >= {"album", "artist", "folder"}


def test_files_that_are_checked_together_are_refused_as_each_is_alone(tmp_path):
    music, outside = tmp_path / "music", tmp_path / "outside"
    for folder in (music, outside):
        folder.mkdir()
        (folder / "song.mp3").write_bytes(b"x")
    (music / "read-only.mp3").write_bytes(b"x")
    (music / "read-only.mp3").chmod(0o444)
    (music / "twice.mp3").hardlink_to(music / "song.mp3")
    (music / "one.mp3").write_bytes(b"x")
    (music / "inside.mp3").symlink_to(music / "one.mp3")
    (music / "out.mp3").symlink_to(outside / "song.mp3")
    (music / "linked").symlink_to(outside)
    (music / "itself.mp3").symlink_to(music / "itself.mp3")
    (music / "folder.mp3").mkdir()
    names = [path.name for path in music.iterdir()]
    names += ["gone.mp3", "linked/song.mp3", "../outside/song.mp3", "one.mp3/x.mp3"]
    identity = FileIdentity(1, 1, 1, 1)
    tracks = [Track(music / name, music, identity, TrackTags()) for name in names]
    options = tags.WriteOptions()
    alone: dict = {}
    for track in tracks:
        alone |= unwritable([track], options)
    assert unwritable(tracks, options) == alone
    refused = {track.path.relative_to(music).as_posix() for track in alone}
    assert set(names) - refused == {"one.mp3", "inside.mp3", "gone.mp3"}
