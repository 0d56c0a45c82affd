"""Sound files of any length, played beside the instruments."""
