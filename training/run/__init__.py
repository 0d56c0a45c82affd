"""What all tasks share: the run, from a configuration to an exported model."""
