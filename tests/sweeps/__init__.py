"""Tests of placer.sweeps."""
