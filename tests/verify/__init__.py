"""Tests of placer.verify."""
