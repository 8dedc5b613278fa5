"""The user's genres beside those of the default model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import media
import numpy as np
import pytest
import signals
from programs import Program

pytest.importorskip("sklearn", reason="training needs the extra `train`")
pytest.importorskip("onnx", reason="training needs the extra `train`")

from tagger.config import load as load_settings
from tagger.core.families import families
from tagger.core.pooling import Pooling
from tagger.inference.bundle import load
from tagger.system.resources import data_path
from training.classifiers.softmax import AddedGenres, balance, fit_softmax
from training.data.dataset import Dataset
from training.data.store import TrainingStore
from training.data.vectors import SPEC, Vectors, artist_key, artist_keys
from training.evaluation.claims import (
    Scale,
    album_claims,
    album_indices,
    operating_points,
    track_claims,
)
from training.evaluation.cross_validation import Execution
from training.evaluation.report import page
from training.models import added_model
from training.models.ensemble import Ensemble, HeldOut
from training.models.own_genres import OtherMusic, other_music
from training.train import TrainingRun

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tagger.core.thresholds import OperatingPoints

GENRES = ("Jazz", "Metal", "Rock")


def clusters(each: int = 40, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Draw clips around one point for each genre."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), each)
    inputs = 4 * np.eye(3, 6)[labels] + random.standard_normal((3 * each, 6))
    return inputs.astype(np.float32), labels


def vectors(allowed: NDArray[np.bool_], inputs: NDArray[np.float32]) -> Vectors:
    count = len(inputs)
    artists = artist_keys(f"artist {n}" for n in range(count))
    return Vectors(GENRES, inputs, allowed, np.arange(count) % 5, artists)


def test_labels_that_are_sets_teach_their_genres() -> None:
    inputs, labels = clusters()
    allowed = np.eye(3, dtype=bool)[labels]
    allowed[labels == 1, 2] = np.arange(40) % 2 == 0  # half of the metal may be rock
    fitted = fit_softmax(inputs, allowed, balance(allowed, np.zeros(120)))
    assert (fitted.scores(inputs).argmax(axis=1) == labels).mean() > 0.95


def test_no_music_leaves_no_genre_likely() -> None:
    inputs, labels = clusters()
    noise = np.full((30, 6), -6, np.float32)
    allowed = np.concatenate([np.eye(3, dtype=bool)[labels], np.zeros((30, 3), bool)])
    every = np.concatenate([inputs, noise])
    fitted = fit_softmax(every, allowed, balance(allowed, np.zeros(len(every))))
    assert np.exp(fitted.scores(noise)).max() < 0.45
    np.testing.assert_allclose(np.exp(fitted.scores(every)).sum(axis=1), 1)


def test_vectors_come_back_from_their_file() -> None:
    inputs, labels = clusters()
    before = vectors(np.eye(3, dtype=bool)[labels], inputs)
    after = Vectors.decode(before.encode())
    assert after.genres == before.genres
    np.testing.assert_array_equal(after.allowed, before.allowed)
    np.testing.assert_array_equal(after.artists, before.artists)
    np.testing.assert_allclose(after.inputs, before.inputs, rtol=1e-3, atol=1e-3)


def test_an_artist_has_one_key_in_any_spelling() -> None:
    assert artist_key("Beyoncé") == artist_key("beyonce")
    assert artist_key("Beyoncé") != artist_key("Sade")


def test_a_genre_is_added_to_those_of_the_base() -> None:
    inputs, labels = clusters()
    base = vectors(np.eye(3, dtype=bool)[labels], inputs).without_genre("Metal")
    assert base.genres == ("Jazz", "Rock")
    own = inputs[labels == 1]
    fitted = AddedGenres(base, (0, 2)).fit(own, np.ones(len(own), np.intp), 3)
    fresh, wanted = clusters(seed=1)
    assert (fitted.scores(fresh).argmax(axis=1) == wanted).mean() > 0.95


def test_the_users_labels_override_the_base_for_an_artist() -> None:
    base = added_model.read_base(data_path("models/default"))
    key = artist_key("Dismember")
    assert key in base.vectors.artists
    data = Dataset(
        ids=np.array(["1"]),
        labels=np.array([0]),
        genres=("Hip Hop",),
        artists=np.array(["dismember"]),
        inputs={SPEC: base.vectors.inputs[:1]},
    )
    joined = added_model.with_default_genres(data, base)
    assert len(joined.genres) == 16
    assert joined.genres[joined.labels[0]] == "Hip Hop"
    method = added_model.BesideDefault(joined, base.without(["dismember"]), lambda _: ())
    ((classifier,),) = method.recipe.families
    assert isinstance(classifier, AddedGenres)
    assert key not in classifier.base.artists
    assert len(classifier.base) < len(base.vectors)


def test_the_default_bundle_carries_vectors_of_its_genres_and_of_no_music() -> None:
    base = added_model.read_base(data_path("models/default"))
    assert base.vectors.genres == load(data_path("models/default")).manifest.genres
    assert 2000 < base.vectors.music.sum() < len(base.vectors)


def test_thresholds_hold_with_a_margin_and_albums_need_a_majority() -> None:
    random = np.random.default_rng(0)
    scale = Scale(GENRES, families(GENRES))
    labels = random.integers(0, 3, 600)
    sources = random.integers(0, 30, 600)
    sure = random.uniform(0.34, 1, 600)
    called = np.where(random.uniform(0, 1, 600) < sure, labels, (labels + 1) % 3)
    probabilities = np.full((600, 3), 0.0) + ((1 - sure) / 2)[:, np.newaxis]
    probabilities[np.arange(600), called] = sure
    allowed = np.eye(3, dtype=bool)[labels]
    claims = track_claims(probabilities, allowed, sources, scale)
    points = operating_points(claims)
    threshold = points.threshold(0.9, "Jazz")
    assert threshold is not None
    assert claims.rightly(threshold).sum() / claims.written(threshold).sum() > 0.9
    artists = np.arange(600) // 3
    albums = album_indices(artists, np.zeros(600), np.ones(600, bool))
    assert {len(album) for album in albums} == {3}
    grouping = albums, Pooling(0.1, 8)
    pooled = album_claims(probabilities, allowed, sources, scale, grouping)
    own = probabilities.argmax(axis=1)
    for place, album in enumerate(albums):
        if len(set(own[album].tolist())) == 3:
            assert not pooled.confidence[3 * place : 3 * place + 3].any()


def test_rock_is_right_for_punk_and_punk_is_wrong_for_rock() -> None:
    genres = ("Jazz", "Punk", "Rock")
    scale = Scale(genres, families(genres))
    probabilities = np.array([[0.0, 0.1, 0.9], [0.0, 0.9, 0.1], [0.0, 0.5, 0.5]])
    punk, rock = [False, True, False], [False, False, True]
    claims = track_claims(probabilities, np.array([punk, rock, punk]), np.arange(3), scale)
    assert claims.rightly(0.8).tolist() == [True, False, True]


def test_the_claims_of_a_genre_have_its_clips_and_no_family() -> None:
    genres = ("Jazz", "Punk", "Rock")
    probabilities = np.array([[0.9, 0.0, 0.1], [0.0, 0.4, 0.6], [0.0, 0.9, 0.1]])
    allowed = np.eye(3, dtype=bool)[[0, 1, 2]]
    claims = track_claims(probabilities, allowed, np.arange(3), Scale(genres, families(genres)))
    assert claims.written(0.8).tolist() == [True, True, True]
    rock = claims.genres_of(probabilities.argmax(axis=1) == 2)
    assert (rock.written(0.8).any(), rock.written(0.5).tolist()) == (False, [0, 1, 0])
    punk = claims.genres_of(probabilities.argmax(axis=1) == 1)
    assert (punk.written(0.8).tolist(), punk.rightly(0.8).any()) == ([0, 0, 1], False)


def test_a_parent_and_the_family_of_a_label_are_right_and_no_part_of_it() -> None:
    base = added_model.read_base(data_path("models/default"))
    genres = tuple(sorted({*base.vectors.genres, "Newgrass"}))
    data = Dataset(np.array([]), np.array([], np.intp), genres, np.array([]), {})
    parents = {"Newgrass": ("Country",)}
    accepted = added_model.BesideDefault(data, base, lambda genre: parents.get(genre, ())).accepted
    right = {
        genre: {genres[place] for place in np.flatnonzero(row)}
        for genre, row in zip(genres, accepted, strict=True)
    }
    assert right["Newgrass"] == {"Newgrass", "Country"}
    assert right["Country"] == {"Country"}
    assert right["Punk"] == {"Punk", "Rock"}
    assert right["Rock"] == {"Rock"}


def answered(
    answers: Sequence[str], genres: Sequence[str], sure: float = 0.8
) -> NDArray[np.float64]:
    """Return probabilities with these answers, all equally sure."""
    count = len(answers)
    probabilities = np.full((count, len(genres)), (1 - sure) / (len(genres) - 1))
    probabilities[np.arange(count), [genres.index(answer) for answer in answers]] = sure
    return probabilities


def judged(
    genre: str, answers: Sequence[str], *parents: str, others: OtherMusic | None = None
) -> OperatingPoints:
    """Return the thresholds of a model that gives these answers to the user's tracks of a genre."""
    base = added_model.read_base(data_path("models/default"))
    genres = tuple(sorted({*base.vectors.genres, genre}))
    count = len(answers)
    probabilities = answered(answers, genres)
    data = Dataset(
        ids=np.arange(count).astype(str),
        labels=np.full(count, genres.index(genre)),
        genres=genres,
        artists=np.arange(count).astype(str),
        inputs={},
    )
    held_out = HeldOut(np.arange(count), np.log(probabilities))
    ensemble = Ensemble((), (), np.ones(1), (), held_out)
    return (
        added_model.BesideDefault(data, base, lambda _: parents, others).promises(ensemble).tracks
    )


