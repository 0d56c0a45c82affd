"""Settings of Hypothesis for these tests."""

from hypothesis import settings

# The first example loads compiled kernels: its time says nothing.
settings.register_profile("rtaudio_dl", deadline=None)
settings.load_profile("rtaudio_dl")
