"""From a data set to a bundle, on made-up clips: three genres by artists of their own sound."""

from __future__ import annotations

import gc
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
from click.testing import CliRunner
from gtzan_like import ARTISTS, write_gtzan

pytest.importorskip("sklearn", reason="scikit-learn (extra `train`) is not installed")
pytest.importorskip("onnx", reason="onnx (extra `train`) is not installed")

from joblib.externals.loky import get_reusable_executor

from tagger.errors import ModelError
from tagger.inference.bundle import load
from tagger.inference.manifest import Pooling
from training.classifiers.svm_lda import Lda, Svm
from training.data.dataset import exclude_artists
from training.errors import TrainingDataError
from training.evaluation import metrics
from training.evaluation.cross_validation import FOLDS, Execution, artist_folds, cross_validate
from training.export import bundle
from training.models.ensemble import HeldOut, train
from training.models.recipe import Recipe
from training.progress import Silent
from training.research import build_default
from training.research.__main__ import main
from training.research.datasets import FOLEISS, read_gtzan

if TYPE_CHECKING:
    from training.models.ensemble import Ensemble
    from training.research.datasets import LevelDataset

ROOT = Path(__file__).resolve().parents[4]
SHARED = ROOT.parent / "shared" / "data"
RECIPE = Recipe(families=((Svm(C=1), Svm(C=5)), (Lda(components=20),)), repeats=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> LevelDataset:
    return read_gtzan(write_gtzan(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def ensemble(data: LevelDataset) -> Ensemble:
    return train(RECIPE, data, np.flatnonzero(data.known))


def test_gtzan_is_read_with_genres_and_artists(data):
    assert len(data) == 10 * ARTISTS * 2
    assert data.genres[4] == "Hip-Hop"
    assert not data.known[0]
    assert data.artists[0] == "unknown:blues.00"
    assert 0 not in data.members("foleiss_1", "train", "test")
    assert len(data.members("kereliuk", "train", "valid")) == 80


def test_missing_or_mixed_up_data_is_refused(tmp_path):
    with pytest.raises(TrainingDataError, match="--data"):
        read_gtzan(tmp_path)
    folder = write_gtzan(tmp_path / "mixed")
    lines = (folder / "gtzan_splits.csv").read_text().splitlines()
    (folder / "gtzan_splits.csv").write_text("\n".join([lines[0], *lines[:0:-1]]))
    with pytest.raises(TrainingDataError, match="does not list"):
        read_gtzan(folder)


def test_a_benchmark_without_data_is_refused_with_its_folder(tmp_path):
    with pytest.raises(TrainingDataError, match="none"):
        CliRunner().invoke(
            main, ["benchmark", "--data", str(tmp_path / "none")], catch_exceptions=False
        )


def test_no_artist_is_on_both_sides_of_a_fold(data):
    members = np.flatnonzero(data.known)
    held = []
    for fit, part in artist_folds(data, members, seed=3):
        assert not set(data.artists[fit]) & set(data.artists[part])
        held += part.tolist()
    assert sorted(held) == members.tolist()


class Stopping(Silent):
    """Progress that is interrupted after two fits."""

    def done(self, steps):
        if steps == 2:
            raise KeyboardInterrupt


def test_a_cross_validation_after_an_interrupt_reads_the_scores_of_finished_fits(data, tmp_path):
    recipe, members = Recipe(((Lda(components=5),),), repeats=1), np.flatnonzero(data.known)
    with pytest.raises(KeyboardInterrupt):
        cross_validate(recipe, data, members, Execution(cache=tmp_path, progress=Stopping()))
    finished = {path: path.stat().st_ino for path in tmp_path.iterdir()}
    assert 0 < len(finished) < FOLDS
    resumed = cross_validate(recipe, data, members, Execution(cache=tmp_path))
    assert {path: path.stat().st_ino for path in finished} == finished
    for name, scores in cross_validate(recipe, data, members).items():
        np.testing.assert_array_equal(resumed[name], scores)


def test_a_cross_validation_that_cannot_write_ends_with_the_error_alone(data, tmp_path, recwarn):
    recipe, members = Recipe(((Lda(components=5),),), repeats=1), np.flatnonzero(data.known)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        cross_validate(recipe, data, members, Execution(jobs=2, cache=tmp_path / "file"))
    gc.collect()
    assert [str(one.message) for one in recwarn if "tasks" in str(one.message)] == []


LONG_FITS = """
import sys, time
import numpy as np
from dataclasses import dataclass
from training.cluster import parallel_fits
from training.data.dataset import Dataset
from training.evaluation.cross_validation import Execution, cross_validate
from training.models.recipe import Recipe

@dataclass(frozen=True)
class Slow:
    spec: str = "s"
    name: str = "slow"
    def fit(self, inputs, labels, genres):
        print("fitting", flush=True)
        time.sleep(600)

clips = np.arange(40)
artists = clips.astype(str)
data = Dataset(artists, clips % 2, ("A", "B"), artists, {"s": np.zeros((40, 200_000))})
with parallel_fits(""):
    cross_validate(Recipe(((Slow(),),), repeats=1), data, clips, Execution(jobs=2))
"""


@pytest.mark.slow
def test_the_processes_of_the_fits_end_after_a_killed_training(tmp_path):
    (tmp_path / "long_fits.py").write_text(LONG_FITS)
    with subprocess.Popen([sys.executable, tmp_path / "long_fits.py"], stdout=PIPE) as training:
        assert training.stdout.readline() == b"fitting\n"
        workers = psutil.Process(training.pid).children(recursive=True)
        training.kill()
    assert len(workers) >= 2
    assert psutil.wait_procs(workers, timeout=60)[1] == []


def test_a_module_in_the_working_folder_is_not_imported_by_the_fits(data, tmp_path, monkeypatch):
    get_reusable_executor().shutdown(wait=True)  # of another test
    (tmp_path / "signal.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    recipe, members = Recipe(((Lda(components=5),),), repeats=1), np.flatnonzero(data.known)
    scores = cross_validate(recipe, data, members, Execution(jobs=2))
    get_reusable_executor().shutdown(wait=True)
    for name, alone in cross_validate(recipe, data, members).items():
        np.testing.assert_allclose(scores[name], alone)


@pytest.mark.slow
def test_the_published_splits_keep_artists_apart():
    if not (SHARED / "gtzan_splits.csv").is_file():
        pytest.skip(f"needs the data sets in {SHARED}")
    shared = read_gtzan(SHARED)
    for split in (*FOLEISS, "kereliuk"):
        test = shared.members(split, "test")
        fit = shared.members(split, "train", "valid")
        kept = exclude_artists(shared, fit, test)
        assert not set(shared.artists[kept]) & set(shared.artists[test])
        assert len(fit) - len(kept) == (2 if split == "kereliuk" else 0)


def test_held_out_predictions_learn_the_genres(data, ensemble):
    assert len(ensemble.candidates) == 2
    assert (ensemble.weights >= 0).all()
    assert metrics.track_predictions(data, ensemble.held_out).accuracy > 0.6


def built(data, folder):
    measures = build_default.Measures(("gtzan_kereliuk",))
    build_default.build_gtzan(RECIPE, data, folder, date(2026, 1, 2), measures)
    return folder


@pytest.fixture(scope="module")
def folder(data, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a bundle that was built once."""
    return built(data, tmp_path_factory.mktemp("bundle") / "one")


@pytest.mark.slow
def test_a_bundle_made_again_is_the_same_to_the_byte(data, folder, tmp_path):
    again = built(data, tmp_path / "two")
    names = {"model.onnx", "manifest.json", "MODEL_CARD.md"}
    assert {path.name for path in folder.iterdir()} == names
    for name in names:
        assert (folder / name).read_bytes() == (again / name).read_bytes()


def test_a_bundle_contains_its_figures_and_inputs(data, folder):
    manifest = load(folder).manifest
    assert manifest.genres == data.genres
    assert manifest.training.tracks == len(data) - 1
    assert manifest.inputs == {"statistics": "statistics-1", "musicnn": "musicnn-2"}
    figure = manifest.evaluation["gtzan_kereliuk"]
    assert figure.tracks == 40
    assert f"{figure.accuracy:.1%}" in (folder / "MODEL_CARD.md").read_text()


def test_a_model_with_other_names_of_genres_is_another_model(data, ensemble, tmp_path):
    def made(genres, day):
        named = replace(data, genres=genres)
        provenance = bundle.Provenance("own", date(2026, 1, day), "made", "tagger train")
        return bundle.publish(tmp_path / "bundle", ensemble, named, provenance, {}).id

    name = made(data.genres, 2)
    assert made(data.genres, 3) == name
    assert made((*data.genres[:-1], "Rocks"), 2) != name


def test_an_export_that_differs_from_the_fit_is_refused(data, ensemble, folder):
    few = Recipe(((Lda(components=5),),), repeats=1, guards=())
    other = train(few, data, np.flatnonzero(data.known))
    assert bundle.verify_bundle(folder, ensemble, data) < 1e-4
    with pytest.raises(ModelError, match="differs"):
        bundle.verify_bundle(folder, other, data)


def test_an_input_unlike_all_training_data_gets_no_genre(data, ensemble):
    clips = np.flatnonzero(data.known)
    inputs = data.inputs["statistics-1"][clips]
    distance = ensemble.guards[0]
    assert (distance.trust(distance.measure(inputs)) == 1).mean() > 0.95
    strange = inputs[:5] + 8 * (inputs[:5] - inputs.mean(axis=0))
    others = replace(data, levels=data.levels[clips[:5]])
    others.inputs["statistics-1"] = strange
    given = np.exp(ensemble.log_probabilities(others, np.arange(5)))
    assert given.max() < 0.2


def test_a_model_of_two_genres_is_trained(data):
    members = np.flatnonzero(data.labels < 2)
    labels = data.labels[members]
    inputs = data.inputs["statistics-1"][members]
    for candidate in (Svm(), Lda(components=10)):
        scores = candidate.fit(inputs, labels, 2).scores(inputs)
        assert scores.shape == (len(members), 2)
        assert (scores.argmax(axis=1) == labels).mean() > 0.9


def held_out(data, sharpness):
    """Held-out predictions as they would be of tracks that say the same a sharpness too loud."""
    random = np.random.default_rng(0)
    members = np.arange(len(data))
    scores = sharpness * (3 * np.eye(10)[data.labels] + random.normal(0, 2, (len(data), 10)))
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return HeldOut(members, logs)


def test_albums_are_one_artist_and_no_larger_than_eight(data):
    albums = list(metrics.stand_in_albums(data, np.tile(np.arange(len(data)), 2)))
    assert sorted(np.concatenate(albums).tolist()) == list(range(2 * len(data)))
    for album in albums:
        assert len(set(data.artists[album % len(data)])) == 1
        assert len(set(album % len(data))) == len(album)


def test_pooled_tracks_are_right_more_often_than_single_tracks(data):
    pooling = metrics.fit_pooling(data, held_out(data, 1.0))
    assert pooling.exponent > 0.2
    alone = metrics.track_predictions(data, held_out(data, 1.0))
    together = metrics.album_predictions(data, held_out(data, 1.0), pooling)
    assert together.accuracy > alone.accuracy
    overconfident = metrics.fit_pooling(data, held_out(data, 5.0))
    assert overconfident.exponent < pooling.exponent
    assert pooling == Pooling(pooling.exponent, 8)


def verdicts(clips=2000, artists=200):
    """Verdicts that are right exactly as often as they are sure."""
    random = np.random.default_rng(1)
    confidence = random.uniform(0.3, 1, clips)
    right = random.uniform(size=clips) < confidence
    artist = random.integers(artists, size=clips).astype(str)
    return metrics.Predictions(artist, np.zeros(clips, int), (~right).astype(int), confidence)


def test_every_promised_precision_is_kept_with_a_margin():
    judged = verdicts()
    points = metrics.operating_points(judged).overall
    assert [p.precision for p in points] == sorted(p.precision for p in points)
    assert [p.threshold for p in points] == sorted(p.threshold for p in points)
    for point in points:
        written = judged.surer_than(point.threshold)
        assert judged.right[written].mean() >= point.precision
        assert written.mean() == pytest.approx(point.coverage, abs=1e-3)
    # A clip at 0.8 is right in 0.8: above it 0.9 on average, so the cautious need more.
    assert 0.8 < next(p.threshold for p in points if p.precision == 0.9) < 0.9


def test_too_few_tracks_get_no_promised_precision():
    assert metrics.operating_points(verdicts(clips=29)).overall == ()
    assert metrics.operating_points(verdicts(clips=29)).threshold(0.9, "") is None


def test_calibration_and_intervals_agree_with_made_predictions():
    judged = verdicts()
    assert metrics.calibration_error(judged) < 0.05
    low, high = metrics.interval(judged)
    assert low < judged.accuracy < high
    assert high - low < 0.06
    assert metrics.interval(judged) == (low, high)
