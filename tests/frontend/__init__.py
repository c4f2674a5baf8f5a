"""Tests of placer.frontend."""
