"""Sound as 16-bit numbers, as it is kept in memory and on the disk."""

INT16 = 32767.0  # full scale
