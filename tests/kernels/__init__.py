"""Kernels against their contracts' references."""
