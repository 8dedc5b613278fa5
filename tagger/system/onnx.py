"""Running ONNX networks on one thread of the processor, without log output."""

from __future__ import annotations

from typing import Any


def start_session(network: bytes) -> Any:
    """Start onnxruntime on a serialised network; raises the exceptions of onnxruntime."""
    import onnxruntime  # noqa: PLC0415  # takes half a second

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
