"""Training a network: data, the Lightning task, what is kept of a run.

`run.train` does a whole run. Nothing here is imported by the commands that only read a program: this room
imports torch and Lightning.
"""
