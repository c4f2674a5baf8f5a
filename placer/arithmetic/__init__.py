"""Integer arithmetic that kernels and references share."""
