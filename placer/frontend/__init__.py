"""Readers, one a dialect, from ONNX onto one Network."""
