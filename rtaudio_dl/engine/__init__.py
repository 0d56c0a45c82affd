"""The engine: memory, events, voices, the block; native code on the audio thread."""
