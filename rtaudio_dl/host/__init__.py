"""The host: an engine with its instruments, offline or with devices."""
