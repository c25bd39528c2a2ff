"""The fuzzer: whatever bytes arrive, a graph or diagnostics come out, in bounded time and memory.

`make fuzz SECONDS=600` runs it; a failure is saved, with its seed and a smaller version, in build/fuzz.
"""
