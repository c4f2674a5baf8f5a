"""Why nothing maps, and what would."""
