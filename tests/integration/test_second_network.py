"""A library with and without the second network: which model decides, and the reasons."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import media
import numpy as np
import pytest

from tagger.features.weights import MN04
from tagger.inference import networks
from tagger.system.resources import data_path

if TYPE_CHECKING:
    from programs import Program

REAL = Path(__file__).resolve().parents[3] / "shared" / "networks" / MN04.file
pytestmark = pytest.mark.skipif(not REAL.is_file(), reason="the published file is not here")


@pytest.fixture
def default(program: Program) -> Program:
    """Give the program its default models."""
    program.bundle = "active"
    program.configure()
    hiss = np.random.default_rng(5).normal(0, 0.1, 44_100 * 8).astype(np.float32)
    media.make(program.music / "hiss.wav", "wav", signal=hiss)
    return program


def test_an_unsure_file_is_decided_again_when_the_network_arrives(default: Program) -> None:
    first = default.scan()
    assert first.files["hiss.wav"]["decision"] == "abstain"
    assert "without the network EfficientAT mn04" in first.err
    default.run("models", "fetch", "--from", REAL)
    second = default.scan()
    found = second.files["hiss.wav"]
    assert found["decision"] == "abstain"
    assert "sound" in found["reason"]
    assert "like" in found["reason"]
    assert "without the network" not in second.err
    assert default.scan().files["hiss.wav"]["reason"] == found["reason"]  # remembered
    model = json.loads((data_path("models/default-efficientat") / "manifest.json").read_text())
    assert default.run("status", "--json").objects[0]["model"] == model["id"]


def test_a_model_of_the_user_without_its_network_says_how_to_get_it(default: Program) -> None:
    own = default.state / "models" / "own-1"
    shutil.copytree(data_path("models/default-efficientat"), own)
    networks.install(MN04, REAL.read_bytes(), default.state)
    assert default.run("models", "use", "own-1").code == 0
    networks.remove(MN04, default.state)
    for command in (("scan",), ("classify", default.music / "hiss.wav")):
        result = default.run(*command)
        assert result.code == 2
        assert "needs the network EfficientAT mn04" in result.err
        assert "tagger models fetch" in result.err
    doctor = default.run("doctor").out
    assert "needs the network" in doctor
    assert "-> get it with `tagger models fetch`" in doctor
    assert default.run("status").code == 3  # no daemon runs
