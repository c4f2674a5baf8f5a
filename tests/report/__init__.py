"""Tests of placer.report."""
