"""Imports of every worker, done once by the server that forks workers."""

from __future__ import annotations

import os

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

for variable in THREAD_VARIABLES:
    os.environ[variable] = "1"  # read by NumPy's import

from tagger.system import memory, onnx  # noqa: E402

with memory.lasting_imports():  # a collection in a worker would copy the pages of its server
    import tagger.analysis.tag_jobs
    import tagger.analysis.worker
    import tagger.audio.decode
    import tagger.features.specs
    import tagger.inference.bundle
    import tagger.tags.files
    import tagger.tags.write  # noqa: F401

    onnx.load_runtime()
