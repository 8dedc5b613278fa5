"""Imports of every worker, done once by the server that forks workers.

onnxruntime is left out: its import starts a thread, and a process with threads cannot be forked.
"""

from __future__ import annotations

import os

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

for variable in THREAD_VARIABLES:
    os.environ[variable] = "1"  # read by NumPy's import

import tagger.analysis.tag_jobs  # noqa: E402
import tagger.analysis.worker  # noqa: E402
import tagger.audio.decode  # noqa: E402
import tagger.features.specs  # noqa: E402
import tagger.inference.bundle  # noqa: E402, F401