def test_a_parent_or_the_family_of_the_users_genre_keeps_a_promise() -> None:
    default = added_model.read_base(data_path("models/default")).promises.tracks
    alternating = [["House", "Electronic"][n % 2] for n in range(60)]
    assert judged("House", alternating).threshold(0.9, "House") == default.threshold(0.9, "House")
    parent = [["Newgrass", "Country"][n % 2] for n in range(60)]
    assert judged("Newgrass", parent).threshold(0.9, "Newgrass") is None
    assert judged("Newgrass", parent, "Country").threshold(0.9, "Newgrass")


def test_a_promise_that_the_users_tracks_break_is_dropped() -> None:
    wrong = [["House", "Rock"][n % 4 == 0] for n in range(60)]
    points = judged("House", wrong)
    assert points.threshold(0.9, "House") is None
    assert judged("House", wrong[:20]).threshold(0.9, "House")  # too few to tell


def other_songs(genre: str, answer: str, right: str, sure: float, count: int = 40) -> OtherMusic:
    """Return songs of a default genre that all get one answer.

    Args:
        genre: The new genre.
        answer: The genre that the songs get.
        right: The genre that the songs have.
        sure: The confidence in the answer.
        count: The number of songs, each of a collection of its own.

    """
    default = added_model.read_base(data_path("models/default")).vectors.genres
    genres = tuple(sorted({*default, genre}))
    allowed = np.tile(np.array(genres) == right, (count, 1))
    return OtherMusic(answered([answer] * count, genres, sure), allowed, np.arange(count))


