"""The libraries of the extra `train`, which a plain installation lacks."""

from __future__ import annotations

import importlib.util

from tagger.system.next_steps import install_step
from training.errors import TrainingDataError

LIBRARIES = tuple("anyascii jinja2 joblib onnx rapidfuzz scipy sklearn threadpoolctl".split())


def require_libraries() -> None:
    """Raise TrainingDataError, with the command to run, when a library is missing."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise TrainingDataError(
            f"training needs more libraries ({', '.join(missing)})",
            hint=install_step("tagger-by-ear[train]"),
        )
