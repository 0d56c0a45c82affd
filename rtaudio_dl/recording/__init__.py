"""What was played, kept: as sound, or as events that give the same bytes again."""
