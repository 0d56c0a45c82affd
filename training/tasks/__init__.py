"""The tasks, a folder each; `training.run.registry` names them."""
