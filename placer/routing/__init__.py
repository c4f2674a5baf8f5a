"""Stream routing: which lanes between switches every stream takes, decided by negotiated congestion after the mapping has its places."""
