"""The mapping problem as pure data: options, blocks, edges, and a solution of it."""
