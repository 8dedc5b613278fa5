"""Small helpers to write a fitted pipeline down as ONNX operators."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPSET = 18
IR_VERSION = 10
"""Every candidate's graph has them; onnxruntime 1.20, the oldest allowed, reads both."""


@dataclass
class GraphBuilder:
    """Operators in the order of their calls; every value is named by a string."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, values: NDArray[np.floating] | float) -> str:
        """Add a float32 constant."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def integers(self, *values: int) -> str:
        """Add int64 constants, such as axes."""
        name = f"i{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def op(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add an operator and return the name of its output."""
        name = output or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def model(self, width: int, size: int, output: str = "scores") -> onnx.ModelProto:
        """Close the graph from `features` (batch, `width`) to `output` (batch, `size`)."""
        given = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", width])
        result = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", size])
        return self.named("candidate", given, result)

    def named(
        self, name: str, given: onnx.ValueInfoProto, result: onnx.ValueInfoProto
    ) -> onnx.ModelProto:
        """Close the graph as `name`, from its input `given` to its output `result`."""
        return model_of(helper.make_graph(self.nodes, name, [given], [result], self.constants))


def model_of(graph: onnx.GraphProto, **attributes: str) -> onnx.ModelProto:
    """Return the model of a graph; `attributes` are further attributes of the model."""
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, **attributes)
