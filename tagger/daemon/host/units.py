"""The systemd units of tagger, with the user's own paths."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from tagger.errors import DaemonError
from tagger.system import atomic
from tagger.system.next_steps import next_step
from tagger.system.resources import data_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tagger.config import Settings

NAME = "tagger.service"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit file, its path, and the systemctl command for it."""

    path: Path
    text: str
    systemctl: str


def user_unit(config: Path | None) -> Unit:
    """Return the unit that runs for this user; `config` None means the user's own file."""
    text = _filled("systemd/user/tagger.service", {"ExecStart": _command(config)})
    path = platformdirs.user_config_path("systemd") / "user" / NAME
    return Unit(path, text, "systemctl --user")


def system_unit(settings: Settings, config: Path | None, user: str) -> Unit:
    """Return the sandboxed unit for the whole machine, with only the library writable.

    Args:
        settings: The writable folders; the unit shares the state folder with the command line.
        config: The configuration file, None for the user's own.
        user: The user of the service.

    """
    writable = [*settings.library.roots, *settings.playlist_folders, settings.store.folder]
    filled = {
        "ExecStart": _command(config),
        "User": user,
        "Group": "",
        "StateDirectory": "",
        "StateDirectoryMode": "",
        "Environment": "",
        "ReadWritePaths": " ".join(map(quoted, _outermost(writable))),
    }
    text = _filled("systemd/tagger.service", filled)
    return Unit(Path("/etc/systemd/system") / NAME, text, "sudo systemctl")


def install(unit: Unit) -> None:
    """Write the unit file.

    Raises `DaemonError` when the file system refuses.
    """
    try:
        unit.path.parent.mkdir(parents=True, exist_ok=True)
        target = unit.path.resolve()  # a link into a folder of dotfiles stays one
        atomic.replace_file(target, unit.text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        hint = next_step(error, "`tagger service show` prints the unit")
        raise DaemonError(f"cannot be written: {error.strerror}", unit.path, hint) from error


def uninstall(unit: Unit) -> bool:
    """Remove the unit file; False when there was no file.

    Raises `DaemonError` when the file system refuses.
    """
    try:
        unit.path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        hint = next_step(error, "remove it by hand")
        raise DaemonError(f"cannot be removed: {error.strerror}", unit.path, hint) from error
    return True


def quoted(value: object) -> str:
    """Quote a word by the rules of `man 7 systemd.syntax`, with specifiers escaped."""
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return '"' + "".join(f"\\x{ord(c):02x}" if c < " " or c == "\x7f" else c for c in text) + '"'


def _command(config: Path | None) -> str:
    program = Path(sys.executable).with_name("tagger")
    found = str(program) if program.exists() else shutil.which("tagger")
    words = [found] if found else [sys.executable, "-m", "tagger"]
    if config:
        words += ["--config", str(Path(os.path.abspath(config)))]  # noqa: PTH100 - links stay
    return " ".join(quoted(word).replace("$", "$$") for word in [*words, "watch"])


def _filled(name: str, values: dict[str, str]) -> str:
    """Return the shipped unit with other values; a key with an empty value is left out."""
    lines = []
    for line in data_path(name).read_text("utf-8").splitlines():
        key, equals, _ = line.partition("=")
        if not equals or key not in values:
            lines.append(line)
        elif values[key]:
            lines.append(f"{key}={values[key]}")
    return "".join(f"{line}\n" for line in lines)


def _outermost(folders: Iterable[Path]) -> list[Path]:
    """Return the folders that lie in none of the others."""
    chosen = dict.fromkeys(folders)
    return [f for f in chosen if not any(f != g and f.is_relative_to(g) for g in chosen)]
