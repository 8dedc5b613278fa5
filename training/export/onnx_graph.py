"""Small helpers to write a fitted pipeline down as ONNX operators."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    def splice(self, name: str, part: onnx.ModelProto, inputs: Sequence[str]) -> None:
        """Add the graph of another model, with inputs of this graph side by side as `features`.

        Args:
            name: Comes before each name of the other graph, with a slash.
            part: The other model.
            inputs: The names of the inputs.

        """
        graph, features = compose.add_prefix(part, f"{name}/").graph, f"{name}/features"
        if len(inputs) > 1:
            self.op("Concat", *inputs, output=features, axis=1)
        else:
            _rename(graph, features, inputs[0])
        self.constants += graph.initializer
        self.nodes += graph.node

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


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name == old:
                node.input[place] = new
