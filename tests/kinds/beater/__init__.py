"""A kind for tests: it makes no sound, but plays a key on every beat."""
