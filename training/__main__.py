"""`python -m training COMMAND`."""

import sys

from training.cli import main

if __name__ == "__main__":  # and not in a process that another one starts
    sys.exit(main())
