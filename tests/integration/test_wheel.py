"""What the wheel carries, and that it works away from the checkout."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tagger

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    pytest.importorskip("hatchling", reason="building a wheel needs hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="module")
def unpacked(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    wheel.extractall(folder)
    return folder


def test_wheel_holds_each_module_but_none_of_research(
    wheel: zipfile.ZipFile,
) -> None:
    shipped = {name for name in wheel.namelist() if name.endswith(".py")}
    modules = {
        path.relative_to(ROOT).as_posix()
        for package in ("tagger", "training", "beetsplug")
        for path in (ROOT / package).rglob("*.py")
    }
    research = {name for name in modules if name.startswith("training/research/")}
    assert research
    assert shipped == modules - research


def test_wheel_holds_no_file_of_research_and_no_musicnn_npz(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert not [name for name in names if "research" in name or name.endswith("musicnn.npz")]
    assert "tagger/features/musicnn.onnx" in names


def test_wheel_holds_nothing_outside_its_packages_and_its_metadata(
    wheel: zipfile.ZipFile,
) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    own = f"tagger_by_ear-{tagger.__version__}"
    assert tops == {"tagger", "training", "beetsplug", f"{own}.dist-info", f"{own}.data"}


def test_wheel_metadata_has_the_distribution_name_and_the_version_of_the_package(
    wheel: zipfile.ZipFile,
) -> None:
    folder = f"tagger_by_ear-{tagger.__version__}.dist-info"
    metadata = message_from_bytes(wheel.read(f"{folder}/METADATA"))
    assert metadata["Name"] == "tagger-by-ear"
    assert metadata["Version"] == tagger.__version__
    assert b"tagger = tagger.__main__:main" in wheel.read(f"{folder}/entry_points.txt")


def test_shipped_modules_import_no_module_of_research(wheel: zipfile.ZipFile) -> None:
    wrong = [
        f"{name}: {module}"
        for name in wheel.namelist()
        if name.endswith(".py")
        for module in _imports(wheel.read(name))
        if module.startswith("training.research")
    ]
    assert wrong == []


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


def test_hints_name_the_distribution_and_not_the_stranger_on_the_index() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\n")
    suffixes = {".py", ".md", ".toml", ".service", ".yaml", ".yml"}
    stranger = "install 'tagger" + "["
    wrong = [
        name
        for name in tracked
        if Path(name).suffix in suffixes and stranger in (ROOT / name).read_text(encoding="utf-8")
    ]
    assert wrong == []


def _imports(source: bytes) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
