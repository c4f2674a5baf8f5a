"""A mapping run by run: interval, latency, and where the cycles go."""
