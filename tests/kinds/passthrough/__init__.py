"""A kind that does nothing: its input bus, passed on. The least that a kind can be."""
