"""Settings as TOML text: the commented example, and the settings in force."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from tagger.config.values import Secret
from tagger.system.resources import data_path

if TYPE_CHECKING:
    from tagger.config.settings import Settings


def example_text() -> str:
    """Return the commented example configuration.

    Raises:
        TaggerError: the installation lacks it.
    """
    return data_path("config.example.toml").read_text(encoding="utf-8")


def to_toml(settings: Settings) -> str:
    """Write settings out in full; `load` reads the same settings back, but for what is secret."""
    tree = msgspec.to_builtins(settings, enc_hook=_plain)
    return "\n".join(
        f"[{table}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in content.items())
        for table, content in tree.items()
    )


def _plain(value: object) -> str | dict[str, str]:
    return value.shown() if isinstance(value, Secret) else str(value)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_text(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    """Quote a TOML basic string: JSON's rules, and DEL escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
