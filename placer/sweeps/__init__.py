"""Sweeps: many solves over a grid of settings, stored as they finish, and what is made of their results."""
