"""Tests of placer.solvers."""
