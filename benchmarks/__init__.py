"""Benchmarks of tagger; `python -m benchmarks` runs all of them."""

import tagger.analysis.preload  # noqa: F401 - one thread for BLAS, set before NumPy's import
