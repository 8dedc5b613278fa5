"""Model bundles: checked, installed and run."""

from __future__ import annotations

from tagger.inference.bundle import Model, load, read_manifest
from tagger.inference.manifest import Manifest

__all__ = ["Manifest", "Model", "load", "read_manifest"]
