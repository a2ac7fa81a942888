"""From a run to a package that scores without PyTorch: networks as ONNX, parity, the folder."""
