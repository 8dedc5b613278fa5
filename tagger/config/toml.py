"""Settings as TOML text: the commented example, and the settings in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import tomli_w

from tagger.config.values import Secret
from tagger.system.resources import data_path

if TYPE_CHECKING:
    from tagger.config.settings import Settings


def example_text() -> str:
    """Return the commented example configuration.

    Raises:
        TaggerError: the installation lacks the file.
    """
    return data_path("config.example.toml").read_text(encoding="utf-8")


def to_toml(settings: Settings) -> str:
    """Write settings out in full; `load` reads the same settings back, except secrets."""
    return tomli_w.dumps(msgspec.to_builtins(settings, enc_hook=_plain))


def _plain(value: object) -> str | dict[str, str]:
    return value.shown() if isinstance(value, Secret) else str(value)
