"""A network of integer operations as layers of the array."""
