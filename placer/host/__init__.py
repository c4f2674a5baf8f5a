"""Building and running a project on this computer, and comparing it with other evaluators."""
