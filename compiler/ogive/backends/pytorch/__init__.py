"""The parts of the PyTorch back end; `ogive.backends.torch_source` puts them together."""
