"""Fitted models as bundles: the ONNX graph, the manifest, the model card."""
