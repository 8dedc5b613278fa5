"""The steps of the Containerfile, without a container engine: as another user, root read-only."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import bundles
import media
import pytest
import yaml
from daemons import until
from programs import ROOT
from users import needs_root, shared_folder

from tagger import tags

STEPS = [
    line.split(None, 1)
    for line in re.sub(r"\\\n\s*", "", (ROOT / "Containerfile").read_text()).splitlines()
    if line and not line.startswith("#")
]
USER, GROUP = 4321, 4322
"""A user and a group without an entry in the tables of the system, as `user:` names them."""

shared = pytest.fixture(shared_folder)


def steps(word: str) -> list[str]:
    return [rest for name, rest in STEPS if name == word]


def test_the_build_context_has_what_the_steps_copy_and_nothing_else():
    copied = {
        source
        for step in steps("COPY")
        if not step.startswith("--from")
        for source in shlex.split(step)[:-1]
    }
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert all((ROOT / source).exists() for source in copied)


def test_the_compose_file_mounts_what_the_image_names_under_a_read_only_root():
    found = yaml.safe_load((ROOT / "compose.example.yaml").read_text())
    tagger, navidrome = found["services"]["tagger"], found["services"]["navidrome"]
    assert (tagger["read_only"], tagger["tmpfs"]) == (True, ["/tmp"])  # noqa: S108 - of the container
    assert ROOT / tagger["build"]["dockerfile"] == ROOT / "Containerfile"
    places = dict(volume.rsplit(":", 1) for volume in tagger["volumes"])
    assert places == {"${MUSIC:-/srv/music}": "/music", "tagger-state": "/state"}
    assert steps("VOLUME") == ["/state"]
    assert navidrome["volumes"][0] == "${MUSIC:-/srv/music}:/music:ro"
    assert set(found["volumes"]) == {"tagger-state", "navidrome-data"}


@needs_root
@pytest.mark.slow
def test_the_steps_make_a_daemon_that_any_user_runs_on_a_read_only_root(shared, bundle, tmp_path):
    """Run each step below a folder, whose path takes the place of `/`."""
    for name in ("source", "opt"):
        (shared / name).mkdir()
    copied_sources(shared / "source")
    build, make = steps("RUN")
    environment, install = build.split(" && ")
    run(below(shared, environment), cwd=shared / "source")
    borrow_libraries(shared)
    run(below(shared, install), cwd=shared / "source", PIP_NO_BUILD_ISOLATION="0")
    run(below(shared, make))
    shutil.rmtree(shared / "source")
    media.make(shared / "music/a.mp3", "mp3", signal=bundles.low())
    own = (shared / "config/config.toml").read_text().replace('"/', f'"{shared}/')
    mounted = tmp_path / "config.toml"
    mounted.write_text(f'{own}[model]\nbundle = "{shared}/model"\n[daemon]\nsettle = 0.1\n')
    shutil.copytree(bundle, shared / "model")
    hand_over(shared / "music")
    run(f"chmod -R a+rX {shared / 'model'} {mounted}")
    environment = os.environ | image_environment(shared)
    entry, command, check = (
        json.loads(steps(w)[0].rpartition("CMD ")[2]) for w in ("ENTRYPOINT", "CMD", "HEALTHCHECK")
    )
    container = in_container(shared, mounted, tmp_path / "kept")
    with subprocess.Popen([*container, *entry, *command], env=environment, cwd="/") as daemon:

        def inside(*words: str) -> subprocess.CompletedProcess[str]:
            entered = ["nsenter", f"--target={daemon.pid}", "--mount", *AS_USER, *words]
            return subprocess.run(
                entered, env=environment, cwd="/", check=False, capture_output=True, text=True
            )

        until(lambda: inside(*check).returncode == 0)
        until(lambda: tags.read(shared / "music/a.mp3").genres == ("Classical",))
        until((shared / "music/Playlists/Genres/Classical.m3u8").exists)
        for folder in ("opt", "config", "."):
            assert "Read-only" in inside("touch", str(shared / folder / "new")).stderr
        assert "no training data" in inside(*entry, "train", "--dry-run").stderr
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(20) == 0
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in (shared / "state").iterdir()}
    assert owners == {(USER, GROUP)}
    stopped = subprocess.run([*container, *check], env=environment, cwd="/", check=False)
    assert stopped.returncode == 3


AS_USER = [
    *("setpriv", f"--reuid={USER}", f"--regid={GROUP}", "--clear-groups"),
    *("--bounding-set=-all", "--no-new-privs", "--"),
]
"""The start of a command under `user:`, `cap_drop` and `security_opt` of the compose file."""
MOUNTS = """
image=$1 config=$2 kept=$3 folders=$4 closed=$5; shift 5; IFS=:
for one in $folders; do mkdir -p "$kept$one"; mount --bind "$one" "$kept$one"; done
for one in $closed; do mount -t tmpfs -o mode=755 tmpfs "$one"; done
for one in $folders; do mkdir -p "$one"; mount --bind "$kept$one" "$one"; done
mount --bind "$image" "$image"; mount -o remount,bind,ro "$image"
for one in "$image/music" "$image/state"; do
    mount --bind "$one" "$one"; mount -o remount,bind,rw "$one"
