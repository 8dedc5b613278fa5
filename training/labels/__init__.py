"""Where labels come from: one module a source, behind the interface of `base`."""

from __future__ import annotations

from training.labels.base import Context, Entry, Gathered, Label, LabelSource, Weight

__all__ = ["Context", "Entry", "Gathered", "Label", "LabelSource", "Weight"]