def test_a_new_genre_that_other_music_gets_needs_more_or_is_never_written() -> None:
    default = added_model.read_base(data_path("models/default")).promises.tracks
    found = ["House"] * 60

    def threshold(answer: str, right: str, sure: float = 0.8, genre: str = "House") -> float | None:
        others = other_songs("House", answer, right, sure)
        return judged("House", found, others=others).threshold(0.9, genre)

    usual = default.threshold(0.9, "House")
    assert usual is not None
    assert threshold("Rock", "Rock") == usual
    assert threshold("House", "Rock") is None
    assert threshold("House", "Rock", genre="Rock") == usual
    assert threshold("House", "Electronic") == usual  # may be House
    assert usual < (threshold("House", "Rock", 0.7) or 0) <= 0.8


def test_a_genre_of_few_found_tracks_is_not_written_where_other_music_was_asked() -> None:
    others = other_songs("House", "Rock", "Rock", 0.8)
    found = [["House", "Electronic"][n % 8 > 0] for n in range(60)]
    assert judged("House", found, others=others).threshold(0.9, "House") is None
    assert judged("House", found, others=others).threshold(0.9, "Electronic")


def test_a_song_is_scored_by_models_without_its_collection() -> None:
    inputs, labels = clusters()
    allowed = np.eye(3, dtype=bool)[labels]
    base = replace(vectors(allowed, inputs), sources=np.arange(120) % 8)
    lying = base.sources == 3
    base = replace(base, allowed=np.where(lying[:, np.newaxis], allowed[:, ::-1], allowed))
    data = Dataset(
        ids=np.arange(20).astype(str),
        labels=np.full(20, 3),
        genres=(*GENRES, "Waltz"),
        artists=np.arange(20).astype(str),
        inputs={SPEC: np.random.default_rng(1).normal(-4, 1, (20, 6)).astype(np.float32)},
    )
    others = other_music(data, AddedGenres(base, (0, 1, 2)), Execution())
    assert others.allowed.shape == others.probabilities.shape == (120, 4)
    assert (others.probabilities.argmax(axis=1) == labels).mean() > 0.95


