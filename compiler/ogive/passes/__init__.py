"""Passes: pure functions from graph to graph, one a file."""
