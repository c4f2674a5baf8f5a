"""One contract a kernel: arguments, memory, instructions, cycles and a numpy reference."""
