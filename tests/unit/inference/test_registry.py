"""The user's models: every way from one active model to the next, and back to the default."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import bundles
import pytest

from tagger.config import Bundle, Settings, StoreSettings
from tagger.errors import ModelError
from tagger.features.weights import MN04, SOUNDS_SPEC
from tagger.inference import networks
from tagger.inference.in_use import resolve_bundle
from tagger.inference.registry import ModelRegistry
from tagger.system.resources import data_path

ACTIVE = Bundle("active")


@pytest.fixture
def models(tmp_path: Path) -> ModelRegistry:
    registry = ModelRegistry(tmp_path)
    for name in ("one-1", "two-2"):
        bundles.installed(registry, name)
    return registry


def decides(models):
    """Return the folder whose bundle a command would load."""
    settings = resolve_bundle(Settings(store=StoreSettings(folder=models.folder.parent)))
    return settings.model.bundle.folder.name


def test_a_rollback_to_the_default_model_leaves_a_model_that_every_command_can_load(models):
    models.activate("one-1")
    assert models.roll_back() == "default"
    assert models.active == decides(models) == "default"
    assert [model.name for model in models.all() if model.active] == ["default"]


def test_a_rollback_past_the_end_is_refused_and_changes_nothing(models):
    with pytest.raises(ModelError, match="no other model"):
        models.roll_back()
    models.activate("one-1")
    models.roll_back()
    with pytest.raises(ModelError, match="no other model"):
        models.roll_back()
    assert models.active == "default"


def test_rollbacks_follow_the_activations_backwards(models):
    for name in ("one-1", "two-2", "default", "one-1"):
        models.activate(name)
    assert [models.roll_back() for _ in range(4)] == ["default", "two-2", "one-1", "default"]


def test_a_rollback_skips_a_model_that_was_removed(models):
    models.activate("one-1")
    models.activate("two-2")
    models.remove("one-1", ACTIVE)
    assert models.roll_back() == "default"
    assert models.active == "default"


def test_a_rollback_never_ends_at_the_model_that_is_active(models):
    for name in ("one-1", "two-2", "one-1"):
        models.activate(name)
    models.remove("two-2", ACTIVE)
    assert models.lost() == []
    assert models.roll_back() == "default"


def test_the_model_of_the_configuration_cannot_be_removed(models, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(models.folder / "one-1")
    with pytest.raises(ModelError, match="of the configuration"):
        models.remove("one-1", Bundle(link))
    assert (models.folder / "one-1" / "manifest.json").is_file()


def test_the_same_model_trained_again_replaces_a_damaged_one(models):
    network = models.folder / "one-1" / "model.onnx"
    whole = network.read_bytes()
    network.write_bytes(whole[:20])
    assert bundles.installed(models, "one-1") == "one-1"
    assert network.read_bytes() == whole
    models.activate("one-1")
    left = [path.name for path in models.folder.iterdir() if path.name.startswith(".")]
    assert left == []


@pytest.mark.parametrize("damage", [shutil.rmtree, lambda inner: (inner / "model.onnx").unlink()])
def test_the_same_model_trained_again_replaces_a_model_with_a_damaged_bundle_in_it(models, damage):
    for _ in range(2):
        with models.staging() as folder:
            bundles.make_bundle(folder, name="three-3")
            bundles.make_bundle(folder / "inner", name="inner-1")
            assert models.install(folder) == "three-3"
        installed = models.folder / "three-3" / "inner"
        assert (installed / "model.onnx").is_file()
        damage(installed)


def test_the_network_of_the_active_model_is_not_removed(models, tmp_path):
    manifest = models.folder / "one-1" / "manifest.json"
    models.activate("one-1")
    found = json.loads(manifest.read_text())
    found["inputs"] = dict.fromkeys(found["inputs"], SOUNDS_SPEC)
    manifest.write_text(json.dumps(found))
    weights = networks.folder(tmp_path) / MN04.file
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    with pytest.raises(ModelError, match="needs the network"):
        models.remove_network(MN04)
    assert weights.exists()
    models.activate("default")
    assert models.remove_network(MN04)
    assert not weights.exists()


def test_a_model_without_its_network_is_listed_with_the_fault_and_cannot_become_active(program):
    models = ModelRegistry(program.state)
    models.activate(bundles.installed(models, "one-1"))
    for name in ("two-2", "three-3"):
        models.activate(bundles.installed(models, name))
        folder = models.folder / name
        shutil.rmtree(folder)
        shutil.copytree(data_path("models/default-efficientat"), folder)
    program.bundle = "active"
    program.configure()
    (status,) = program.run("status", "--json").objects
    assert "needs the network" in status["model_fault"]
    listed = program.run("models", "list").out
    assert listed.count("cannot be used: model") == listed.count("`tagger models fetch`") == 2
    assert program.run("models", "rollback").out.startswith("one-1 is active again")
    assert "needs the network" in program.run("models", "use", "two-2").err
    assert models.active == "one-1"


def test_an_unknown_model_that_is_removed_leaves_no_file_behind(models, tmp_path):
    before = sorted(models.folder.iterdir())
    for registry in (models, ModelRegistry(tmp_path / "new")):
        with pytest.raises(ModelError, match="no model has the name 'three-3'"):
            registry.remove("three-3", ACTIVE)
    assert sorted(models.folder.iterdir()) == before
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", [b"", b"\n", b"\n\n\n", b"\xff\xfe\x00", b"gone-9\n\n"])
def test_whatever_the_history_contains_the_default_model_can_be_activated(models, content):
    models.activate("one-1")
    (models.folder / "active").write_bytes(content)
    models.activate("default")
    assert models.active == decides(models) == "default"


@pytest.mark.parametrize(
    ("content", "lost"),
    [
        (b"gone-9\none-1\ngone-9\n", ["gone-9"]),
        (b"one-1\n../../tmp\n", ["../../tmp"]),
        (b"\xff\xfe\x00", ["active"]),
        (b"one-1\n", []),
        (b"", []),
    ],
)
def test_mending_drops_missing_models_and_leaves_a_model_that_every_command_can_load(
    models, content, lost
):
    (models.folder / "active").write_bytes(content)
    assert models.lost() == lost
    assert (models.folder / "active").read_bytes() == content
    models.mend()
    assert models.lost() == []
    assert decides(models) == ("one-1" if b"one-1" in content else "default")


def fail(*_):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_list_of_activations_that_cannot_be_read_lets_no_other_model_decide(models, monkeypatch):
    models.activate("one-1")
    read_text = Path.read_text

    def failing(path, *args, **options):
        if path.name == "active":
            fail()
        return read_text(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", failing)
        for use in (decides, lambda models: models.activate("two-2"), ModelRegistry.mend):
            with pytest.raises(ModelError, match="active: cannot be read"):
                use(models)
    assert decides(models) == "one-1"


def test_a_removal_leaves_no_folder_of_this_or_a_killed_removal(models, monkeypatch):
    (models.folder / ".removed-killed" / "old-9").mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail)
        with pytest.raises(ModelError, match="cannot write models"):
            models.remove("one-1", ACTIVE)
    assert sorted(path.name for path in models.folder.iterdir()) == ["one-1", "two-2"]


def test_a_blank_history_means_the_default_model(models):
    (models.folder / "active").write_bytes(b"\n")
    assert models.active == decides(models) == "default"


def test_the_default_model_can_be_activated_when_the_active_one_is_deleted_by_hand(models):
    models.activate("one-1")
    shutil.rmtree(models.folder / "one-1")
    assert models.roll_back() == "default"
    assert decides(models) == "default"
