"""Model bundles: checked, run, and pooled over albums."""

from __future__ import annotations

from tagger.core.pooling import pool
from tagger.inference.bundle import Model, load, read_manifest
from tagger.inference.manifest import Manifest, threshold

__all__ = ["Manifest", "Model", "load", "pool", "read_manifest", "threshold"]
