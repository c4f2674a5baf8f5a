"""The commands of the command line, one a file; they read arguments, call the library and print."""