def song(path: Path, seed: int, brightness: int) -> Path:
    """Write a made tune; its brightness tells the genre."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    samples = signals.melody(4.0, brightness) * np.float32(0.5)
    samples += random.normal(0, 0.002, len(samples)).astype(np.float32)
    tags = {"title": f"{seed}", "artist": f"artist {brightness} {seed}"}
    return media.make(path, "flac", signal=samples, rate=signals.RATE, tags=tags)


@pytest.mark.slow
def test_train_adds_a_genre_and_keeps_the_default_genres(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    program = Program(home, "active")
    for number in range(12):
        song(home / "sorted" / "Baroque" / f"{number}.flac", number, 12)
    program.configure(f'[training]\nfolders = ["{home / "sorted"}"]\nminimum = 10\n')
    whole = added_model.read_base(data_path("models/default"))
    few = whole.vectors.of(np.arange(len(whole.vectors)) % 36 == 0)
    settings = load_settings(program.config)
    with TrainingStore(program.state) as store:
        run = TrainingRun(settings, store, ["folders"], None, base=replace(whole, vectors=few))
        result = run.train(run.prepare(), "always")
    assert result.promoted
    assert len(result.manifest.genres) == 17
    assert {"Baroque", "Rock", "World"} <= set(result.manifest.genres)
    assert list(result.manifest.expected) == list(result.manifest.genres)
    assert sum(result.manifest.expected.values()) == pytest.approx(1, abs=1e-3)
    figures = result.manifest.evaluation["held_out"]
    text = page(result.subject)
    assert f"<b>{figures.accuracy:.1%}</b><span>right, of all tracks" in text
    assert "would be written; more is needed for Baroque." in text
    new = song(home / "new.flac", 99, 12)
    (heard,) = program.run("classify", "--json", new).objects
    assert (heard["genre"], heard["model"]) == ("Baroque", result.manifest.id)
    for number in range(20):
        brightness = [2, 30][number % 2]
        song(home / "other" / f"Band {brightness}" / f"{number}.flac", number, brightness)
    program.configure(f'[training]\nfolders = ["{home / "other"}"]\nminimum = 10\n')
    with TrainingStore(program.state) as store:
        run = TrainingRun(load_settings(program.config), store, ["folders"], None, base=None)
        result = run.train(run.prepare(), "if-better")
    assert result.comparison.lost == ("Baroque",)
    assert not result.promoted
