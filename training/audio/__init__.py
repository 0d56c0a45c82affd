"""Sound in TensorFlow: the log-mel of all networks, dice by name."""
