"""Tests of placer.routing."""
