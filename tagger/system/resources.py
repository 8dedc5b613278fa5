"""The data files of the package: model bundles, units and the example configuration."""

from __future__ import annotations

from pathlib import Path

from tagger.errors import TaggerError

_PACKAGE = Path(__file__).resolve().parents[1]


def data_path(name: str) -> Path:
    """Return the file or folder called `name`, e.g. `models/default` or `config.example.toml`.

    A wheel contains them in `tagger/data`; a checkout has them beside the package.

    Raises:
        TaggerError: the installation lacks the file.
    """
    installed = _PACKAGE / "data" / name
    if installed.exists():
        return installed
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / name).exists():
        return checkout / name
    raise TaggerError(f"this installation lacks {name}", installed, "install tagger again")
