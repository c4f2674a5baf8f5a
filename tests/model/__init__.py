"""Tests of placer.model."""
