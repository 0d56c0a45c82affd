"""Sounds: data sets as published, folders, notes; made ready, in batches by number."""
