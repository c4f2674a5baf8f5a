"""Tests, laid out as the source is: one file a module; shared builders in small modules beside them."""
