"""Running ONNX networks on one thread of the processor, without log output and telemetry.

Newer builds of onnxruntime, such as 1.32, send telemetry to Microsoft and store a device id below
the home folder. A variable of the environment forbids that, if it is set before the import.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tagger.system import memory

if TYPE_CHECKING:
    from pathlib import Path

_EXTERNAL = "session.model_external_initializers_file_folder_path"


def load_runtime() -> Any:
    """Import onnxruntime, once in a process: it takes longer than the sound of most files.

    Without telemetry the import starts no thread, so a process that has it can be forked.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    with memory.lasting_imports():
        import onnxruntime  # noqa: PLC0415
    return onnxruntime


def start_session(network: bytes, weights: Path | None = None) -> Any:
    """Start onnxruntime on a serialised network; raises the exceptions of onnxruntime.

    `weights` is the folder of the files that the network names for its numbers.
    """
    onnxruntime = load_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    if weights is not None:
        options.add_session_config_entry(_EXTERNAL, str(weights))
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
