"""From a config to files: the stages, and the answer that they end in."""
