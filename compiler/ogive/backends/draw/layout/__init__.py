"""Pictures to scenes by Graphviz, which runs in a process of its own."""
