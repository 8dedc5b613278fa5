"""From samples to a model's inputs: log-mel, then named and versioned features."""

from __future__ import annotations

from tagger.features.mel import RATE, log_mel
from tagger.features.specs import SPECS, Spec, extract, spec

__all__ = ["RATE", "SPECS", "Spec", "extract", "log_mel", "spec"]
