"""What pictures and tables show of sound, and the pictures themselves."""
