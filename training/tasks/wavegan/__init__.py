"""A generator of short sounds: WaveGAN, and what we add to it."""
