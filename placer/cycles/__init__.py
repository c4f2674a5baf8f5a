"""What a kernel issues, and the cycles it takes."""
