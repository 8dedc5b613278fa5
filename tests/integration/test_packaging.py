"""What the wheel carries, and that it works away from the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="building a wheel needs hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_carries_the_default_bundle_and_the_example_configuration(unpacked):
    data = unpacked / "tagger/data"
    for name in ("models/default/model.onnx", "models/default/manifest.json"):
        assert (data / name).read_bytes() == (ROOT / name).read_bytes()
    assert (data / "config.example.toml").read_bytes() == (
        ROOT / "config.example.toml"
    ).read_bytes()
    assert (unpacked / "tagger/py.typed").exists()


def test_the_unpacked_wheel_finds_its_own_data(unpacked, tmp_path):
    script = (
        f"import sys; sys.path.insert(0, {str(unpacked)!r})\n"
        "from tagger.config import example_text\n"
        "from tagger.inference.bundle import load\n"
        "from tagger.system.resources import data_path\n"
        "model = load(data_path('models/default'))\n"
        "genres = len(model.manifest.genres)\n"
        "print(data_path('models/default'), genres, len(example_text()) > 500)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    folder, genres, whole = done.stdout.split()
    assert folder == str(unpacked / "tagger/data/models/default")
    assert int(genres) >= 10
    assert whole == "True"


def test_the_wheel_carries_every_migration(unpacked):
    scripts = {path.relative_to(ROOT) for path in ROOT.glob("t*/**/migrations/*.sql")}
    assert len(scripts) >= 3
    assert {path.relative_to(unpacked) for path in unpacked.glob("**/*.sql")} == scripts
