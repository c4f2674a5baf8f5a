"""What a person sees of a mapping."""
