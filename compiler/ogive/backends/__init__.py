"""What a graph becomes: PyTorch text, a module that runs it, drawings."""
