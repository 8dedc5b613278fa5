"""Networks that run in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys

RUN = """
from importlib.resources import files
from tagger.system.onnx import start_session
start_session(files("tagger").joinpath("features/musicnn.onnx").read_bytes())
"""


def test_a_network_that_starts_stores_no_device_id_for_telemetry(tmp_path):
    kept = {name: text for name, text in os.environ.items() if not name.startswith("XDG_")}
    kept.pop("ORT_DISABLE_TELEMETRY", None)
    environment = {**kept, "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", RUN], env=environment, check=True, timeout=60)
    assert list(tmp_path.rglob("*")) == []
