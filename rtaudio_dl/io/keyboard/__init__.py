"""The computer's keyboard as an instrument."""
