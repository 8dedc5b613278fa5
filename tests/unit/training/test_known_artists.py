"""The artists list as the teacher of the owner's own model."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import media
import msgspec
import numpy as np
import pytest
from programs import Program

pytest.importorskip("sklearn", reason="training needs the extra `train`")
pytest.importorskip("onnx", reason="training needs the extra `train`")

from tagger.config import Bundle
from tagger.config import load as load_settings
from tagger.core.domain import AnalysisKey, Features
from tagger.errors import ModelError
from tagger.features.weights import Weights
from tagger.inference.in_use import resolve_bundle
from tagger.inference.manifest import encode, read_manifest
from tagger.inference.registry import ModelRegistry
from tagger.system.resources import data_path
from training import known_artists
from training.classifiers.softmax import AddedGenres
from training.data.store import TrainingStore
from training.data.vectors import artist_key, artist_keys, split_inputs
from training.errors import TrainingDataError
from training.labels.collect import library
from training.models import added_model, user_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tagger.config import Settings

METAL = (
    "Slayer Anthrax Megadeth Kreator Sodom Destruction Testament Exodus Overkill Sepultura"
    " Obituary Autopsy Immolation Gorguts Emperor Mayhem Darkthrone Burzum Enslaved Gorgoroth"
    " Candlemass Manowar Meshuggah Mastodon Gojira Opeth Katatonia Amorphis Nightwish Helloween"
).split()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Make a library of metal bands with one file that its owner labelled and two unlisted ones."""
    folder = tmp_path_factory.mktemp("home")
    program = Program(folder, "active")
    for artist in METAL:
        for number in range(5):
            (program.music / artist).mkdir(exist_ok=True)
            path = program.music / artist / f"{number}.wav"
            media.make(path, "wav", seconds=0.1, rate=8000, tags={"artist": artist})
    for number in range(2):
        media.make(program.music / f"{number}.mp3", "mp3", tags={"artist": "Nobody At All Here"})
    media.tag(program.music / "Slayer/0.wav", genre=["Jazz"])
    return program


@pytest.fixture(autouse=True)
def default_again(home: Program) -> Iterator[None]:
    """Make the default model active after each test of the one library."""
    yield
    ModelRegistry(home.state).activate("default")


def test_the_owner_s_genre_is_above_the_list_and_unlisted_artists_are_left_out(
    home: Program,
) -> None:
    settings = resolve_bundle(load_settings(home.config))
    with TrainingStore(home.state) as store:
        found = known_artists.labelled(settings, store, ("Jazz", "Metal", "Rock"))
    by_name = {str(one.track.path.relative_to(home.music)): one.accept for one in found}
    assert by_name["Slayer/0.wav"] == {"Jazz"}
    assert by_name["Slayer/1.wav"] == {"Metal"}
    assert len(by_name) == 5 * len(METAL)


