"""Layers: one small file a family. Nothing outside this room knows a layer by name."""
