"""From the tree to the graph: values, scopes, blocks, connectivity, and the shapes of everything."""
