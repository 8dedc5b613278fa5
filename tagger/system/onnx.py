"""Running ONNX networks: one thread each, on the processor, silent."""

from __future__ import annotations

from typing import Any


def start_session(network: bytes) -> Any:
    """Start onnxruntime on a serialised network; raises whatever onnxruntime raises."""
    import onnxruntime  # noqa: PLC0415  # half a second that `--help` need not pay

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
