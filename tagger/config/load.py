"""Loading `Settings` from a TOML file; impossible keys and values are errors."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, Any, Final

import msgspec
import platformdirs
import tomli

from tagger.config import genres, players, playlists
from tagger.config.diagnostics import (
    Keys,
    choices,
    explain,
    line_of,
    nearest,
    secret_hint,
    unknown_keys,
)
from tagger.config.settings import Bundle, Settings
from tagger.config.values import Secret, expand, is_pattern
from tagger.core.domain import CONFIDENCE
from tagger.errors import ConfigError
from tagger.system.next_steps import next_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tagger.config.values import Refusal

ENVIRONMENT_VARIABLE = "TAGGER_CONFIG"
_RENAMED: Final = (("genres", "names", "map"),)
"""Older names of keys, which files may still contain: table, older name, name."""
_FIELD: Final = re.compile("GENRE|GROUPING|TAGGER_[A-Z0-9_]{1,40}")


def user_file() -> Path:
    """Return the path of the user's configuration on this platform; the file may be missing.

    Raises:
        ConfigError: the user has no home folder, below which every default is.
    """
    if os.path.expanduser("~") == "~":  # noqa: PTH111 - Path.home raises
        hint = "set the environment variable HOME to a folder"
        raise ConfigError("the home folder of the user is unknown", None, hint)
    return platformdirs.user_config_path("tagger") / "config.toml"


def find(path: Path | None = None) -> Path | None:
    """Return the file that `load` reads; None without a file, when the defaults apply.

    Raises:
        ConfigError: the file of `path` or of the environment variable does not exist, or the
            folder of a file may not be searched. Also raised as by `user_file`.
    """
    own = user_file()
    asked = path if path is not None else named_file()
    if asked is None:
        return own if _exists(own) else None
    if not _exists(asked):
        command = f"tagger config init --config {shlex.quote(str(asked))}"
        raise ConfigError("there is no such file", asked, f"create it with `{command}`")
    return asked


def named_file() -> Path | None:
    """Return the file that the environment names."""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    return expand(named) if named else None


def _exists(file: Path) -> bool:
    try:
        file.stat()  # Path.exists hides a folder that may not be searched, from Python 3.14 on
    except (FileNotFoundError, NotADirectoryError) as error:
        if file.is_symlink():  # without the settings behind it, a run would take the defaults
            hint = "correct the link, or remove it"
            raise ConfigError("is a link to a missing file", file, hint) from error
        return False
    except OSError as error:
        hint = "check the permissions of its folder, or name another file with --config"
        raise ConfigError(f"cannot be read: {error.strerror}", file, hint) from error
    return True


LARGEST = 1 << 20
"""Bytes of a configuration file."""


def load(path: Path | None = None) -> Settings:
    """Read the settings from `path`, else `$TAGGER_CONFIG`, else the user's file, else defaults.

    Raises:
        ConfigError: the file cannot be read or parsed, or a key or a value is impossible. The
            reason names the key and its line, and the hint names the most similar key.
    """
    file = find(path)
    return Settings() if file is None else _parse(_read(file), file)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except OSError as error:
        hint = next_step(error, "name another file with --config")
        raise ConfigError(f"cannot be read: {error.strerror}", file, hint) from error
    if len(raw) > LARGEST:
        raise ConfigError(f"is larger than {LARGEST >> 20} MiB", file, "name another file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"line {line}: not UTF-8", file, "save it as UTF-8") from error


def _parse(text: str, file: Path) -> Settings:
    def refusal(keys: Keys, reason: str, hint: str | None) -> ConfigError:
        line = line_of(keys, text)
        where = f"line {line}: " if line else ""
        return ConfigError(f"{where}{'.'.join(keys)}: {reason}", file, hint)

    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        reason = f"line {error.lineno}: not valid TOML: {error.msg}"
        raise ConfigError(reason, file) from error
    except RecursionError as error:
        raise ConfigError("arrays or tables are nested too deeply", file) from error
    for table, older, newer in _RENAMED:
        found = document.get(table)
        if isinstance(found, dict) and older in found and newer not in found:
            found[newer] = found.pop(older)
    for keys in unknown_keys(document):
        raise refusal(keys, "unknown key", secret_hint(keys, file) or nearest(keys))
    try:
        settings = msgspec.convert(document, Settings, dec_hook=_decoder(file.absolute()))
    except msgspec.ValidationError as error:
        keys, reason = explain(error)
        raise refusal(keys, reason, choices(keys)) from error
    for keys, reason, hint in _contradictions(settings):
        raise refusal(keys, reason, hint)
    return settings


def _decoder(file: Path) -> Callable[[type, Any], Any]:
    """Return msgspec's hook for secrets, bundles and paths relative to the file's folder."""
    base = file.parent

    def decode(kind: type, value: Any) -> Any:
        if kind is Secret:
            return _secret(value, file)
        if not isinstance(value, str) or not value:
            raise ValueError("Expected a path")
        if "\0" in value:
            raise ValueError("Contains a NUL character")
        if kind is Bundle and value in Bundle.WORDS:
            return Bundle(value)
        return kind(base / expand(value))

    return decode


def _secret(value: Any, file: Path) -> Secret:
    """Decode a secret of the configuration `file`: its text, or a table with a file name."""
    match value:
        case "":
            return Secret()
        case Secret.MASK:
            raise ValueError("Is the mask of `tagger config show`, not a secret")
        case str():
            return Secret(value, file)
        case {"file": str(name), **more} if name and "\0" not in name and not more:
            return Secret(file=file.parent / expand(name))
    raise ValueError('Expected text, or { file = "..." }')


def _contradictions(settings: Settings) -> Iterator[Refusal]:
    daemon = settings.daemon
    yield from playlists.contradictions(settings)
    if settings.tags.field == CONFIDENCE or not _FIELD.fullmatch(settings.tags.field):
        reason = f'"{settings.tags.field}" may belong to another program'
        hint = 'use "GENRE", "GROUPING", or a name such as "TAGGER_GENRE"'
        yield ("tags", "field"), reason, hint
    for pattern in settings.library.ignore:
        if not is_pattern(pattern):
            reason = f"{pattern!r} is no supported pattern of gitignore"
            yield ("library", "ignore"), reason, "correct the pattern, or remove it"
    for folder in set(daemon.poll) & set(daemon.inotify):
        yield (
            ("daemon", "inotify"),
            f"{folder} is also in daemon.poll",
            "remove it from one of the two keys",
        )
    yield from genres.contradictions(settings)
    yield from players.contradictions(settings.players)