def test_an_artist_is_one_group_beside_guests_and_in_a_sort_name(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    program = Program(folder, "active")
    spelled = ("Miles Davis", "Davis, Miles", "Miles Davis feat. Nobody", "Miles Davis Quintet")
    for number, artist in enumerate(spelled):
        tags = {"artist": artist, "genre": "Jazz"}
        media.make(program.music / f"{number}.mp3", "mp3", seconds=0.1, tags=tags)
    settings = resolve_bundle(load_settings(program.config))
    with TrainingStore(program.state) as store:
        found = known_artists.labelled(settings, store, ("Jazz",))
    assert len(found) == len(spelled)
    assert len({one.artist for one in found}) == 1


def read_bases(bundle: str) -> tuple[added_model.Base, added_model.Base]:
    """Return a default model's training data, and an eighth of it, for short fits."""
    whole = added_model.read_base(data_path(f"models/{bundle}"))
    return whole, replace(whole, vectors=whole.vectors.of(np.arange(len(whole.vectors)) % 8 == 0))


def remember_metal(settings: Settings, store: TrainingStore, base: added_model.Base) -> None:
    """Store features of metal for each file of the library."""
    metal = base.vectors.of(base.vectors.allowed[:, base.vectors.genres.index("Metal")])
    for number, track in enumerate(library(settings, store)):
        key = AnalysisKey(f"{number:064x}", str(settings.listen.window))
        rows = split_inputs(metal)
        store.files.set_content(track, key)
        features = [Features(spec, values[number % len(values)]) for spec, values in rows.items()]
        store.analyses.put_features(key, features)


def test_a_model_of_the_users_genres_is_not_replaced_by_one_without_them(home: Program) -> None:
    settings = load_settings(home.config)
    models = ModelRegistry(home.state)
    with models.staging() as own:
        shutil.copytree(data_path("models/default"), own, dirs_exist_ok=True)
        default = read_manifest(own)
        names = tuple("Zydeco" if name == "World" else name for name in default.genres)
        made = msgspec.structs.replace(default.training, command=user_model.COMMAND)
        changed = msgspec.structs.replace(
            default, id="own-1", genres=names, training=made, expected={}
        )
        (own / "manifest.json").write_bytes(encode(changed))
        models.activate(models.install(own))
    base, few = read_bases("default")
    with TrainingStore(home.state) as store:
        remember_metal(settings, store, base)
        learned = known_artists.learn(settings, store, few, "if-better")
    assert learned.comparison.lost == ("Zydeco",)
    assert (learned.promoted, models.active) == (False, "own-1")
    word = msgspec.structs.replace(settings.genres, map={"World": "Zydeco"})
    settings = msgspec.structs.replace(settings, genres=word)
    with TrainingStore(home.state) as store:
        assert known_artists.learn(settings, store, few, "never").comparison.lost == ()


@pytest.mark.parametrize(
    "bundle", ["default", pytest.param("default-efficientat", marks=pytest.mark.slow)]
)
def test_a_library_of_listed_artists_makes_a_model(
    home: Program, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(home.config)
    whole, part = read_bases(bundle)
    few = replace(part.vectors, artists=np.resize(artist_keys(METAL), len(part.vectors)))
    few.artists[len(METAL) :] = np.arange(len(few) - len(METAL))
    classifiers: list[AddedGenres] = []

    def fitted(*given: Any) -> AddedGenres:
        classifiers.append(AddedGenres(*given))
        return classifiers[-1]

    with TrainingStore(home.state) as store:
        remember_metal(settings, store, whole)
        monkeypatch.setattr(added_model, "AddedGenres", fitted)
        if bundle != "default":  # the features are made, the network is not there
            monkeypatch.setattr(Weights, "are_in", lambda *_: True)
        learned = known_artists.learn(settings, store, replace(whole, vectors=few), "always")
    held = artist_keys(name for name in METAL if artist_key(name) % known_artists.HELD_OUT == 0)
    measured, final = (classifier.base.artists for classifier in classifiers)
    assert len(held) > 0
    assert not np.isin(held, measured).any()
    assert np.isin(held, final).all()
    assert learned.promoted
    assert learned.tracks == learned.manifest.training.tracks == 5 * len(METAL)
    assert learned.artists == len(METAL)
    assert learned.comparison.new.share >= learned.comparison.current.share
    (active,) = [m for m in home.run("models", "list", "--json").objects if m["active"]]
    assert active["id"] == learned.manifest.id
    assert set(learned.manifest.inputs.values()) == whole.specs
    assert learned.manifest.music == whole.music


def test_a_second_training_meets_a_model_without_the_held_out_artists(home: Program) -> None:
    settings, models = load_settings(home.config), ModelRegistry(home.state)
    whole, few = read_bases("default")
    with TrainingStore(home.state) as store:
        remember_metal(settings, store, whole)
        first = known_artists.learn(settings, store, few, "always")
        beside = models.folder / first.manifest.id / user_model.MEASURED
        assert read_manifest(beside).genres == first.manifest.genres
        damaged = beside / "model.onnx"
        whole_bytes = damaged.read_bytes()
        damaged.write_bytes(b"")
        with pytest.raises(ModelError, match="measured"):
            known_artists.learn(settings, store, few, "if-better")
        damaged.write_bytes(whole_bytes)
        again = known_artists.learn(settings, store, few, "if-better")
    assert again.comparison.current == again.comparison.new
    assert again.reason.startswith("no better than the current model")
    assert not again.promoted


def test_the_configuration_has_priority_over_a_model_that_is_better(home: Program) -> None:
    settings = load_settings(home.config)
    chosen = msgspec.structs.replace(settings.model, bundle=Bundle("default"))
    whole, few = read_bases("default")
    with TrainingStore(home.state) as store:
        remember_metal(settings, store, whole)
        settings = msgspec.structs.replace(settings, model=chosen)
        learned = known_artists.learn(settings, store, few, "always")
    assert 'model.bundle = "default" in the configuration has priority' in learned.reason


def test_few_tracks_of_known_artists_are_too_little_training_data(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    program = Program(folder, "active")
    media.make(program.music / "a.mp3", "mp3", seconds=1, tags={"artist": "Slayer"})
    with (
        TrainingStore(program.state) as store,
        pytest.raises(TrainingDataError, match="too little training data"),
    ):
        known_artists.learn(
            load_settings(program.config),
            store,
            added_model.read_base(data_path("models/default")),
            "always",
        )


def test_no_promise_holds_for_tracks_or_albums_where_every_held_out_clip_is_wrong() -> None:
    base = added_model.read_base(data_path("models/default"))
    clips = base.vectors.of(np.flatnonzero(base.vectors.allowed.sum(axis=1) == 1)[:400])
    probabilities = np.full(clips.allowed.shape, 0.001)
    wrong = (clips.allowed.argmax(axis=1) + 3) % len(clips.genres)
    probabilities[np.arange(len(clips)), wrong] = 0.985
    promises = known_artists.promises_of(probabilities, clips, base)
    assert (promises.tracks.overall, promises.albums.overall) == ((), ())
