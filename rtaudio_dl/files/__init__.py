"""Files of sound and of everything else: found, read, written whole."""
