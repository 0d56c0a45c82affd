"""Models that make a note hop by hop while it sounds."""