done
mount --bind "$config" "$image/config/config.toml"
mount -o remount,bind,ro "$image/config/config.toml"
exec "$@"
"""
"""Mounts the folder of the image read-only but for its volumes, and the configuration. Folders of
Python that only root can reach are mounted where they are, below new parents."""


def in_container(image: Path, config: Path, kept: Path) -> list[str]:
    """Return the start of a command in the container.

    Args:
        image: The folder of the image.
        config: The mounted configuration.
        kept: A new folder for the mounts.

    """
    python = [Path(sys.base_prefix), *map(Path, site_packages())]
    closed = {
        folder: next((p for p in reversed(folder.parents) if not p.stat().st_mode & 0o001), None)
        for folder in python
    }
    folders = [folder for folder, parent in closed.items() if parent]
    parents = {parent for parent in closed.values() if parent}
    lists = [":".join(map(str, paths)) for paths in (folders, parents)]
    mounted = [str(image), str(config), str(kept), *lists]
    return ["unshare", "--mount", "sh", "-ec", MOUNTS, "sh", *mounted, *AS_USER]


def run(step: str, cwd: Path | None = None, **environment: str) -> None:
    subprocess.run(["sh", "-ec", step], check=True, cwd=cwd, env=os.environ | environment)


def copied_sources(target: Path) -> None:
    """Copy what the COPY steps name, without what .dockerignore leaves out."""
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if "/" in line]

    def leave_out(folder: str, names: list[str]) -> set[str]:
        inside = Path(folder).relative_to(ROOT)
        return {
            name
            for name in names
            if any(
                fnmatch.fnmatch(f"/{inside / name}", f"*/{line.removeprefix('**/')}")
                for line in ignored
            )
        }

    for step in steps("COPY"):
        *sources, place = shlex.split(step)
        for source in [] if step.startswith("--from") else sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, target / place, ignore=leave_out)
            else:
                shutil.copy(ROOT / source, target / place)


def below(root: Path, step: str) -> str:
    """Return a step with its paths below a folder."""
    step = re.sub(r"(^|[ >])/(?=\w)", rf"\1{root}/", step)
    return step.replace("python -m venv", f"{shlex.quote(sys.executable)} -m venv")


def borrow_libraries(root: Path) -> None:
    """Let the new environment find the libraries of the environment of the tests."""
    [folder] = (root / "opt/tagger/lib").glob("python*/site-packages")
    (folder / "libraries.pth").write_text("".join(f"{path}\n" for path in site_packages()))


def site_packages() -> list[str]:
    return [path for path in sys.path if path.endswith("site-packages")]


def hand_over(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USER, GROUP)


def image_environment(root: Path) -> dict[str, str]:
    [step] = steps("ENV")
    found = dict(word.split("=", 1) for word in shlex.split(step))
    return {
        key: value.replace("$PATH", os.environ["PATH"]).replace("/", f"{root}/", 1)
        for key, value in found.items()
        if value.startswith("/")
    } | {"PYTHONDONTWRITEBYTECODE": found["PYTHONDONTWRITEBYTECODE"]}
