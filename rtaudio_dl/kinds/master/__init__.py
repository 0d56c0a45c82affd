"""The master section: residue, DC blocker, gain, limiter, meters."""
