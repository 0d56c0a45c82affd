"""``python -m rtaudio_dl.cli``."""

import sys

from rtaudio_dl.cli import main

sys.exit(main())
