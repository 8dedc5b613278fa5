"""From a TOML file to `Settings`; what cannot be meant is refused."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec
import platformdirs
import tomli

from tagger.config import players
from tagger.config.diagnostics import (
    Keys,
    about_secret,
    choices,
    explain,
    line_of,
    nearest,
    unknown_keys,
)
from tagger.config.settings import Bundle, Settings
from tagger.config.values import Secret, expand
from tagger.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ENVIRONMENT_VARIABLE = "TAGGER_CONFIG"


def user_file() -> Path:
    """Where the user's configuration is looked for on this platform."""
    return platformdirs.user_config_path("tagger") / "config.toml"


def find(path: Path | None = None) -> Path | None:
    """Return the file that `load` would read, None when the defaults hold.

    Raises:
        ConfigError: a file that was asked for, by `path` or by the environment, is not there.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    asked = path if path is not None else expand(named) if named else None
    if asked is None:
        return user_file() if user_file().exists() else None
    if not asked.exists():
        raise ConfigError("there is no such file", asked, "make one with `tagger config init`")
    return asked


def load(path: Path | None = None) -> Settings:
    """Read the settings from `path`, else `$TAGGER_CONFIG`, else the user's file, else defaults.

    Raises:
        ConfigError: the file cannot be read or parsed, or a key or a value is impossible; the
            reason names the key and its line, the hint the nearest right name.
    """
    file = find(path)
    return Settings() if file is None else _parse(_read(file), file)


def _read(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file) from error
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
    for keys in unknown_keys(document):
        raise refusal(keys, "unknown key", about_secret(keys, file) or nearest(keys))
    try:
        settings = msgspec.convert(document, Settings, dec_hook=_decoder(file.absolute()))
    except msgspec.ValidationError as error:
        keys, reason = explain(error)
        raise refusal(keys, reason, choices(keys)) from error
    for keys, reason, hint in _contradictions(settings):
        raise refusal(keys, reason, hint)
    return settings


def _decoder(file: Path) -> Callable[[type, Any], Any]:
    """Make msgspec's hook for our kinds of values; paths are relative to the file's folder."""
    base = file.parent

    def decode(kind: type, value: Any) -> Any:
        if kind is Secret:
            return _secret(value, file)
        if not isinstance(value, str) or not value:
            raise ValueError("Expected a path")
        if "\0" in value:
            raise ValueError("Holds a NUL character")
        if kind is Bundle and value in Bundle.WORDS:
            return Bundle(value)
        return kind(base / expand(value))

    return decode


def _secret(value: Any, file: Path) -> Secret:
    """Read what the configuration in `file` holds: the secret, or the name of a file with it."""
    match value:
        case "":
            return Secret()
        case Secret.MASK:
            raise ValueError("Is only what `tagger config show` shows instead of it")
        case str():
            return Secret(value, file)
        case {"file": str(name), **more} if name and "\0" not in name and not more:
            return Secret(file=file.parent / expand(name))
    raise ValueError('Expected text, or { file = "..." }')


def _contradictions(settings: Settings) -> Iterator[tuple[Keys, str, str]]:
    playlists, daemon = settings.playlists, settings.daemon
    if playlists.profile == "mpd" and playlists.suffix != ".m3u":
        reason = "MPD reads stored playlists from .m3u files only"
        yield ("playlists", "extension"), reason, 'use "auto" or "m3u"'
    if playlists.map and playlists.profile != "absolute":
        hint = 'set playlists.profile to "absolute"'
        yield ("playlists", "map"), "only absolute paths can be mapped", hint
    for folder in set(daemon.poll) & set(daemon.inotify):
        yield (
            ("daemon", "inotify"),
            f"{folder} is in daemon.poll, too",
            "leave it in one of the two",
        )
    yield from players.contradictions(settings.players)
