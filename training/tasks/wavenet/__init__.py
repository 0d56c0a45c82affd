"""NSynth's WaveNet autoencoder as published, for those with GPUs."""
