"""Code that may not be, for the tests that find it."""
