"""The placement problem alone: blocks on a grid at the published objective."""
