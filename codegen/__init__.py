"""The emitter: a Mapping in, the text of an ADF project out."""
