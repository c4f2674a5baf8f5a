"""C++ kernels and the host that runs them, shipped as package data."""
