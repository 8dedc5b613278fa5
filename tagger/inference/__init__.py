"""Model bundles: checked, installed and run.

Reading a manifest imports neither numpy nor a runtime; `tagger.inference.bundle` runs a model.
"""

from __future__ import annotations

from tagger.inference.manifest import Manifest, read_manifest

__all__ = ["Manifest", "read_manifest"]
