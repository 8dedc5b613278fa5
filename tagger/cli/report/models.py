"""An installed model as a line, or as an object for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tagger.inference.registry import InstalledModel


def model_line(model: InstalledModel) -> str:
    if model.manifest is None:
        return f"cannot be used: {model.problem}"
    manifest = model.manifest
    figures = [f"{figure.accuracy:.0%} right ({name})" for name, figure in _figures(model)]
    made = f"{manifest.created.isoformat()}, {len(manifest.genres)} genres"
    return ", ".join([made, f"{manifest.training.tracks} tracks", *figures[:1]])


def _figures(model: InstalledModel) -> list[tuple[str, Any]]:
    return list(model.manifest.evaluation.items()) if model.manifest else []


def model_json(model: InstalledModel) -> dict[str, Any]:
    manifest = model.manifest
    return {
        "name": model.name,
        "active": model.active,
        "folder": str(model.folder),
        "id": manifest.id if manifest else None,
        "created": manifest.created.isoformat() if manifest else None,
        "genres": list(manifest.genres) if manifest else [],
        "tracks": manifest.training.tracks if manifest else None,
        "accuracy": {name: figure.accuracy for name, figure in _figures(model)},
        "problem": model.problem,
    }
